"""The audit: recomputes ledgers, counters, leases, charges and tickets from first principles and names each break.

It reads with the worker's login and changes nothing; it may run beside live work, since each check is one statement
and so sees one moment. A check is a name, which says what must hold, and a query that gives one text per break.
"""

from __future__ import annotations

from dataclasses import replace

from msgspec import Struct
from sqlalchemy import text

from fulfilhub.auditing import machinery, money, orders, parcels, stock, stores, work
from fulfilhub.platform.database import engine
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

EXAMPLES = 20
LONGEST_SECONDS = 3600
"""A check reads whole tables, so it may take longer than a request's statement."""

CHECKS: dict[str, str] = (
    stock.CHECKS | orders.CHECKS | work.CHECKS | parcels.CHECKS | money.CHECKS | stores.CHECKS | machinery.CHECKS
)


class Check(Struct, frozen=True):
    """One invariant and where it does not hold (at most 20 places)."""

    name: str
    breaks: list[str]


class Report(Struct, frozen=True):
    """All checks, and how many breaks were found."""

    checks: list[Check]
    breaks: int


async def audit(settings: Settings) -> Report:
    """Run every check on the database of these settings."""
    patient = replace(settings.database, statement_timeout=LONGEST_SECONDS)
    pool = engine(settings.database_url("worker"), patient, "audit")
    checks = []
    try:
        async with Works(pool, {}).begin(Platform("audit")) as platform:
            for name, query in CHECKS.items():
                rows = await platform.db.execute(text(f"{query} LIMIT {EXAMPLES}"))
                checks.append(Check(name, [str(row[0]) for row in rows]))
    finally:
        await pool.dispose()
    return Report(checks, sum(len(check.breaks) for check in checks))
