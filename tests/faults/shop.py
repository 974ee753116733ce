"""A merchant with stock at a partner's warehouse, and clients who order all at once and do not give up."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from fulfilhub.demo.door import Door, rows
from fulfilhub.demo.warehouses import WAREHOUSES
from fulfilhub.platform import ids
from tests.faults.rig import PATIENCE, Json, Rig, until

SKUS = ("MUG", "TEE", "BOWL")
UNITS = 100_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease and what is under it."""

    lease_id: str
    work: list[Json]


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant and its partner, by their keys."""

    rig: Rig
    http: httpx.AsyncClient
    merchant_id: str
    merchant: Door
    partner: Door
    warehouse_id: str

    @property
    def id(self) -> UUID:
        """The merchant, as the database knows it."""
        return ids.ACCOUNT.find(self.merchant_id)

    async def orders(self) -> dict[str, list[Json]]:
        """Every order the API lists, by the merchant's own id of it."""
        found: dict[str, list[Json]] = {}
        async for order in self.merchant.every("/v1/orders"):
            found.setdefault(str(order["external_id"]), []).append(order)
        return found

    async def told(self, kind: str) -> list[Json]:
        """The merchant's events of one type, as a reader of the log gets them."""
        found: list[Json] = []
        cursor: dict[str, str | int] = {}
        while True:
            page = await self.merchant.get("/v1/events", type=kind, limit=100, **cursor)
            found += rows(page["data"])
            cursor = {"cursor": str(page["next_cursor"])}
            if not page["has_more"]:
                return found

    async def claim(self) -> Claim:
        """Lease what is queued, for WORK_LEASE_SECONDS."""
        made = await self.partner.post("/v1/work/claims", {"warehouse_id": self.warehouse_id, "limit": 200})
        return Claim(str(made["lease_id"]), rows(made["data"]))

    async def work_on(self, claim: Claim, work: Json, verb: str) -> httpx.Response:
        """One step on one work order, under this claim's lease."""
        parcel = {"carrier": "royal_mail", "tracking_number": f"T{work['id']}"}
        return await self.http.post(
            f"/v1/work/orders/{work['id']}/{verb}",
            json={"lease_id": claim.lease_id} | ({"parcels": [parcel]} if verb == "ship" else {}),
            headers={"Authorization": f"Bearer {self.partner.key}"},
        )

    def simulate(self, name: str, *more: str) -> int:
        """A partner that works this shop's orders off, as a process; it never rejects."""
        arguments = ("partner-sim", "--url", self.rig.url, "--reject", "0")
        return self.rig.start(name, *arguments, *more, FULFILHUB_PARTNER_KEY=self.partner.key)


async def open_shop(rig: Rig, http: httpx.AsyncClient) -> Shop:
    """A new merchant with products and stock, all made through the API."""
    operator = Door(http, rig.operator_key)
    merchant, partner = [
        await operator.post("/v1/accounts", {"kind": kind, "name": f"{kind} {secrets.token_hex(3)}"})
        for kind in ("merchant", "partner")
    ]
    ours, theirs = _live(merchant), _live(partner)
    ada, quick = Door(http, ours["secret"]), Door(http, theirs["secret"])
    warehouse = str((await quick.post("/v1/warehouses", {**WAREHOUSES[0], "daily_capacity": None}))["id"])
    offer = {"merchant_id": ours["account_id"], "warehouse_id": warehouse, "starts_on": "2026-01-01"}
    contract = await quick.post("/v1/contracts", offer)
    await ada.post(f"/v1/contracts/{contract['id']}/accept", {})
    for sku in SKUS:
        await ada.post("/v1/products", {"sku": sku, "name": sku.title()})
    lines = [{"sku": sku, "quantity": UNITS} for sku in SKUS]
    await quick.post(
        "/v1/stock/receipts", {"merchant_id": ours["account_id"], "warehouse_id": warehouse, "lines": lines}
    )
    return Shop(rig, http, ours["account_id"], ada, quick, warehouse)


def _live(account: Json) -> dict[str, str]:
    live = account["live"]
    assert isinstance(live, dict)
    return {name: str(live[name]) for name in ("account_id", "secret")}


def an_order(external_id: str, place: int = 0) -> Json:
    """One to three lines; which ones follows from `place`."""
    return {
        "external_id": external_id,
        "number": external_id,
        "currency": "GBP",
        "placed_at": "2026-11-02T09:00:00Z",
        "email": "ada@example.test",
        "ship_to": {
            "name": "Ada Test",
            "line1": "1 Mill Lane",
            "city": "Leeds",
            "postcode": "LS1 4AP",
            "country": "GB",
        },
        "total_minor": 1000,
        "lines": [
            {"external_id": str(line), "sku": SKUS[(place + line) % 3], "title": "x", "quantity": 1 + place % 3}
            for line in range(1 + place % 3)
        ],
    }


@dataclass(slots=True)
class Rush:
    """Clients that send orders at once, each until it was answered, with the same Idempotency-Key. `first` numbers
    the first order; `answered` holds, by the merchant's own id, which order each was answered as."""

    shop: Shop
    orders: int
    clients: int = 8
    batch: int = 3
    first: int = 0
    answered: dict[str, set[str]] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    cut: int = 0
    _next: int = 0

    async def run(self, break_it: Callable[[], Awaitable[None]] | None = None, after: float = 0.3) -> None:
        """Send all; call `break_it` once a share (`after`) of the orders was answered."""
        sending = asyncio.gather(*(self._client(number) for number in range(self.clients)))
        if break_it is not None:

            async def reached() -> bool:
                return len(self.answered) >= self.orders * after

            await until(reached)
            await break_it()
        await asyncio.wait_for(sending, PATIENCE * 2)

    async def _client(self, number: int) -> None:
        while self._next < self.orders:
            size = 1 if number % 2 else self.batch
            places = range(self._next, min(self._next + size, self.orders))
            self._next += len(places)
            sent = [an_order(f"o-{self.first + place}", place) for place in places]
            if number % 2:
                self._keep(sent[0], await self._until_answered("/v1/orders", sent[0]), "id")
                continue
            items = rows((await self._until_answered("/v1/orders/batch", {"orders": sent}))["data"])
            for order, item in zip(sent, items, strict=True):
                assert item["outcome"] in {"created", "duplicate"}, item
                self._keep(order, item, "order_id")

    def _keep(self, sent: Json, answer: Json, name: str) -> None:
        self.answered.setdefault(sent["external_id"], set()).add(str(answer[name]))

    async def _until_answered(self, path: str, body: Json) -> Json:
        headers = {"Authorization": f"Bearer {self.shop.merchant.key}", "Idempotency-Key": secrets.token_hex(12)}
        while True:
            try:
                answer = await self.shop.http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                self.cut += 1
                await asyncio.sleep(0.05)
                continue
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            if answer.is_success:
                made: Json = answer.json()
                return made
            assert answer.status_code >= 500 or answer.json()["code"] == "idempotency_in_progress", answer.text
            await asyncio.sleep(0.05)

    async def check(self) -> None:
        """Each order that was answered with 2xx is there, once, as the one it was answered as, and nothing else is."""
        listed = await self.shop.orders()
        assert set(listed) == set(self.answered) == {f"o-{place}" for place in range(self.orders)}
        assert {name: {str(each["id"]) for each in found} for name, found in listed.items()} == self.answered
        assert all(len(found) == 1 for found in listed.values())
        received = [event["data"]["order_id"] for event in await self.shop.told("order.received")]
        assert sorted(received) == sorted(order for made in self.answered.values() for order in made)

    async def all_routed(self) -> None:
        """Each order has its warehouse, and was sent there once."""
        listed = await self.shop.orders()
        assert {str(order["status"]) for found in listed.values() for order in found} == {"routed"}
        sent = [str(each["order_id"]) async for each in self.shop.merchant.every("/v1/fulfilments")]
        assert sorted(sent) == sorted(str(order["id"]) for found in listed.values() for order in found)

    async def all_billed(self) -> None:
        """Each order was shipped and charged once."""
        charged = [str(each["order_id"]) async for each in self.shop.merchant.every("/v1/charges")]
        assert sorted(charged) == sorted(order for made in self.answered.values() for order in made)
