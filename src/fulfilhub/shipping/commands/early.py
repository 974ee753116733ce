"""Scans of parcels that nobody has handed over yet: kept until somebody does, then told like any other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Work
from fulfilhub.shipping.commands.scans import GREATER, ScanTold, columns, record
from fulfilhub.shipping.queries.scans import lock_early, numbers_told_early
from fulfilhub.shipping.rules import TrackingState, normalise_number

MATCH = "shipping.match_scans"
LOOK_AGAIN = timedelta(minutes=1)
"""A handover that is under way sees no scan that comes beside it, nor the scan the parcel. Neither transaction may last
as long as this, so who looks again then finds what they missed of each other."""

NUMBERS_AT_ONCE = 500
AT_ONCE = 5_000

INSERT = f"""
INSERT INTO early_scans AS t (account_id, tracking_normal, state, occurred_at, description, location, code, signed_by,
                              estimated_at, told_by, received_at)
SELECT $1, e.*, $2 FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
                               $9::text[], $10::timestamptz[], $11::text[]) AS e
ON CONFLICT (account_id, tracking_normal, occurred_at, state) DO UPDATE SET {GREATER}
"""  # noqa: S608 - made of constants
DELETE = """
DELETE FROM early_scans AS e
USING unnest($2::text[], $3::timestamptz[], $4::text[]) AS d (number, occurred_at, state)
WHERE e.account_id = $1 AND e.tracking_normal = d.number AND e.occurred_at = d.occurred_at AND e.state = d.state
"""
FORGET = """
DELETE FROM early_scans AS e
USING (SELECT account_id, tracking_normal, occurred_at, state FROM early_scans WHERE received_at <= $1
       ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS old
WHERE e.account_id = old.account_id AND e.tracking_normal = old.tracking_normal
  AND e.occurred_at = old.occurred_at AND e.state = old.state
"""


async def keep(work: Work, scans: Sequence[ScanTold]) -> None:
    """Keep scans whose parcels the scope's account does not know yet. The same scan told twice is one row."""
    rows: dict[tuple[str, datetime, TrackingState], ScanTold] = {}
    for scan in scans:
        key = (normalise_number(scan.tracking_number), scan.occurred_at, scan.state)
        rows[key] = rows.get(key, scan).joined(scan)
    told = [rows[key] for key in sorted(rows)]
    if not told:
        return
    await work.execute_raw(
        INSERT,
        work.account_id,
        work.now,
        sorted(number for number, *_ in rows),
        *columns(told),
        [scan.told_by or work.actor for scan in told],
    )
    _look(work, {number for number, *_ in rows}, work.now + LOOK_AGAIN)


async def call_up(work: Work, numbers: Collection[str]) -> None:
    """Parcels with these normalised numbers were just handed over: tell the scans of them that wait, by a job."""
    _look(work, await numbers_told_early(work, numbers), work.now)


def _look(work: Work, numbers: Collection[str], at: datetime) -> None:
    kind = AccountKind.MERCHANT if isinstance(work.scope, Merchant) else AccountKind.PARTNER
    found = sorted(numbers)
    for start in range(0, len(found), NUMBERS_AT_ONCE):
        work.enqueue(MATCH, {"numbers": found[start : start + NUMBERS_AT_ONCE], "kind": str(kind)}, at)


async def match(work: Work, numbers: Collection[str]) -> None:
    """Tell the account's waiting scans under these normalised numbers, as far as their parcels are known now."""
    rows = await lock_early(work, numbers)
    verdicts = await record(
        work,
        [
            ScanTold(
                tracking_number=row.tracking_normal,
                state=TrackingState(row.state),
                occurred_at=row.occurred_at,
                description=row.description,
                location=row.location,
                code=row.code,
                signed_by=row.signed_by,
                estimated_at=row.estimated_at,
                told_by=row.told_by,
            )
            for row in rows
        ],
    )
    done = [row for row, verdict in zip(rows, verdicts, strict=True) if not isinstance(verdict, NotFound)]
    await work.execute_raw(
        DELETE,
        work.account_id,
        [row.tracking_normal for row in done],
        [row.occurred_at for row in done],
        [row.state for row in done],
    )


async def forget(work: Work, keep: timedelta) -> bool:
    """Delete a portion of the scans that waited for `keep` in vain, in the platform's scope. True when there may be
    more."""
    return await work.execute_raw(FORGET, work.now - keep, AT_ONCE) == f"DELETE {AT_ONCE}"
