"""The log of a partner's work: everything once and in order, also after a day away, and as soon as it happens."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

from fulfilhub.accounts import events as accounts
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.fulfilment import events as fulfilment
from fulfilhub.fulfilment.commands.watching import find_late
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Unavailable
from fulfilhub.platform.events import Fact
from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.waiting import Watch
from fulfilhub.platform.work import Works
from fulfilhub.returns import events as returns
from fulfilhub.webhooks.rules.payloads import PUBLIC
from tests.make.scene import Hand, Json, Scene
from tests.make.world import Client

TURN = timedelta(seconds=6)


async def numbered(hand: Hand, wait: timedelta = TURN) -> None:
    """Workers and relay have done what there is to do, a moment later."""
    await hand.work_off()
    await hand.later(wait)
    await Relay(hand.works, lambda handed: None, {}, 1.0).number_events()


async def read(client: Client, after: str = "", **query: str | int) -> tuple[list[Json], str]:
    """All that came since, page by page, and where to go on."""
    found: list[Json] = []
    while True:
        answer = await client.get("/v1/work/events", after=after, limit=2, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found, after = found + page["data"], page["next_cursor"]
        if not page["has_more"]:
            return found, after


def types(events: list[Json]) -> list[str]:
    return [each["type"] for each in events]


async def test_a_system_that_was_down_catches_up_exactly(scene: Scene) -> None:
    await numbered(scene.hand)
    agreed, since = await read(scene.partner)
    assert types(agreed) == ["contract.changed", "contract.changed"]
    scene.hand.stop()
    kept, gone, moved = [await scene.order(f"o-{place}") for place in range(3)]
    await numbered(scene.hand)
    hold: Any = await scene.merchant.made(f"/v1/orders/{kept}/holds", {"reason": "fraud_risk"})
    await numbered(scene.hand)
    await scene.merchant.made(f"/v1/orders/{kept}/holds/{hold['holds'][0]['id']}/release", {})
    await numbered(scene.hand)
    await scene.merchant.made(f"/v1/orders/{gone}/cancel", {})
    street = {"line1": "2 Mill Lane", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB", "name": "Ada Test"}
    answer = await scene.merchant.patch(f"/v1/orders/{moved}", {"ship_to": street})
    assert answer.is_success, answer.text
    await numbered(scene.hand)
    lease, (work, *_) = await scene.claim(lease_seconds=900)
    await scene.partner.made(f"/v1/work/orders/{work['id']}/accept", {"lease_id": lease})
    asked: Any = (await scene.merchant.post(f"/v1/orders/{kept}/cancel", {})).json()
    await numbered(scene.hand)
    await scene.merchant.post(f"/v1/orders/{kept}/requests/{asked['requests'][0]['id']}/withdraw", {})
    await numbered(scene.hand, timedelta(minutes=15))
    missed, end = await read(scene.partner, since)
    assert types(missed) == [
        *("work.queued", "work.held", "work.resumed"),
        *("work.withdrawn", "work.changed", "work.change_requested", "work.change_closed", "work.claim_expired"),
    ]
    assert await read(scene.partner, end) == ([], end)
    again, _ = await read(scene.partner, since)
    assert again == missed


async def test_who_has_work_is_told_once_of_what_is_new_of_its_order(scene: Scene) -> None:
    scene.hand.stop()
    order = await scene.order("o-1")
    await numbered(scene.hand)
    _, since = await read(scene.partner)
    street = {"line1": "2 Mill Lane", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB", "name": "Ada Test"}
    for change in ({"ship_to": street, "gift_message": "For you!"}, {"gift_message": "For Grace!"}):
        answer = await scene.merchant.patch(f"/v1/orders/{order}", change)
        assert answer.is_success, answer.text
        await numbered(scene.hand)
        told, since = await read(scene.partner, since)
        assert types(told) == ["work.changed"]
    lease, (work,) = await scene.claim()
    assert (work["ship_to"]["line1"], work["packing"]["gift_message"]) == ("2 Mill Lane", "For Grace!")
    await scene.partner.made(f"/v1/work/orders/{work['id']}/accept", {"lease_id": lease})
    await scene.merchant.patch(f"/v1/orders/{order}", {"gift_message": ""})
    await numbered(scene.hand)
    told, since = await read(scene.partner, since)
    assert types(told) == ["work.changed"]
    await scene.merchant.patch(f"/v1/orders/{order}", {"note": "Regular."})
    await numbered(scene.hand)
    assert await read(scene.partner, since) == ([], since)


def test_webhooks_tell_all_that_the_log_tells() -> None:
    facts = {
        value.TYPE
        for module in (fulfilment, returns, accounts)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Fact) and value.TYPE.startswith(("work.", "contract."))
    }
    assert len(facts) > 10
    assert facts <= {public.fact.TYPE for public in PUBLIC if AccountKind.PARTNER in public.kinds}


async def test_who_waits_is_answered_as_soon_as_something_happens(scene: Scene) -> None:
    await numbered(scene.hand)
    _, since = await read(scene.partner)
    waiting = asyncio.create_task(scene.partner.get("/v1/work/events", after=since, wait=30))
    await scene.order("o-1")
    await numbered(scene.hand)
    begun = time.monotonic()
    answer = await asyncio.wait_for(waiting, 30)
    assert types(answer.json()["data"]) == ["work.queued"]
    assert time.monotonic() - begun < 30


async def test_who_waits_in_vain_goes_on_from_what_was_passed_over(scene: Scene) -> None:
    await scene.partner.made("/v1/api-keys", {"name": "another"})  # in the partner's log, but not about work
    await numbered(scene.hand)
    _, since = await read(scene.partner)
    answer = (await scene.partner.get("/v1/work/events", after=since, wait=1)).json()
    assert (answer["data"], answer["has_more"]) == ([], False)
    log = (await scene.partner.get("/v1/events", cursor=answer["next_cursor"])).json()
    assert log["data"] == []


async def test_a_merchant_reads_of_its_own_warehouses_work(scene: Scene) -> None:
    await scene.order("o-1")
    await numbered(scene.hand)
    events, _ = await read(scene.merchant)
    assert types(events) == ["fulfilment.queued"]
    assert (await scene.partner.get("/v1/work/events", wait=31)).status_code == 422
    assert (await scene.partner.get("/v1/work/events", after="nonsense")).status_code == 422


async def test_waiting_holds_no_connection_and_outlives_a_database_that_is_away(works: Works, scene: Scene) -> None:
    await numbered(scene.hand)
    account_id = ids.ACCOUNT.find(scene.partner.account_id)
    looks = 0

    class Away:
        """The first look finds nobody; after that it is the real one."""

        def begin(self, scope: Any) -> Any:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise Unavailable("away")
            return works.begin(scope)

    watch = Watch(Away(), tick=0.01)  # type: ignore[arg-type]
    many = await asyncio.gather(*(watch.beyond(account_id, 0, 20) for _ in range(50)))
    assert (all(many), looks) == (True, 2)
    assert await watch.beyond(account_id, 10**9, 0.05) is False
    waiting = asyncio.create_task(watch.beyond(account_id, 10**9, 20))
    await asyncio.sleep(0)
    watch.close()
    assert await waiting is False


async def test_what_a_contract_asks_for_in_vain_is_shown_and_told_to_both(scene: Scene) -> None:
    contract = (await scene.merchant.get("/v1/contracts")).json()["data"][0]
    terms = {"accept_within_minutes": 5, "ship_by_cutoff": True, "warehouse_ids": [scene.warehouse]}
    await scene.merchant.made(f"/v1/contracts/{contract['id']}/versions", {**terms, "starts_on": "2026-01-01"})
    await scene.partner.made(f"/v1/contracts/{contract['id']}/accept", {})
    await scene.order("late")
    await scene.order("in time")
    lease, (late, in_time) = await scene.claim(limit=2)
    assert (late["late"], late["leave_by"]) == ([], late["ship_by"])
    await scene.partner.made(f"/v1/work/orders/{in_time['id']}/accept", {"lease_id": lease})
    await numbered(scene.hand)
    _, since = await read(scene.partner)
    scene.hand.ahead += timedelta(minutes=6)
    await _watch(scene.hand)
    await numbered(scene.hand)
    scene.hand.ahead += timedelta(days=30)
    await _watch(scene.hand)
    await _watch(scene.hand)
    await numbered(scene.hand)
    events, _ = await read(scene.partner, since)
    told = [(each["data"]["what"], each["data"]["work_order_ids"]) for each in events if each["type"] == "work.late"]
    assert [what for what, _ in told] == ["accept", "ship"]
    assert told[0][1] == [late["id"]]
    assert sorted(told[1][1]) == sorted([late["id"], in_time["id"]])
    mine = (await scene.merchant.get("/v1/events", type="fulfilment.late")).json()["data"]
    assert [each["data"]["what"] for each in mine] == ["accept", "ship", "ship"]


async def _watch(hand: Hand) -> None:
    async with hand.works.begin(Platform("test")) as work:
        assert not await find_late(work)
