"""What a partner's own program hears: its work and nothing else, in few messages however many orders come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.receiver import FakeReceiver, receiver
from tests.make.scene import Hand, Json, Scene, a_hand, make_scene
from tests.make.world import Client, account
from tests.webhooks.conftest import Post, endpoint

TURN = timedelta(seconds=6)
"""Longer than what is told together takes to come together."""


@pytest.fixture
async def hand(worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Hand]:
    async with a_hand(worker_works, settings, vault) as made:
        yield made


@pytest.fixture
async def scene(hand: Hand, merchant: Client, partner: Client) -> Scene:
    return await make_scene(hand, merchant, partner)


@pytest.fixture
async def elsewhere(http: httpx.AsyncClient, platform_key: str, hand: Hand) -> Scene:
    """Another merchant at another partner."""
    return await make_scene(
        hand,
        await account(http, platform_key, "merchant", "Bob's Jugs"),
        await account(http, platform_key, "partner", "Slow 3PL"),
    )


class Program:
    """A partner's program: what it heard, each signature verified."""

    def __init__(self, scene: Scene, post: Post, inbox: FakeReceiver, secret: str) -> None:
        self.scene, self.post, self.inbox, self.secret = scene, post, inbox, secret
        self.read = 0

    async def heard(self, wait: timedelta = TURN) -> list[tuple[str, Json]]:
        """(type, data) of what came since the last look, in the order of the log."""
        await self.scene.hand.work_off()
        await self.scene.hand.later(wait)
        await self.post.later(timedelta())
        fresh = self.inbox.got[self.read :]
        self.read = len(self.inbox.got)
        told = [Webhook(self.secret).verify(each.body, each.headers) for each in fresh]
        assert all(len(each.body) < 20_000 for each in fresh)
        return [(each["type"], each["data"]) for each in sorted(told, key=lambda each: each["seq"])]


@pytest.fixture
async def program(scene: Scene, post: Post) -> AsyncIterator[Program]:
    async with receiver() as inbox:
        hook = await endpoint(scene.partner, inbox.url)
        made = Program(scene, post, inbox, hook.secret)
        await made.heard()
        yield made


def batch(count: int, first: int = 0) -> list[Json]:
    return [
        {
            "external_id": f"b-{place}",
            "number": f"b-{place}",
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
            "lines": [{"external_id": "1", "sku": "MUG", "title": "Mug", "quantity": 1}],
        }
        for place in range(first, first + count)
    ]


async def test_a_rush_is_told_in_a_few_messages(scene: Scene, program: Program) -> None:
    scene.hand.stop()
    receipt = {"merchant_id": scene.merchant.account_id, "warehouse_id": scene.warehouse}
    await scene.partner.made("/v1/stock/receipts", {**receipt, "lines": [{"sku": "MUG", "quantity": 1_000}]})
    for start in range(0, 1_000, 250):
        await scene.merchant.made("/v1/orders/batch", {"orders": batch(250, start)})
    told = await program.heard()
    assert {kind for kind, _ in told} == {"work.queued"}
    assert len(told) <= 4
    ids = [each for _, data in told for each in data["work_order_ids"]]
    assert len(ids) == len(set(ids)) == 1_000
    assert {data["warehouse_id"] for _, data in told} == {scene.warehouse}
    first: Any = await scene.partner.get(f"/v1/work/orders/{ids[0]}")
    assert first.status_code == 200


async def test_what_was_claimed_before_anybody_was_told_is_not_told(scene: Scene, program: Program) -> None:
    scene.hand.stop()
    await scene.order("o-1")
    await scene.claim()
    await scene.order("o-2")
    told = await program.heard()
    assert [(kind, len(data["work_order_ids"])) for kind, data in told] == [("work.queued", 1)]


async def test_holds_and_cancels_reach_who_has_the_work(scene: Scene, program: Program) -> None:
    order = await scene.order("o-1")
    ((_, queued),) = await program.heard()
    work = queued["work_order_ids"]
    hold: Any = await scene.merchant.made(f"/v1/orders/{order}/holds", {"reason": "fraud_risk", "note": "Secret."})
    held = await program.heard()
    assert held == [("work.held", {"warehouse_id": scene.warehouse, "work_order_ids": work})]
    released = await scene.merchant.post(f"/v1/orders/{order}/holds/{hold['holds'][0]['id']}/release", {})
    assert released.is_success, released.text
    assert await program.heard() == [("work.resumed", {"warehouse_id": scene.warehouse, "work_order_ids": work})]
    await scene.merchant.made(f"/v1/orders/{order}/cancel", {})
    assert await program.heard() == [("work.withdrawn", {"warehouse_id": scene.warehouse, "work_order_ids": work})]


async def test_requests_are_told_when_they_are_made_and_when_they_end(scene: Scene, program: Program) -> None:
    order = await scene.order("o-1")
    lease, (work,) = await scene.claim()
    await scene.partner.made(f"/v1/work/orders/{work['id']}/accept", {"lease_id": lease})
    await program.heard()
    asked = (await scene.merchant.post(f"/v1/orders/{order}/cancel", {})).json()
    ((kind, data),) = await program.heard()
    assert (kind, data["work_order_id"], data["kind"]) == ("work.change_requested", work["id"], "cancel")
    assert set(data) == {"warehouse_id", "work_order_id", "change_id", "kind", "answer_by"}
    (request,) = (await scene.partner.get("/v1/work/requests")).json()["data"]
    assert request["id"] == data["change_id"]
    change = asked["requests"][0]["id"]
    gone = await scene.merchant.post(f"/v1/orders/{order}/requests/{change}/withdraw", {})
    assert gone.is_success, gone.text
    ((kind, data),) = await program.heard()
    assert (kind, data["state"], data["carried_out"]) == ("work.change_closed", "withdrawn", False)


async def test_silence_is_told_too(scene: Scene, program: Program) -> None:
    await scene.merchant.put("/v1/request-policy", {"answer_minutes": 1, "on_silence": "refuse"})
    order = await scene.order("o-1")
    lease, (work,) = await scene.claim()
    await scene.partner.made(f"/v1/work/orders/{work['id']}/accept", {"lease_id": lease})
    await scene.merchant.post(f"/v1/orders/{order}/cancel", {})
    await program.heard()
    told = await program.heard(timedelta(minutes=2))
    assert [(kind, data["state"]) for kind, data in told] == [("work.change_closed", "timed_out")]


async def test_a_claim_that_ran_out_is_told_and_one_that_was_extended_or_done_is_not(
    scene: Scene, program: Program
) -> None:
    for place in range(3):
        await scene.order(f"o-{place}")
    await program.heard()
    lease, (lost, kept) = await scene.claim(limit=2, lease_seconds=60)
    await scene.partner.made(
        f"/v1/work/orders/{kept['id']}/ship",
        {"lease_id": lease, "parcels": [{"carrier": "evri", "tracking_number": "H01"}]},
    )
    extended, (_,) = await scene.claim(lease_seconds=60)
    await scene.partner.made(f"/v1/work/leases/{extended}/extend", {"lease_seconds": 3600})
    told = await program.heard(timedelta(seconds=90))
    wanted = {"warehouse_id": scene.warehouse, "lease_id": lease, "work_order_ids": [lost["id"]]}
    assert told == [("work.claim_expired", wanted)]


async def test_returns_are_announced_and_called_off(scene: Scene, program: Program) -> None:
    shipment = await scene.ship("H01", "o-1")
    (order,) = (await scene.merchant.get("/v1/orders")).json()["data"]
    scan = {"tracking_number": "H01", "state": "delivered", "occurred_at": "2026-11-24T09:00:00Z"}
    assert (await scene.merchant.post("/v1/tracking-events", {"events": [scan]})).is_success, shipment
    await program.heard()
    whole = (await scene.merchant.get(f"/v1/orders/{order['id']}")).json()
    lines = [{"line_id": whole["lines"][0]["id"], "quantity": 1, "reason": "changed_mind"}]
    made: Any = await scene.merchant.made("/v1/returns", {"order_id": order["id"], "lines": lines})
    assert made["state"] == "approved"
    told = await program.heard()
    assert told == [("work.return_expected", {"return_id": made["id"], "warehouse_id": scene.warehouse})]
    assert (await scene.partner.get(f"/v1/work/returns/{made['id']}")).status_code == 200
    await scene.merchant.made(f"/v1/returns/{made['id']}/cancel", {})
    ((kind, data),) = await program.heard()
    assert (kind, data["state"]) == ("work.return_changed", "cancelled")


async def test_a_partner_never_hears_of_anothers_work_nor_a_merchant_of_the_partners_log(
    scene: Scene, elsewhere: Scene, program: Program, post: Post
) -> None:
    async with receiver() as theirs, receiver() as shop:
        await endpoint(elsewhere.partner, theirs.url)
        await endpoint(scene.merchant, shop.url)
        order = await scene.order("o-1")
        lease, (work,) = await scene.claim()
        await scene.partner.made(f"/v1/work/orders/{work['id']}/accept", {"lease_id": lease})
        await scene.merchant.post(f"/v1/orders/{order}/cancel", {})
        await scene.order("o-2")
        told = await program.heard()
        assert {kind for kind, _ in told} == {"work.queued", "work.change_requested"}
        assert theirs.got == []
        assert shop.got
        assert not [each for each in shop.got if json.loads(each.body)["type"].startswith("work.")]
    log = (await elsewhere.partner.get("/v1/events", limit=200)).json()["data"]
    assert not [event for event in log if event["type"].startswith("work.")]
    text = json.dumps(told)
    for private in (order, "ord_", "Ada", "Mill Lane", "example.test", scene.merchant.account_id, "MUG", "o-2"):
        assert private not in text


async def test_each_kind_of_account_subscribes_to_its_own(merchant: Client, partner: Client) -> None:
    theirs = {each["type"] for each in (await partner.get("/v1/webhook-event-types")).json()["data"]}
    ours = {each["type"] for each in (await merchant.get("/v1/webhook-event-types")).json()["data"]}
    assert {"work.queued", "work.change_requested", "work.return_expected"} <= theirs - ours
    assert "order.received" in ours - theirs
    refused = await merchant.post(
        "/v1/webhook-endpoints", {"url": "https://example.com/in", "event_types": ["work.queued"]}, once=None
    )
    assert refused.status_code == 422
