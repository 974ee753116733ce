"""`claim_ship`: what eight partner clients claim and ship through the API, each piece of work once."""

from __future__ import annotations

import msgspec

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures
from benchmarks.load import Connection, connections, rate, request

CLIENTS = 8
AT_ONCE = 20
SECONDS = 4.0


class Work(msgspec.Struct):
    """Of a work order only what shipping needs."""

    id: str


class Claimed(msgspec.Struct):
    """A claim's answer."""

    lease_id: str
    data: list[Work]


CLAIMED = msgspec.json.Decoder(Claimed)


class Partner:
    """One client of the partner: claims a batch, ships one after the other, claims again."""

    def __init__(self, bench: Bench, connection: Connection, begin: int, seen: set[str]) -> None:
        self._key = bench.world.partner_key
        self._connection = connection
        self._places = bench.world.warehouses[begin:] + bench.world.warehouses[:begin]
        self._seen = seen
        self._run = bench.world.run
        self._lease = ""
        self._mine: list[str] = []

    async def turn(self) -> int:
        """Ship one; 0 when nothing is left anywhere."""
        while not self._mine:
            if not self._places:
                return 0
            await self._claim(self._places[0])
            if not self._mine:
                del self._places[0]
        await self._ship(self._mine.pop())
        return 1

    async def _claim(self, warehouse_id: str) -> None:
        body = b'{"warehouse_id":"%s","limit":%d}' % (warehouse_id.encode(), AT_ONCE)
        answer = await self._connection.call(request("/v1/work/claims", self._key, body))
        if answer.status != 200:
            raise Broken(f"A claim was answered {answer.status}: {answer.body[:300]!r}")
        claimed = CLAIMED.decode(answer.body)
        self._lease, self._mine = claimed.lease_id, [work.id for work in claimed.data]
        twice = self._seen.intersection(self._mine)
        if twice:
            raise Broken(f"{len(twice)} work orders were claimed twice, such as {twice.pop()}.")
        self._seen.update(self._mine)

    async def _ship(self, work_id: str) -> None:
        parcel = b'{"carrier":"royal_mail","tracking_number":"%s"}' % work_id[-12:].upper().encode()
        body = b'{"lease_id":"%s","parcels":[%s]}' % (self._lease.encode(), parcel)
        path = f"/v1/work/orders/{work_id}/ship"
        answer = await self._connection.call(request(path, self._key, body, once=f"ship-{work_id}"))
        if answer.status != 200 or b'"repeated":false' not in answer.body:
            raise Broken(f"Shipping was answered {answer.status}: {answer.body[:300]!r}")


async def ship_some(bench: Bench, number: int) -> None:
    """Ship at most so many."""
    async with connections(bench.rig.port, 1) as (opened,):
        partner = Partner(bench, opened, 0, set())
        for _ in range(number):
            if not await partner.turn():
                return


async def claim_ship(bench: Bench) -> Figures:
    """Fulfilments/s."""
    seen: set[str] = set()
    async with connections(bench.rig.port, CLIENTS) as opened:
        partners = [Partner(bench, each, place, seen) for place, each in enumerate(opened)]
        found = await rate(partners, Partner.turn, SECONDS)
    await bench.rig.forget_jobs()
    return {"claim_ship": found}
