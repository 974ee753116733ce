"""The door carriers call: who is let in, what is kept, and what becomes of it."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from fulfilhub.auditing import audit
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import new_signing_secret
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.carriers.conftest import Connected, connect, event
from tests.fulfilment.desk import BOOKS
from tests.make.carriers import signed
from tests.make.scene import Scene
from tests.make.world import Client

JOURNEY = ("picked_up", "in_transit", "out_for_delivery", "delivered")


def journey(number: str) -> list[dict[str, Any]]:
    return [event(number, state, place) for place, state in enumerate(JOURNEY)]


async def check_books(settings: Settings) -> None:
    found = await audit(settings)
    assert {check.name: check.breaks for check in found.checks if check.breaks and check.name in BOOKS} == {}


async def test_a_signed_delivery_moves_its_parcel_and_is_listed(scene: Scene, settings: Settings) -> None:
    shipment = await scene.ship("H0 1")
    evri = await connect(scene.merchant, carrier="evri", statuses={"DLVD": "delivered"})
    told = {**event("H01", "", 3, code="DLVD", text="Handed over", location="Leeds", signed_by="A. Test"), "id": "e4"}
    answer = await evri.send([*journey("H01")[:3], told])
    assert (answer.status_code, answer.json()) == (200, {"received": True, "repeated": False})
    assert [each["state"] for each in await evri.messages()] == ["waiting"]
    await scene.hand.work_off()
    assert await scene.state(shipment) == "delivered"
    timeline = await scene.timeline(shipment)
    assert [each["state"] for each in timeline] == list(JOURNEY)
    assert (timeline[3]["code"], timeline[3]["signed_by"], timeline[3]["location"]) == ("DLVD", "A. Test", "Leeds")
    (message,) = await evri.messages(state="read")
    assert (message["detail"], message["repeats"]) == (None, 0)
    assert (await scene.merchant.get(f"/v1/carriers/{evri.id}")).json()["last_seen_at"]
    await check_books(settings)


async def test_a_partner_tells_of_what_it_shipped(scene: Scene) -> None:
    shipment = await scene.ship("H01")
    evri = await connect(scene.partner)
    assert (await evri.send(event("H01", "delivered"))).status_code == 200
    await scene.hand.work_off()
    assert await scene.state(shipment) == "delivered"


async def test_the_same_delivery_is_kept_once_however_often_it_comes(scene: Scene, settings: Settings) -> None:
    shipment = await scene.ship("H01")
    evri = await connect(scene.merchant)
    letters = [signed(evri.secret, journey("H01"), "msg_1") for _ in range(8)]
    answers = await asyncio.gather(*(evri.post(letter) for letter in letters))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert sum(answer.json()["repeated"] for answer in answers) == 7
    await scene.hand.work_off()
    (message,) = await evri.messages()
    assert (message["state"], message["repeats"]) == ("read", 7)
    assert [each["state"] for each in await scene.timeline(shipment)] == list(JOURNEY)
    await check_books(settings)


async def test_only_what_is_signed_now_with_a_live_secret_is_let_in(scene: Scene, elsewhere: Scene) -> None:
    evri, other = await connect(scene.merchant), await connect(elsewhere.merchant)
    told = [event("H01", "delivered")]
    good = signed(evri.secret, told)
    cases = {
        "bad_signature": [
            signed(new_signing_secret(), told),
            signed(other.secret, told),
            good.__class__({**good.headers, "webhook-id": "msg_other"}, good.body),
            good.__class__(good.headers, good.body + b" "),
            good.__class__({**good.headers, "webhook-signature": "v1,!!"}, good.body),
            good.__class__({**good.headers, "webhook-signature": "nonsense"}, good.body),
            good.__class__({"content-type": "application/json"}, good.body),
            good.__class__(good.headers, b"\xff\xfe"),
            signed(evri.secret, told, "x" * 256),
        ],
        "stale_timestamp": [
            signed(evri.secret, told, ago=timedelta(minutes=6)),
            signed(evri.secret, told, ago=timedelta(minutes=-6)),
        ],
    }
    for code, letters in cases.items():
        for letter in letters:
            answer = await evri.post(letter)
            assert (answer.status_code, answer.json()["code"]) == (401, code), (letter, answer.text)
    assert await evri.messages() == []
    assert (await evri.post(good)).status_code == 200


async def test_two_secrets_are_honoured_while_one_takes_the_others_place(merchant: Client) -> None:
    evri = await connect(merchant)
    first = evri.secret
    made: Any = await merchant.made(f"/v1/carriers/{evri.id}/rotate-secret", {"overlap_hours": 1})
    for secret in (first, made["secret"]):
        assert (await evri.post(signed(secret, [event("H01", "delivered")]))).status_code == 200
    own = new_signing_secret()
    told: Any = await merchant.made(f"/v1/carriers/{evri.id}/rotate-secret", {"overlap_hours": 0, "secret": own})
    assert told["secret"] is None
    statuses = [(await evri.post(signed(secret, []))).status_code for secret in (first, made["secret"], own)]
    assert statuses == [401, 401, 200]


async def test_a_disabled_connection_keeps_nothing(merchant: Client) -> None:
    evri = await connect(merchant)
    off = await merchant.patch(f"/v1/carriers/{evri.id}", {"enabled": False})
    assert (off.status_code, off.json()["enabled"]) == (200, False)
    letter = signed(evri.secret, [event("H01", "delivered")])
    answer = await evri.post(letter)
    assert (answer.status_code, answer.json()["code"]) == (409, "carrier_disabled")
    assert await evri.messages() == []
    await merchant.patch(f"/v1/carriers/{evri.id}", {"enabled": True})
    assert (await evri.post(letter)).json()["repeated"] is False


async def test_what_could_not_be_read_is_read_again_once_its_words_are_known(scene: Scene) -> None:
    shipment = await scene.ship("H01")
    evri = await connect(scene.merchant)
    told = [event("H01", "in_transit"), event("H01", "", 5, code="PODX")]
    await evri.send(told)
    await evri.send(None, body=b"hello")
    await scene.hand.work_off()
    assert await scene.state(shipment) == "in_transit"
    partly, unreadable = await evri.messages()
    assert (partly["state"], unreadable["state"]) == ("partly", "unreadable")
    assert "Event 1: The code 'PODX' is not in `statuses`" in partly["detail"]
    assert unreadable["detail"] == "It is not JSON."
    assert [each["id"] for each in await evri.messages(state="partly")] == [partly["id"]]
    await scene.merchant.patch(f"/v1/carriers/{evri.id}", {"statuses": {"podx": "delivered"}})
    again = f"/v1/carriers/{evri.id}/messages/{partly['id']}/retry"
    for _ in range(2):
        assert (await scene.merchant.made(again, {}))["state"] == "waiting"
    await scene.hand.work_off()
    assert await scene.state(shipment) == "delivered"
    assert [each["state"] for each in await scene.timeline(shipment)] == ["in_transit", "delivered"]
    assert (await evri.messages())[0]["state"] == "read"


async def test_what_is_no_longer_kept_cannot_be_read_again(scene: Scene, worker_works: Works) -> None:
    evri = await connect(scene.merchant)
    await evri.send([event("H01", "lost")])
    await scene.hand.work_off()
    (message,) = await evri.messages()
    async with worker_works.begin(Platform("a month later")) as work:
        await work.db.execute(text("UPDATE inbox SET payload = NULL WHERE source LIKE 'carrier:%'"))
    answer = await scene.merchant.post(f"/v1/carriers/{evri.id}/messages/{message['id']}/retry", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "content_expired")


@pytest.mark.parametrize("whose", ["merchant", "partner"])
async def test_events_that_come_before_their_parcel_wait_for_it(scene: Scene, settings: Settings, whose: str) -> None:
    evri = await connect(getattr(scene, whose))
    await evri.send([event("H01", "picked_up"), event("h0-1", "in_transit", 5), event("H01", "picked_up", text="x")])
    await scene.hand.work_off()
    (message,) = await evri.messages()
    assert (message["state"], message["detail"]) == ("read", "3 of 3 events wait for their parcel to be shipped.")
    shipment = await scene.ship("H01")
    await scene.hand.work_off()
    assert await scene.state(shipment) == "in_transit"
    assert [(each["state"], each["description"]) for each in await scene.timeline(shipment)] == [
        ("picked_up", "x"),
        ("in_transit", ""),
    ]
    await check_books(settings)


async def test_a_handover_that_saw_nothing_of_an_event_beside_it_is_caught_up_with(
    scene: Scene, worker_works: Works
) -> None:
    evri = await connect(scene.merchant)
    await evri.send([event("H01", "in_transit")])
    await scene.hand.work_off()
    shipment = await scene.ship("H01")
    async with worker_works.begin(Platform("as if the handover had looked before the event was kept")) as work:
        await work.db.execute(
            text("DELETE FROM jobs WHERE kind = 'shipping.match_scans' AND due_at <= :now"), {"now": work.now}
        )
    await scene.hand.work_off()
    assert await scene.state(shipment) == "label_created"
    await scene.hand.later(timedelta(minutes=2))
    assert await scene.state(shipment) == "in_transit"


async def test_nobody_moves_anothers_parcel(scene: Scene, elsewhere: Scene) -> None:
    mine, theirs = await scene.ship("H01"), await elsewhere.ship("H02")
    doors = [await connect(owner) for owner in (elsewhere.merchant, elsewhere.partner)]
    for door in doors:
        await door.send([event("H01", "delivered"), event("H02", "in_transit")])
    await scene.hand.work_off()
    assert (await scene.state(mine), await elsewhere.state(theirs)) == ("label_created", "in_transit")
    for door in doors:
        assert [each["detail"] for each in await door.messages()] == [
            "1 of 2 events wait for their parcel to be shipped."
        ]
    second = await scene.ship("H03")
    await doors[0].send([event("H03", "delivered")])
    await scene.hand.work_off()
    assert await scene.state(second) == "label_created"


async def test_a_merchants_own_number_is_not_taken_for_one_of_its_partners_other_merchant(
    scene: Scene, elsewhere: Scene
) -> None:
    """Two merchants whose parcels carry the same number by chance."""
    mine, theirs = await scene.ship("H01"), await elsewhere.ship("H01")
    await (await connect(scene.merchant)).send([event("H01", "delivered")])
    await scene.hand.work_off()
    assert (await scene.state(mine), await elsewhere.state(theirs)) == ("delivered", "label_created")


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_and_any_repetition_end_the_same(scene: Scene, settings: Settings, seed: int) -> None:
    dice = random.Random(seed)
    evri, told = (
        await connect(scene.merchant),
        [
            *journey("H01"),
            event("H01", "in_transit", 1, text="Sorted"),
            event("H01", "in_transit", 1, location="Leeds", text="At the hub"),
            event("H01", "exception", 9),
        ],
    )
    sent = told + dice.choices(told, k=6)
    dice.shuffle(sent)
    shipment = ""
    cuts = sorted(dice.sample(range(1, len(sent)), 3))
    parts = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    ships_after = dice.randrange(len(parts))
    for place, part in enumerate(parts):
        await evri.send(part)
        if place % 2:
            await scene.hand.work_off()
        if place == ships_after:
            shipment = await scene.ship("H01")
    await scene.hand.work_off()
    assert await scene.state(shipment) == "delivered"
    assert [(each["state"], each["description"], each["location"]) for each in await scene.timeline(shipment)] == [
        ("picked_up", "", ""),
        ("in_transit", "Sorted", "Leeds"),
        ("out_for_delivery", "", ""),
        ("delivered", "", ""),
        ("exception", "", ""),
    ]
    await check_books(settings)


async def test_connections_are_made_listed_changed_and_never_shown_to_others(merchant: Client, partner: Client) -> None:
    own = new_signing_secret()
    made = [await connect(merchant), await connect(merchant, name="Own", secret=own)]
    listed = (await merchant.get("/v1/carriers")).json()["data"]
    assert [each["id"] for each in listed] == [each.id for each in made]
    assert all("secret" not in each for each in listed)
    assert listed[0]["webhook_url"].endswith(f"/v1/carriers/{made[0].id}/webhook")
    assert (await partner.get("/v1/carriers")).json()["data"] == []
    for answer in (
        await partner.get(f"/v1/carriers/{made[0].id}"),
        await partner.get(f"/v1/carriers/{made[0].id}/messages"),
        await partner.patch(f"/v1/carriers/{made[0].id}", {"name": "Mine"}),
    ):
        assert answer.status_code == 404
    path = f"/v1/carriers/{made[0].id}"
    assert (await merchant.patch(path, {"name": "New"}, **{"If-Match": '"1"'})).json()["version"] == 2
    assert (await merchant.patch(path, {"name": "Newer"}, **{"If-Match": '"1"'})).status_code == 412
    for bad in ({"statuses": {"A": "lost"}}, {"statuses": {"a": "delivered", "A": "returned"}}):
        assert (await merchant.patch(path, bad)).status_code == 422
    weak = await merchant.post("/v1/carriers", {"name": "Weak", "secret": "whsec_c2hvcnQ="}, once=None)
    assert (weak.status_code, weak.json()["errors"][0]["pointer"]) == (422, "/secret")


async def test_a_message_belongs_to_its_connection(scene: Scene) -> None:
    first, second = await connect(scene.merchant), await connect(scene.merchant)
    await first.send([event("H01", "lost")])
    (message,) = await first.messages()
    for carrier in (second.id, first.id):
        answer = await scene.merchant.post(f"/v1/carriers/{carrier}/messages/{message['id']}/retry", {})
        assert answer.status_code == (404 if carrier == second.id else 200)


async def test_what_is_kept_is_sealed(scene: Scene, worker_works: Works) -> None:
    evri: Connected = await connect(scene.merchant)
    await evri.send([event("H01", "delivered", signed_by="Ada Lovelace")])
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.fetch_raw("SELECT payload FROM inbox WHERE source LIKE 'carrier:%'")
        secrets = await work.fetch_raw("SELECT secrets FROM carrier_connections")
    assert all(b"Ada" not in row[0] for row in rows)
    assert all(evri.secret.encode() not in row[0] for row in secrets)
