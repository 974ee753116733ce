"""Carriers' deliveries under fire: each sent many times at once, shuffled, before and while the parcels leave, and with
the workers killed in the middle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fulfilhub.demo.door import rows
from tests.faults.rig import WORKERS, Json, Rig, client, until
from tests.faults.shop import Rush, Shop
from tests.make.carriers import Letter, signed

TIMES = 8
ORDERS = 24
JOURNEY = ("picked_up", "in_transit", "out_for_delivery", "delivered")
LOOKS_AGAIN = 150.0
"""Seconds until what came before its parcel has been looked at once more."""


def events(numbers: Sequence[str]) -> list[Json]:
    """The whole journey of each parcel."""
    begun = datetime(2026, 11, 24, 9, tzinfo=UTC)
    return [
        {
            "tracking_number": number,
            "status": state,
            "occurred_at": (begun + timedelta(hours=place)).isoformat(),
            "text": f"{state} {number}",
        }
        for number in numbers
        for place, state in enumerate(JOURNEY)
    ]


def letters(secret: str, told: list[Json], dice: random.Random) -> list[Letter]:
    """Shuffled, some told twice, ten a delivery, each delivery many times."""
    sent = told + dice.sample(told, len(told) // 3)
    dice.shuffle(sent)
    parts = [sent[start : start + 10] for start in range(0, len(sent), 10)]
    made = [signed(secret, part, f"msg_{place}") for place, part in enumerate(parts) for _ in range(TIMES)]
    dice.shuffle(made)
    return made


async def test_events_survive_repeats_disorder_and_killed_workers(rig: Rig, shop: Shop) -> None:
    await Rush(shop, orders=ORDERS).run()
    await rig.settled()
    claim = await shop.claim()
    assert len(claim.work) == ORDERS
    made = await shop.merchant.post("/v1/carriers", {"name": "Evri"})
    connection = made["carrier"]
    assert isinstance(connection, dict)
    dice = random.Random(7)
    numbers = [f"T{work['id']}" for work in claim.work]
    sent = letters(str(made["secret"]), events(numbers), dice)
    kept = "SELECT count(*) FROM inbox WHERE account_id = $1 AND source LIKE 'carrier:%'"

    async def deliver() -> None:
        async with client(rig) as http:
            for start in range(0, len(sent), TIMES):
                answers = await asyncio.gather(
                    *(
                        http.post(connection["webhook_url"], content=letter.body, headers=letter.headers)
                        for letter in sent[start : start + TIMES]
                    )
                )
                assert {answer.status_code for answer in answers} == {200}

    async def ship() -> None:
        answers = await asyncio.gather(*(shop.work_on(claim, work, "ship") for work in claim.work))
        assert [answer.status_code for answer in answers] == [200] * ORDERS

    async def kill() -> None:
        async def under_way() -> bool:
            return await rig.number(kept, shop.id) >= len(sent) // TIMES // 2

        await until(under_way)
        for worker in WORKERS:
            rig.kill(worker)

    await asyncio.gather(deliver(), ship(), kill())
    await rig.settled(LOOKS_AGAIN)
    messages = [each async for each in shop.merchant.every(f"/v1/carriers/{connection['id']}/messages")]
    assert {(each["state"], each["repeats"]) for each in messages} == {("read", TIMES - 1)}
    assert len(messages) == len(sent) // TIMES
    found = [each async for each in shop.merchant.every("/v1/shipments")]
    assert len(found) == ORDERS
    for shipment in found:
        (parcel,) = rows(shipment["parcels"])
        told = rows((await shop.merchant.get(f"/v1/shipments/{shipment['id']}/tracking-events"))["data"])
        assert [each["state"] for each in told] == list(JOURNEY)
        assert [each["description"] for each in told] == [f"{state} {parcel['tracking_number']}" for state in JOURNEY]
        assert parcel["state"] == "delivered"
    assert len(await shop.told("order.delivered")) == ORDERS
    assert await rig.number("SELECT count(*) FROM early_scans WHERE account_id = $1", shop.id) == 0
