"""A COMMIT that fails: the caller hears so, nothing is stored, and the repeat is as good as the first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.faults.rig import Rig
from tests.faults.shop import Shop, an_order

# Deferred, it runs within COMMIT, after all effects: it refuses them, or ends its own server process.
REFUSE = "RAISE EXCEPTION 'planted'"
DIE = "PERFORM pg_terminate_backend(pg_backend_pid())"
TABLES = ("orders", "order_lines", "events", "jobs", "inbox", "idempotency_keys")


@asynccontextmanager
async def failing(rig: Rig, external_id: str, how: str) -> AsyncIterator[None]:
    """Within the block each transaction that stores this order fails at its COMMIT."""
    owner = await asyncpg.connect(rig.servers.database_url)
    try:
        await owner.execute(
            "CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
            f"IF NEW.external_id = '{external_id}' THEN {how}; END IF; RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER planted AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION planted()"
        )
        yield
    finally:
        await owner.execute("DROP TRIGGER planted ON orders; DROP FUNCTION planted()")
        await owner.close()


async def stored(rig: Rig, shop: Shop) -> dict[str, int]:
    """How many rows of the merchant each table that an order touches holds."""
    lead = {table: "merchant_id" if table.startswith("order") else "account_id" for table in TABLES}
    return {
        table: await rig.number(f"SELECT count(*) FROM {table} WHERE {lead[table]} = $1", shop.id)  # noqa: S608
        for table in TABLES
    }


@pytest.mark.parametrize(("how", "status"), [(REFUSE, 500), (DIE, 503)], ids=["refused", "connection lost"])
async def test_a_failed_commit_is_no_answer_but_an_error(rig: Rig, shop: Shop, how: str, status: int) -> None:
    await rig.settled()
    before = await stored(rig, shop)
    headers = {"Authorization": f"Bearer {shop.merchant.key}", "Idempotency-Key": "once"}
    bodies = (("/v1/orders", an_order("doomed")), ("/v1/orders/batch", {"orders": [an_order("doomed")]}))
    async with failing(rig, "doomed", how):
        for path, body in bodies:
            answer = await shop.http.post(path, json=body, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
            assert await stored(rig, shop) == before
    path, body = bodies[0]
    made = await shop.http.post(path, json=body, headers=headers)
    assert made.status_code == 201
    again = await shop.http.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, made.json())
    assert (await stored(rig, shop))["orders"] == 1
