"""The pool's own duties: slow statements are told of, with their text and without their values."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import text
from structlog.testing import capture_logs

from fulfilhub.platform.database import engine
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works


async def test_slow_statements_are_logged_without_their_values(settings: Settings) -> None:
    database = replace(settings.database, slow_query_ms=40)
    pool = engine(settings.database_url("worker"), database, "test")
    with capture_logs() as lines:
        async with Works(pool, {}).begin(Platform("test")) as work:
            await work.fetch_raw("SELECT pg_sleep(0.06), $1::text AS raw", "ada@example.test")
            await work.db.execute(
                text("SELECT pg_sleep(0.06), cast(:who AS text) AS core"), {"who": "ada@example.test"}
            )
            await work.fetch_raw("SELECT 1 AS quick")
        await asyncio.sleep(0)  # asyncpg calls its loggers in the loop's next round
    await pool.dispose()
    told = [line for line in lines if line["event"] == "database.slow_query"]
    assert sorted("raw" in line["statement"] for line in told) == [False, True]
    assert all(line["ms"] >= 40 and "ada" not in str(line) for line in told)
