"""Forgetting in time: raw messages lose their content, remembered answers go, once their time is over."""

from __future__ import annotations

from collections.abc import Sequence

from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Platform

SCOPE = Platform("expire raw data")
AT_ONCE = 5000

# The rows stay: they say that a message came and what became of it, and make a repeat known as one.
EMPTY_MESSAGES = """
UPDATE inbox AS i SET payload = NULL
FROM (SELECT account_id, id FROM inbox WHERE payload IS NOT NULL AND expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS old
WHERE i.account_id = old.account_id AND i.id = old.id
"""
FORGET_ANSWERS = """
DELETE FROM idempotency_keys AS k
USING (SELECT account_id, key FROM idempotency_keys WHERE expires_at <= $1
       ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS old
WHERE k.account_id = old.account_id AND k.key = old.key
"""


@task("platform.expire_raw", batch=1)
async def expire_raw(run: Run, tickets: Sequence[Ticket]) -> None:
    """Empty expired messages and delete expired answers, in portions so that no lock is held for long."""
    for statement in (EMPTY_MESSAGES, FORGET_ANSWERS):
        done = AT_ONCE
        while done == AT_ONCE:
            async with run.works.begin(SCOPE) as work:
                tag = await work.execute_raw(statement, work.now, AT_ONCE)
            done = int(tag.rpartition(" ")[2])
    async with run.works.begin(SCOPE) as work:
        await work.finish(tickets)
