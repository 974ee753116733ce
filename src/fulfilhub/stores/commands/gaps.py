"""Numbers nobody has: noticed, asked of the store, and closed with its answer.

No platform promises numbers without gaps (an order may have been deleted, an import may have skipped some), so a gap is
never called a loss: only the store can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from fulfilhub.platform.settings import SweepSettings
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Missing, Named, Refused, Retry
from fulfilhub.stores.adapters.reading import UNKNOWN_TIME
from fulfilhub.stores.commands.waiting import note, prove, wake_reader
from fulfilhub.stores.queries import GapRow, SweepRow
from fulfilhub.stores.rules.completeness import FoundBy, GapState, after_try

ASK = "stores.ask_gaps"
Answer = Named | Missing | Refused | Retry
AT_ONCE = 20
"""Questions of one ticket."""

LARGEST_HOLE = 100
"""More numbers missing in a row are a jump of the numbering (an import, another prefix), not orders."""

NOTICED_AT_ONCE = 200
PREDECESSORS = timedelta(hours=2)
"""How far before a run the order may have been made that stands before the run's first."""

LOOK = text(
    r"""
    WITH numbered AS (
        SELECT p[1] AS prefix, p[2]::bigint AS number, length(p[2]) AS digits, p[3] AS suffix
        FROM orders AS o CROSS JOIN regexp_match(o.number, '^([^0-9]*)([1-9][0-9]{0,14})([^0-9]*)$') AS p
        WHERE o.merchant_id = :account AND o.store_id = :store AND o.created_at >= :since
          AND o.placed_at >= :placed_since
    ), holes AS (
        SELECT prefix, suffix, number, lag(number) OVER (PARTITION BY prefix, suffix ORDER BY number) AS before
        FROM numbered
    )
    INSERT INTO store_number_gaps (merchant_id, id, store_id, number, state, seen_at, ask_at)
    SELECT :account, gen_random_uuid(), :store, g.shown, 'open', :now, :ask_at
    FROM (SELECT h.prefix || n || h.suffix AS shown
          FROM holes AS h CROSS JOIN generate_series(h.before + 1, h.number - 1) AS n
          WHERE h.number - h.before BETWEEN 2 AND :largest + 1 ORDER BY h.prefix, h.suffix, n LIMIT :few) AS g
    WHERE NOT EXISTS (SELECT FROM orders AS o WHERE o.merchant_id = :account AND o.store_id = :store
                      AND o.number_normal = upper(ltrim(g.shown, '#')))
    ON CONFLICT (merchant_id, store_id, number) DO NOTHING
    """
)
# Its order came by itself before anybody asked.
CAME = text(
    """
    DELETE FROM store_number_gaps AS g USING orders AS o
    WHERE g.merchant_id = :account AND g.store_id = :store AND g.state = 'open' AND o.merchant_id = g.merchant_id
      AND o.store_id = g.store_id AND o.number_normal = upper(ltrim(g.number, '#'))
    """
)
ANSWER = text(
    """
    UPDATE store_number_gaps AS g
    SET state = a.state, external_id = a.external_id, reason = a.reason, attempts = g.attempts + 1,
        checked_at = CASE WHEN a.state <> 'open' THEN :now ELSE g.checked_at END,
        ask_at = cast(:now AS timestamptz) + a.wait
    FROM unnest(cast(:ids AS uuid[]), cast(:states AS text[]), cast(:external_ids AS text[]), cast(:reasons AS text[]),
                cast(:waits AS interval[])) AS a (id, state, external_id, reason, wait)
    WHERE g.merchant_id = :account AND g.id = a.id
    """
)


async def look(work: Work, sweep: SweepRow, figures: SweepSettings) -> None:
    """Notice numbers missing between those that came lately, and have the store asked about those that are still
    missing. Runs at the end of a sweep, under its lock."""
    given = {"account": work.account_id, "store": sweep.store_id}
    back = timedelta(days=figures.look_back_days) if sweep.run_looks_back or sweep.listed_to is None else PREDECESSORS
    await work.db.execute(
        LOOK,
        given
        | {
            "now": work.now,
            "since": (sweep.last_started_at or work.now) - back,
            "placed_since": sweep.complete_from - timedelta(seconds=figures.overlap),
            "ask_at": work.now + timedelta(seconds=figures.grace if sweep.run_patient else 0),
            "largest": LARGEST_HOLE,
            "few": NOTICED_AT_ONCE,
        },
    )
    if await queries.due_gaps(work, sweep.store_id, 1):
        work.enqueue(ASK, {"store_id": sweep.store_id})


async def to_ask(work: Work, store_id: UUID) -> list[GapRow]:
    """The gaps that the store is to be asked about now."""
    await queries.sweep_of(work, store_id, lock=True)
    await work.db.execute(CAME, {"account": work.account_id, "store": store_id})
    return await queries.due_gaps(work, store_id, AT_ONCE)


async def close(
    work: Work,
    store_id: UUID,
    answers: Sequence[tuple[GapRow, Answer]],
    spread: float,
) -> None:
    """Write down what the store said; an order that it has is read. Where it gave no answer it is asked again later.
    `spread`: from 0 to 1, by chance."""
    sweep = await queries.sweep_of(work, store_id, lock=True)
    if sweep is None or not answers:
        return
    closed = [_closed(gap, answer, spread) for gap, answer in answers]
    await work.db.execute(
        ANSWER,
        {
            "account": work.account_id,
            "now": work.now,
            "ids": [gap.id for gap, _ in answers],
            "states": [state for state, _, _, _ in closed],
            "external_ids": [external_id for _, external_id, _, _ in closed],
            "reasons": [reason for _, _, reason, _ in closed],
            "waits": [wait for _, _, _, wait in closed],
        },
    )
    found = [(answer.external_id, UNKNOWN_TIME) for _, answer in answers if isinstance(answer, Named)]
    await note(work, store_id, found, FoundBy.GAP)
    await prove(work, store_id)
    await wake_reader(work, sweep)


def _closed(gap: GapRow, answer: Answer, spread: float) -> tuple[GapState, str | None, str | None, timedelta]:
    match answer:
        case Named(external_id):
            return GapState.FOUND, external_id, None, timedelta()
        case Missing():
            return GapState.ABSENT, None, None, timedelta()
        case Refused(_, reason) | Retry(reason, _):
            return GapState.OPEN, None, reason, after_try(gap.attempts + 1, spread)
