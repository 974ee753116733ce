"""The schema: one head, up, down and up again, and no drift between the models and what migrations make."""

from __future__ import annotations

import asyncio
import secrets

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from fulfilhub.catalogue_of_tables import METADATA
from fulfilhub.platform import migrate
from fulfilhub.platform.settings import Settings
from tests.conftest import admin, make_settings, with_database


@pytest.fixture
def empty(servers: tuple[str, str]) -> Settings:
    name = f"migrations_{secrets.token_hex(6)}"
    asyncio.run(admin(servers[0], f"CREATE DATABASE {name}"))
    return make_settings(with_database(servers[0], name), servers[1])


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, METADATA))


async def _drift(settings: Settings) -> list[object]:
    engine = create_async_engine(settings.database_url("owner"), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(_differences)
    await engine.dispose()
    return found


async def _tables(settings: Settings) -> set[str]:
    connection = await asyncpg.connect(settings.database.url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows}


def test_there_is_one_head() -> None:
    script = ScriptDirectory(str(migrate.migrations_folder()))
    assert len(script.get_heads()) == 1


def test_up_down_and_up_again_without_drift(empty: Settings) -> None:
    asyncio.run(migrate.ensure_roles(empty))
    migrate.upgrade(empty)
    assert asyncio.run(_drift(empty)) == []
    migrate.downgrade(empty, "base")
    assert asyncio.run(_tables(empty)) == {"alembic_version"}
    migrate.upgrade(empty)
    assert asyncio.run(_drift(empty)) == []
