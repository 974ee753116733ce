"""The world the load runs in, made through the API: a merchant with many SKUs in the warehouses of one partner."""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from benchmarks.load import request
from benchmarks.rig import Rig
from fulfilhub.accounts.bootstrap import make_platform_key
from fulfilhub.demo import door
from fulfilhub.demo.door import Door
from fulfilhub.platform import ids

SKUS = 10_000
WAREHOUSES = 10
UNITS = 1_000_000
AT_ONCE = 1_000

TOWNS = ("M17 1AB", "LU2 9LY", "LS1 1AA", "B1 1AA", "G1 1AA", "BS1 1AA", "CF10 1AA", "NE1 1AA", "S1 1AA", "EX1 1AA")
OPEN = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "23:59")


@dataclass
class World:
    """Ids and keys, and orders without end."""

    platform_key: str
    merchant_id: UUID
    merchant_key: str
    partner_key: str
    warehouses: list[str]
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def next_name(self) -> str:
        """A name that nothing had yet, for an order or an Idempotency-Key."""
        return f"{self.run}-{next(self.numbers)}"

    def order(self) -> bytes:
        """A new order of two lines, as `POST /v1/orders` takes it."""
        return order(self.next_name(), self.chance)

    def single(self) -> bytes:
        """The request that takes one new order."""
        body = self.order()
        return request("/v1/orders", self.merchant_key, body, once=self.next_name())

    def batch(self, size: int) -> bytes:
        """The request that takes so many new orders."""
        body = b'{"orders":[' + b",".join(self.order() for _ in range(size)) + b"]}"
        return request("/v1/orders/batch", self.merchant_key, body, once=self.next_name())


def order(external_id: str, chance: random.Random) -> bytes:
    """The body of an order of two lines of the world's SKUs."""
    lines = [
        {"external_id": str(place), "sku": sku(chance.randrange(SKUS)), "title": "A thing", "quantity": quantity}
        | {"unit_price_minor": 1250}
        for place, quantity in ((1, 1), (2, 2))
    ]
    return msgspec.json.encode(
        {
            "external_id": external_id,
            "number": f"#{external_id}",
            "currency": "GBP",
            "placed_at": "2026-11-02T09:00:00Z",
            "email": "ada@example.test",
            "total_minor": 3750,
            "lines": lines,
            "ship_to": {
                "name": "Ada Lovelace",
                "line1": "12 Mill Lane",
                "city": "York",
                "postcode": chance.choice(TOWNS),
                "country": "GB",
                "phone": "+441904000000",
            },
        }
    )


def sku(number: int) -> str:
    return f"SKU-{number:05d}"


async def make_world(rig: Rig) -> World:
    """Make it all by API."""
    key = (await make_platform_key(rig.settings, "benchmarks")).secret
    async with door.client(rig.settings.server.url) as http:
        operator = Door(http, key)
        merchant = await operator.post("/v1/accounts", {"kind": "merchant", "name": "Bench"})
        partner = await operator.post("/v1/accounts", {"kind": "partner", "name": "Bench 3PL"})
        merchant_id, merchant_key = first_key(merchant)
        _, partner_key = first_key(partner)
        shop, halls = Door(http, merchant_key), Door(http, partner_key)
        for start in range(0, SKUS, AT_ONCE):
            products = [
                {"sku": sku(n), "name": f"Thing {n}", "weight_grams": 300} for n in range(start, start + AT_ONCE)
            ]
            await shop.post("/v1/products/batch", {"products": products})
        warehouses = []
        for place in range(WAREHOUSES):
            warehouse_id = str((await halls.post("/v1/warehouses", warehouse(place)))["id"])
            offer = {"merchant_id": merchant_id, "warehouse_id": warehouse_id, "starts_on": "2026-01-01"}
            contract = await halls.post("/v1/contracts", offer)
            await shop.post(f"/v1/contracts/{contract['id']}/accept", {})
            for start in range(0, SKUS, AT_ONCE):
                lines = [{"sku": sku(n), "quantity": UNITS} for n in range(start, start + AT_ONCE)]
                receipt = {"merchant_id": merchant_id, "warehouse_id": warehouse_id, "lines": lines}
                await halls.post("/v1/stock/receipts", receipt)
            warehouses.append(warehouse_id)
    return World(key, ids.ACCOUNT.find(merchant_id), merchant_key, partner_key, warehouses)


def first_key(account: Mapping[str, object]) -> tuple[str, str]:
    """(id, secret) of a new account's live key."""
    live = msgspec.convert(account["live"], dict[str, object])
    return str(live["account_id"]), str(live["secret"])


def warehouse(place: int) -> dict[str, object]:
    """A warehouse that is always open, and quicker and cheaper to its own town."""
    town = TOWNS[place]
    near = {"countries": ["GB"], "postcode_prefixes": [town.split()[0]], "transit_days": 1, "cost_minor": 250}
    far = {"countries": ["GB"], "transit_days": 2, "cost_minor": 300 + place}
    return {
        "code": f"W{place}",
        "name": f"Warehouse {place}",
        "address": {"line1": "1 Dock Road", "city": "Town"},
        "country": "GB",
        "postcode": town,
        "timezone": "Europe/London",
        "currency": "GBP",
        "cutoffs": OPEN,
        "services": [{"code": "standard", "carrier": "royal_mail", "zones": [near, far]}],
    }
