"""`webhooks`: events told to fifty endpoints of five accounts, of which one never answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures, percentile
from benchmarks.load import Connection, connections, request
from benchmarks.rig import until
from benchmarks.world import first_key, order
from fulfilhub.demo import door
from fulfilhub.demo.door import Door
from fulfilhub.platform.processes import free_port

ACCOUNTS = 5
ENDPOINTS = 10
"""Of each account."""

BURST = 20
"""Orders of each account at once, for the rate."""

SECONDS = 4.0
PATIENCE = 60.0


class Data(msgspec.Struct):
    order_id: str


class Told(msgspec.Struct):
    """A webhook's body, as far as it is read here."""

    data: Data


class Taken(msgspec.Struct):
    """An order's answer."""

    id: str


TOLD, TAKEN = msgspec.json.Decoder(Told), msgspec.json.Decoder(Taken)


@dataclass
class Receiver:
    """All fifty endpoints: keeps when each heard of each order. The path `/dead` is heard and never answered."""

    heard: dict[tuple[str, str], float] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                body = await reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0]))
                path = head.split()[1]
                if path == "/dead":
                    await reader.read()  # until they hang up
                    return
                self.heard.setdefault((path, TOLD.decode(body).data.order_id), time.perf_counter())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def webhooks(bench: Bench) -> Figures:
    """Deliveries/s of a burst; then at half of that rate the milliseconds from an order's answer to each delivery."""
    receiver, port = Receiver(), free_port()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    keys = await _accounts(bench, port)
    await bench.rig.start_working()
    alive = ENDPOINTS * ACCOUNTS - 1
    try:
        async with connections(bench.rig.port, ACCOUNTS) as opened:
            callers = list(zip(opened, keys, strict=True))
            begin = time.perf_counter()
            burst = await asyncio.gather(*(_orders(bench, *each, BURST, 0.0) for each in callers))
            await _all_heard(receiver, [taken for each in burst for taken in each])
            found = BURST * alive / (max(receiver.heard.values()) - begin)
            pause = 2 * alive / found
            number = max(1, int(SECONDS / pause))
            slow = await asyncio.gather(*(_orders(bench, *each, number, pause) for each in callers))
            answered = {name: at for each in slow for name, at in each}
            await _all_heard(receiver, list(answered.items()))
    finally:
        server.close()
        bench.rig.stop_workers()
        await bench.rig.forget_jobs()
    took = [(at - answered[name]) * 1000 for (_, name), at in receiver.heard.items() if name in answered]
    return {"webhooks": found, "webhooks_ms_p50": percentile(took, 0.5), "webhooks_ms_p99": percentile(took, 0.99)}


async def _accounts(bench: Bench, port: int) -> list[str]:
    """Make merchants with their endpoints; gives their keys. The very first endpoint is the dead one."""
    keys = []
    async with door.client(bench.rig.settings.server.url) as http:
        operator = Door(http, bench.world.platform_key)
        for place in range(ACCOUNTS):
            _, key = first_key(await operator.post("/v1/accounts", {"kind": "merchant", "name": f"Told {place}"}))
            keys.append(key)
            for number in range(ENDPOINTS):
                path = "dead" if place == number == 0 else f"{place}/{number}"
                wanted = {"url": f"http://127.0.0.1:{port}/{path}", "event_types": ["order.review_needed"]}
                await Door(http, key).post("/v1/webhook-endpoints", wanted)
    return keys


async def _orders(bench: Bench, connection: Connection, key: str, number: int, pause: float) -> list[tuple[str, float]]:
    """Take orders at an even rate (of SKUs that these accounts have not, so that each is one event): (id, when)."""
    begin, made = time.perf_counter(), []
    for place in range(number):
        await asyncio.sleep(max(0.0, begin + place * pause - time.perf_counter()))
        name = bench.world.next_name()
        answer = await connection.call(request("/v1/orders", key, order(name, bench.world.chance), once=name))
        if answer.status != 201:
            raise Broken(f"An order was not taken: {answer.status} {answer.body[:300]!r}")
        made.append((TAKEN.decode(answer.body).id, time.perf_counter()))
    return made


async def _all_heard(receiver: Receiver, taken: Sequence[tuple[str, float]]) -> None:
    """Wait until all endpoints but the dead one have heard of all these orders."""
    names = {name for name, _ in taken}
    # The dead endpoint is one of the first account's: of its orders one delivery less is heard.
    wanted = len(taken) * ENDPOINTS - len(taken) // ACCOUNTS

    async def heard() -> bool:
        return sum(name in names for _, name in receiver.heard) >= wanted

    await until(heard, f"{wanted} deliveries are made", PATIENCE)
