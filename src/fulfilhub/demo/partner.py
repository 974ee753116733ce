"""A 3PL as a program: it claims work, rejects some, picks, packs, ships, answers requests, and takes returns in.

It knows the partner's API and one key, and nothing else of FulfilHub. Its choices follow from a seed and the orders'
numbers, so that the same orders meet the same fate whenever and in whatever order they are claimed.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from fulfilhub.demo import door
from fulfilhub.demo.door import Door, JsonObject, Refused, StepFailed, rows

BATCH = 10
REJECTIONS = ("out_of_stock", "package_preference_not_set", "other")
PREFIX = {"royal_mail": "RM", "evri": "H0", "dpd": "15"}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Habits:
    """How this 3PL works: how many work orders it rejects and picks short in all, and when it goes home."""

    seed: int = 1
    rejects: int = 3
    shorts: int = 1
    until_idle: float | None = None
    max_seconds: float | None = None


@dataclass(slots=True)
class Done:
    """What was done so far."""

    claimed: int = 0
    rejected: int = 0
    short: int = 0
    shipped: int = 0
    lost: int = 0
    returns: int = 0
    answered: int = 0

    def __str__(self) -> str:
        return (
            f"claimed {self.claimed}, rejected {self.rejected}, short-picked {self.short}, "
            f"shipped {self.shipped}, leases lost {self.lost}, returns taken in {self.returns}, "
            f"requests answered {self.answered}"
        )


def chance_of(seed: int, order_number: str) -> int:
    """A number from 0 to 99 that an order number always gets."""
    return zlib.crc32(f"{seed}:{order_number}".encode()) % 100


def wants_to_reject(habits: Habits, order_number: str, done: Done, refused: set[str]) -> bool:
    """Whether to refuse this order: never the same one twice, never more than the habit allows."""
    if done.rejected >= habits.rejects or order_number in refused:
        return False
    return chance_of(habits.seed, order_number) < 30


def short_line(habits: Habits, order_number: str, lines: Sequence[JsonObject], done: Done) -> JsonObject | None:
    """The line of which one unit is not to be found, if this is an order to be picked short."""
    if done.short >= habits.shorts or not 30 <= chance_of(habits.seed, order_number) < 80:
        return None
    return next((line for line in lines if wanted(line) > 1), None)


def short_pick(line: JsonObject) -> JsonObject:
    """What is said of a line of which one unit is not to be found; of a kit, one unit of its first component."""
    if not line.get("components"):
        return {"line_id": line["line_id"], "found": wanted(line) - 1, "reason": "not_found"}
    part = rows(line["components"])[0]
    found = number(part["quantity"]) - 1
    return {"line_id": line["line_id"], "product_id": part["product_id"], "found": found, "reason": "not_found"}


def scans(line: JsonObject, units: int) -> list[object]:
    """The barcodes that the scanner reads when so many units are picked: of a kit, its components'."""
    things = [(part, number(part["units"])) for part in rows(line["components"])] if line["components"] else [(line, 1)]
    return [code for thing, each in things for code in _codes(thing)[:1] * (each * units)]


def _codes(thing: JsonObject) -> list[object]:
    codes = thing["barcodes"]
    return codes if isinstance(codes, list) and codes else [thing["sku"]]


def tracking_number(seed: int, work_id: str, carrier: str) -> str:
    """A number such as the carrier's; the same work order always gets the same one."""
    chance = random.Random(f"{seed}:{work_id}")
    return f"{PREFIX.get(carrier, 'XX')}{chance.randrange(10**9, 10**10)}GB"


def number(value: object) -> int:
    """A JSON integer."""
    if not isinstance(value, int):
        raise StepFailed(f"The API answered {value!r} where a number belongs.")
    return value


def wanted(line: JsonObject) -> int:
    """Units of a work order's line that are to be sent: what was cancelled since is not."""
    return number(line["quantity"]) - number(line.get("cancelled", 0))


@dataclass(slots=True)
class Warehouse:
    """One warehouse's shift."""

    api: Door
    id: str
    habits: Habits
    done: Done
    say: Say
    refused: set[str] = field(default_factory=set)

    async def work(self) -> bool:
        """Claim a batch and do it, and take in what came back; whether there was anything."""
        claim = await self.api.post("/v1/work/claims", {"warehouse_id": self.id, "limit": BATCH})
        batch = rows(claim["data"])
        self.done.claimed += len(batch)
        if batch:
            await self._batch(claim, batch)
        answered, returned = await self._requests(), await self._returns()
        return answered or returned or bool(batch)

    async def _batch(self, claim: JsonObject, batch: Sequence[JsonObject]) -> None:
        lease = str(claim["lease_id"])
        heart = asyncio.create_task(self._beat(lease, str(claim["lease_until"])))
        try:
            await asyncio.gather(*(self._one(lease, work) for work in batch))
        finally:
            heart.cancel()
        self.say(str(self.done))

    async def _beat(self, lease: str, until: str) -> None:
        """Extend the lease at a third of the time that is left of it, again and again."""
        while True:
            left = datetime.fromisoformat(until) - datetime.now(UTC)
            await asyncio.sleep(max(left.total_seconds() / 3, 0.5))
            with suppress(Refused):
                until = str((await self.api.post(f"/v1/work/leases/{lease}/extend", {}))["lease_until"])

    async def _one(self, lease: str, work: JsonObject) -> None:
        try:
            await self._do(lease, work)
        except Refused as error:
            if error.code not in {"lease_lost", "on_hold", "illegal_action", "not_found"}:
                raise
            self.done.lost += 1  # somebody changed it under our hands: the queue will tell

    async def _do(self, lease: str, work: JsonObject) -> None:
        at, mine = f"/v1/work/orders/{work['id']}", {"lease_id": lease}
        order_number = str(work["order_number"])
        if wants_to_reject(self.habits, order_number, self.done, self.refused):
            self.done.rejected += 1
            self.refused.add(order_number)
            reason = REJECTIONS[self.done.rejected % len(REJECTIONS)]
            await self.api.post(f"{at}/reject", {**mine, "reason": reason, "note": "Said by the simulator."})
            return
        work = await self.api.post(f"{at}/accept", mine)
        lines = rows(work["lines"])
        short = short_line(self.habits, order_number, lines, self.done)
        if short is not None:
            self.done.short += 1
            work = await self.api.post(f"{at}/short-pick", mine | short_pick(short))
        if work["state"] == "cancelled":
            return
        if work["state"] not in {"picked", "packed"}:
            work = await self.api.post(f"{at}/pick", mine | {"lines": _picks(work)})
        contents = [
            {"line_id": line["line_id"], "quantity": line["picked"]} for line in rows(work["lines"]) if line["picked"]
        ]
        carrier = str(work["carrier"])
        parcel = {"contents": contents, "weight_grams": 500, "length_mm": 300, "width_mm": 200, "height_mm": 150}
        await self.api.post(f"{at}/pack", {**mine, "parcels": [parcel]})
        tracking = tracking_number(self.habits.seed, str(work["id"]), carrier)
        shipped = {**parcel, "carrier": carrier, "tracking_number": tracking}
        await self.api.post(f"{at}/ship", {**mine, "parcels": [shipped]})
        self.done.shipped += 1

    async def _requests(self) -> bool:
        """Answer what is asked about work in hand: yes, but for what is packed already."""
        found = False
        async for request in self.api.every("/v1/work/requests", state="requested", warehouse_id=self.id):
            found = True
            work = await self.api.get(f"/v1/work/orders/{request['work_order_id']}")
            at = f"/v1/work/requests/{request['id']}"
            if work["state"] == "packed":
                await self.api.post(f"{at}/refuse", {"reason": "already_packed", "note": "Said by the simulator."})
            else:
                await self.api.post(f"{at}/accept", {"note": "Said by the simulator."})
            self.done.answered += 1
            self.say(str(self.done))
        return found

    async def _returns(self) -> bool:
        """Receive what was announced to this warehouse, and put each unit that came back on the shelf."""
        found = False
        for state in ("approved", "in_transit", "received"):
            async for back in self.api.every("/v1/work/returns", state=state, warehouse_id=self.id):
                found = True
                at = f"/v1/work/returns/{back['id']}"
                taken = await self.api.post(f"{at}/receive", {}) if state != "received" else back
                verdicts = [
                    {"line_id": line["id"], "disposition": "restock", "quantity": line["received"], "note": "As new."}
                    for line in rows(taken["lines"])
                ]
                await self.api.post(f"{at}/inspect", {"lines": verdicts})
                self.done.returns += 1
                self.say(str(self.done))
        return found


def _picks(work: JsonObject) -> list[JsonObject]:
    """Every line that is not picked to its end yet, with each unit's barcode scanned."""
    made: list[JsonObject] = []
    for line in rows(work["lines"]):
        units = wanted(line) - number(line["short"])
        if number(line["picked"]) < units:
            made.append({"line_id": line["line_id"], "picked": units, "barcodes": scans(line, units)})
    return made


def simulate(url: str, key: str, warehouses: Sequence[str], habits: Habits, say: Say) -> None:
    """Work until told to stop, or as the habits say. Raises StepFailed when the API can't be used."""
    try:
        asyncio.run(_shift(url, key, warehouses, habits, say))
    except httpx.HTTPError as error:
        raise StepFailed(f"{url} can't be reached: {error}") from error


async def _shift(url: str, key: str, warehouses: Sequence[str], habits: Habits, say: Say) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    begun = busy = time.monotonic()
    done = Done()
    async with door.client(url) as http:
        api = Door(http, key)
        chosen = list(warehouses) or [str(row["id"]) async for row in api.every("/v1/warehouses")]
        if not chosen:
            raise StepFailed("This key's account runs no warehouse.")
        refused: set[str] = set()
        sites = [Warehouse(api, each, habits, done, say, refused) for each in chosen]
        while not stop.is_set():
            worked = await asyncio.gather(*(site.work() for site in sites))
            now = time.monotonic()
            busy = now if any(worked) else busy
            if habits.until_idle is not None and now - busy >= habits.until_idle:
                break
            if habits.max_seconds is not None and now - begun >= habits.max_seconds:
                break
            if not any(worked):
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), door.PAUSE * 2)
    say(f"Done: {done}.")
