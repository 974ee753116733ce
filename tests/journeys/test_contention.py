"""Many clients want the last units at once, some of them within kits: every unit is given to somebody, none twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from fulfilhub.auditing import audit
from fulfilhub.demo.door import until
from fulfilhub.demo.run import System, system
from fulfilhub.demo.world import platform_key
from fulfilhub.platform.processes import free_port
from fulfilhub.platform.servers import throwaway_state
from tests.inventory.test_routes import WAREHOUSE
from tests.make.world import Client, JsonObject, account

PATIENCE = 240.0
SKUS = ("ALE", "BUN", "CUP", "DIP", "EGG")
KITS = {"ALE-BUN": {"ALE": 1, "BUN": 1}, "CUP-DIPS": {"CUP": 1, "DIP": 2}, "ALL": dict.fromkeys(SKUS, 1)}
WANTED: tuple[tuple[str, ...], ...] = (("ALE-BUN",), ("CUP-DIPS",), ("ALL",), ("ALE-BUN", "ALE"), ("CUP-DIPS", "DIP"))
"""What orders with kits want; some lines want what a kit beside them is made of."""

LEFT = """
SELECT (SELECT count(*) FROM orders WHERE status = 'received')
     + (SELECT count(*) FROM jobs WHERE state = 'ready' AND due_at <= now())
     + (SELECT count(*) FROM events WHERE seq IS NULL)
"""


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The whole system in processes of its own, two API and two worker processes among them."""
    for name in ("DATABASE_URL", "REDIS_URL", "FULFILHUB_SECRET_KEYS", "HOST", "PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("API_WORKERS", "2")
    monkeypatch.setenv("WORKER_PROCESSES", "2")
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "0")
    with throwaway_state() as state, system(state, free_port(), print, throwaway=True, with_demo=False) as made:
        yield made


def orders_for(units: int) -> list[JsonObject]:
    """For so many units of each SKU, ten times as many orders: half of them are for a single unit, as many as there are
    units, so that nothing can be left over; the others are for kits. In a random order, the same each time."""
    baskets: list[tuple[str, ...]] = [(sku,) for sku in SKUS for _ in range(units)]
    baskets += [WANTED[n % len(WANTED)] for n in range(5 * units)]
    random.Random(units).shuffle(baskets)
    return [
        {
            "external_id": f"o-{n}",
            "number": f"{n}",
            "currency": "GBP",
            "placed_at": datetime.now(UTC).isoformat(),
            "email": "ada@example.test",
            "ship_to": {"name": "Ada", "line1": "1 Mill Lane", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB"},
            "lines": [
                {"external_id": str(place), "sku": sku, "title": sku, "quantity": 1}
                for place, sku in enumerate(basket, 1)
            ],
        }
        for n, basket in enumerate(baskets)
    ]


async def open_shop(made: System, http: httpx.AsyncClient, units: int) -> Client:
    """A merchant whose units lie half in one warehouse and half in another."""
    key = platform_key(made)
    merchant = await account(http, key, "merchant", "Ada")
    partner = await account(http, key, "partner", "Quick")
    answer = await merchant.post(
        "/v1/products/batch",
        {
            "products": [
                *({"sku": sku, "name": sku} for sku in SKUS),
                *(
                    {"sku": kit, "name": kit, "components": [{"sku": sku, "units": n} for sku, n in made_of.items()]}
                    for kit, made_of in KITS.items()
                ),
            ]
        },
    )
    assert answer.json()["failed"] == 0, answer.text
    for code in ("LEEDS", "HULL"):
        place = (await partner.made("/v1/warehouses", {**WAREHOUSE, "code": code}))["id"]
        offer = {"merchant_id": merchant.account_id, "warehouse_id": place, "starts_on": "2026-01-01"}
        contract = await partner.made("/v1/contracts", offer)
        await merchant.made(f"/v1/contracts/{contract['id']}/accept")
        lines = [{"sku": sku, "quantity": units // 2} for sku in SKUS]
        await merchant.made("/v1/stock/receipts", {"warehouse_id": place, "lines": lines})
    return merchant


async def buy(url: str, key: str, orders: Sequence[JsonObject]) -> None:
    """One client with a connection of its own, an order after the other."""
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        client = Client(http, key, "")
        for order in orders:
            answer = await client.post("/v1/orders", order)
            assert answer.status_code == 201, answer.text


async def settled(database: asyncpg.Connection) -> None:
    """Wait until every order has its verdict and nothing is left to do at once."""
    left = 0

    async def look() -> bool | None:
        nonlocal left
        left = await database.fetchval(LEFT)
        return None if left else True

    await until(look, "Routing every order", PATIENCE, lambda: f"{left} left")


@pytest.mark.parametrize(
    ("units", "clients"), [(20, 8), pytest.param(200, 16, marks=pytest.mark.soak)], ids=["200 orders", "2000 orders"]
)
def test_every_last_unit_is_given_once(running: System, units: int, clients: int) -> None:
    asyncio.run(_contend(running, units, clients))


async def _contend(made: System, units: int, clients: int) -> None:
    orders = orders_for(units)
    async with httpx.AsyncClient(base_url=made.url, timeout=60, trust_env=False) as http:
        merchant = await open_shop(made, http, units)
    await asyncio.gather(*(buy(made.url, merchant.key, orders[n::clients]) for n in range(clients)))
    database = await asyncpg.connect(made.settings.database.url)
    try:
        await settled(database)
        levels = await database.fetch(
            "SELECT p.sku, sum(l.available) AS available, sum(l.allocated) AS allocated"
            " FROM stock_levels AS l JOIN products AS p ON p.id = l.product_id GROUP BY p.sku ORDER BY p.sku"
        )
        assert [tuple(row) for row in levels] == [(sku, 0, units) for sku in SKUS]
        assert await database.fetchval("SELECT min(least(available_after, allocated_after)) FROM stock_movements") == 0
        counted = await database.fetch("SELECT status, count(*) FROM orders GROUP BY status")
        statuses = {row[0]: row[1] for row in counted}
        assert sum(statuses.values()) == len(orders)
        assert set(statuses) == {"routed", "backordered"}
        kits = await database.fetchval("SELECT count(DISTINCT (fulfilment_id, line_id)) FROM fulfilment_components")
        assert kits > 0
        held = await database.fetchval(
            "SELECT count(*) FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id"
            " WHERE (o.status = 'routed') <> (l.allocated = l.ordered)"
        )
        assert held == 0
    finally:
        await database.close()
    report = await audit(made.settings)
    assert [check for check in report.checks if check.breaks] == []
