"""A backup brought back into an empty database is the same system: every row is there, and the audit finds no break."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from fulfilhub import auditing
from fulfilhub.catalogue_of_tables import METADATA
from fulfilhub.demo.warehouses import WAREHOUSES
from fulfilhub.platform import backup
from fulfilhub.platform.settings import Settings
from tests.conftest import admin, make_settings, with_database
from tests.make.world import Client


@pytest.fixture
async def empty(servers: tuple[str, str]) -> AsyncIterator[Settings]:
    """Settings of a database without anything."""
    name = f"restored_{secrets.token_hex(6)}"
    await admin(servers[0], f"CREATE DATABASE {name}")
    yield make_settings(with_database(servers[0], name), servers[1])
    await admin(servers[0], f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def counts(settings: Settings) -> dict[str, int]:
    owner = await asyncpg.connect(settings.database.url)
    try:
        return {name: await owner.fetchval(f'SELECT count(*) FROM "{name}"') for name in METADATA.tables}  # noqa: S608
    finally:
        await owner.close()


async def test_what_is_restored_is_what_was_backed_up(
    settings: Settings, empty: Settings, merchant: Client, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    own = await merchant.made("/v1/warehouses", WAREHOUSES[0])
    lines = [{"sku": "MUG", "quantity": 5}]
    await merchant.made("/v1/stock/receipts", {"warehouse_id": own["id"], "lines": lines})
    before = await counts(settings)
    file = tmp_path / "all.backup"
    assert await asyncio.to_thread(backup.backup, settings, file) == file.stat().st_size > 0
    assert file.stat().st_mode & 0o077 == 0
    await asyncio.to_thread(backup.restore, empty, file)
    assert await counts(empty) == before
    assert before["stock_movements"] == 1
    report = await auditing.audit(empty)
    assert report.breaks == 0
    from fulfilhub.app import make_app

    app = make_app(empty)
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as again,
    ):
        answer = await again.get("/v1/stock", headers=merchant.headers())
    assert [level["available"] for level in answer.json()["data"]] == [5]


async def test_nothing_is_overwritten(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("mine")
    with pytest.raises(backup.BackupError, match="is there already"):
        await asyncio.to_thread(backup.backup, settings, file)
    assert file.read_text() == "mine"
    await asyncio.to_thread(backup.backup, settings, file, replace=True)
    with pytest.raises(backup.BackupError, match="has tables already"):
        await asyncio.to_thread(backup.restore, settings, file)
    with pytest.raises(backup.BackupError, match="no file"):
        await asyncio.to_thread(backup.restore, settings, tmp_path / "none")


async def test_a_file_that_is_no_backup_leaves_the_database_empty(empty: Settings, tmp_path: Path) -> None:
    (tmp_path / "torn").write_bytes(b"PGDMP torn")
    with pytest.raises(backup.BackupError, match="pg_restore failed"):
        await asyncio.to_thread(backup.restore, empty, tmp_path / "torn")
    owner = await asyncpg.connect(empty.database.url)
    assert await owner.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await owner.close()
