"""One door for the webhooks of all shops that our app is in: signed, kept raw first, read once, and never lost."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from fulfilhub.demo.storefronts.shop import signature
from fulfilhub.platform import ids, inbox
from fulfilhub.stores import queries
from fulfilhub.stores.commands.deliveries import keep_answers
from tests.fakes.shopify import messages, orders
from tests.stores.shopify.conftest import NEW, OLD, Json, Rig


def order_of(rig: Rig, title: str = "Mug") -> Json:
    """What `orders/create` tells."""
    shop = rig.shop
    shop.outbox.subscriptions[:] = [messages.Subscription("/shopify/webhooks", frozenset({"orders/create"}))]
    orders.place(shop, [(shop.add_product("MUG", title, "8.50"), 2)])
    payload = shop.outbox.of("orders/create")[-1].payload
    assert isinstance(payload, dict)
    return payload


async def taken(rig: Rig) -> list[str]:
    return [each["external_id"] for each in (await rig.merchant.get("/v1/orders")).json()["data"]]


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_any_live_secret_opens_it(rig: Rig, secret: str) -> None:
    await rig.connected()
    order = order_of(rig)
    assert (await rig.told("orders/create", order, secret=secret)).json() == {"received": True}
    await rig.read()
    assert await taken(rig) == [order["admin_graphql_api_id"]]


async def test_nothing_else_does(rig: Rig) -> None:
    store_id = await rig.connected()
    order = order_of(rig)
    assert (await rig.told("orders/create", order, secret="x" * 38)).status_code == 401
    assert (await rig.told("orders/create", order, headers={"X-Shopify-Hmac-Sha256": ""})).status_code == 401
    one = messages.message(rig.shop, "/shopify/webhooks", "orders/create", order)
    changed = await rig.http.post("/shopify/webhooks", content=one.body + b" ", headers=one.headers)
    assert changed.status_code == 401
    assert await rig.messages(store_id) == []


async def test_a_repeat_is_kept_once_also_when_all_come_at_once(rig: Rig) -> None:
    store_id = await rig.connected()
    one = messages.message(rig.shop, "/shopify/webhooks", "orders/create", order_of(rig))

    async def deliver() -> httpx.Response:
        return await rig.http.post("/shopify/webhooks", content=one.body, headers=one.headers)

    answers = await asyncio.gather(*(deliver() for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    (message,) = await rig.messages(store_id)
    assert message["repeats"] == 4
    await rig.read()
    assert len(await taken(rig)) == 1


async def test_topics_of_one_action_are_different_messages(rig: Rig) -> None:
    store_id = await rig.connected()
    order = order_of(rig)
    event = {"X-Shopify-Event-Id": "one-action"}
    for topic in ("orders/create", "orders/paid"):
        await rig.told(topic, order, headers=event)
    assert len(await rig.messages(store_id)) == 2


async def test_a_shop_that_nobody_has_connected_is_thanked_and_forgotten(rig: Rig) -> None:
    store_id = await rig.connected()
    assert (await rig.told("orders/create", order_of(rig), rig.other)).status_code == 200
    no_shop = {"X-Shopify-Shop-Domain": "not a shop"}
    assert (await rig.told("orders/create", {}, headers=no_shop)).status_code == 200
    assert await rig.messages(store_id) == []


async def test_each_shop_is_told_apart(rig: Rig) -> None:
    first, second = await rig.connected(), await rig.connected(rig.other)
    assert first != second
    await rig.told("orders/create", order_of(rig), rig.other)
    assert (await rig.messages(first), len(await rig.messages(second))) == ([], 1)


class TestRemoved:
    async def test_the_token_is_dropped_and_the_orders_stay(self, rig: Rig) -> None:
        store_id = await rig.connected()
        await rig.told("orders/create", order_of(rig))
        await rig.read()
        await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})
        await rig.read()
        store = (await rig.merchant.get(f"/v1/stores/{ids.STORE.show(store_id)}")).json()
        assert store["state"] == "disconnected"
        install = await rig.install(store_id)
        assert (install["state"], install["token_expires_at"]) == ("uninstalled", None)
        assert await rig.credentials(store_id) == {}
        assert len(await taken(rig)) == 1
        asked = len(rig.shop.asked)
        for kind in ("stores.sweep", "stores.tell", "stores.read_orders"):
            await rig.hand.run(kind, later=1)
        assert len(rig.shop.asked) == asked, "nothing is asked of a shop that is gone"
        told = (await rig.page("/shopify/session")).json()
        assert told["connected"] is False

    async def test_a_late_message_of_the_install_before_ends_nothing(self, rig: Rig) -> None:
        store_id = await rig.connected()
        before = (rig.shop.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        gone = {"myshopify_domain": rig.shop.domain}
        await rig.told("app/uninstalled", gone, headers={"X-Shopify-Triggered-At": before})
        await rig.read()
        assert (await rig.install(store_id))["state"] == "installed"
        (message,) = await rig.messages(store_id)
        assert message["state"] == "ignored"

    async def test_what_was_signed_for_another_shop_ends_nothing(self, rig: Rig) -> None:
        store_id = await rig.connected()
        await rig.told("app/uninstalled", {"myshopify_domain": rig.other.domain})
        await rig.read()
        assert (await rig.install(store_id))["state"] == "installed"
        (message,) = await rig.messages(store_id)
        assert (message["state"], message["detail"]) == ("unreadable", "It is about another shop than it says.")

    async def test_it_can_be_installed_again(self, rig: Rig) -> None:
        store_id = await rig.connected()
        await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})
        await rig.read()
        assert await rig.connected() == store_id
        install = await rig.install(store_id)
        assert (install["state"], install["ended_at"]) == ("installed", None)


class TestWhatCantBeRead:
    async def test_it_is_listed_with_its_reason_and_read_again_on_request(self, rig: Rig) -> None:
        store_id = await rig.connected()
        order = order_of(rig)
        del order["line_items"]
        del order["financial_status"]
        await rig.told("orders/create", order)
        await rig.read()
        (message,) = await rig.messages(store_id)
        assert (message["state"], message["detail"]) == ("unreadable", "It is not in the store's format.")
        path = f"/v1/stores/{ids.STORE.show(store_id)}/messages/{message['id']}/retry"
        again = await rig.merchant.post(path)
        assert (again.status_code, again.json()["state"]) == (200, "waiting"), again.text
        assert (await rig.merchant.post(path)).json()["state"] == "waiting"
        await rig.read()
        assert (await rig.messages(store_id))[0]["state"] == "unreadable"
        await rig.execute("UPDATE inbox SET payload = NULL")
        expired = await rig.merchant.post(path)
        assert (expired.status_code, expired.json()["code"]) == (409, "content_expired")

    async def test_what_was_done_is_not_done_twice(self, rig: Rig) -> None:
        store_id = await rig.connected()
        await rig.told("orders/create", order_of(rig))
        await rig.read()
        (message,) = await rig.messages(store_id)
        refused = await rig.merchant.post(f"/v1/stores/{ids.STORE.show(store_id)}/messages/{message['id']}/retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "already_read")

    async def test_an_answer_is_kept_as_it_came(self, rig: Rig) -> None:
        store_id = await rig.connected()
        order = "gid://shopify/Order/7"
        strange = {order: ({"id": order, "strange": [1]}, "The payload is not a Shopify order.")}
        for _ in range(2):
            async with rig.works.begin(rig.scope) as work:
                await keep_answers(work, rig.vault, store_id, strange, 30)
        (message,) = await rig.messages(store_id)
        assert (message["topic"], message["state"], message["repeats"]) == ("answer", "unreadable", 1)
        async with rig.works.begin(rig.scope) as work:
            payload = await queries.payload_of(work, ids.MESSAGE.find(message["id"]))
            assert payload is not None
            assert json.loads(inbox.open_payload(rig.vault, payload)[1]) == {"id": order, "strange": [1]}
        await rig.merchant.post(f"/v1/stores/{ids.STORE.show(store_id)}/messages/{message['id']}/retry")
        await rig.read()
        assert len(await rig.hand.waiting("stores.reread_order")) == 1, "the order is read anew"


async def test_the_door_of_one_store_is_not_opened_by_the_apps_secret(rig: Rig) -> None:
    store_id = await rig.connected()
    body = json.dumps(order_of(rig)).encode()
    headers = {"X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": rig.shop.domain}
    headers |= {"X-Shopify-Hmac-Sha256": signature(NEW, body), "Content-Type": "application/json"}
    path = f"/v1/stores/{ids.STORE.show(store_id)}/webhooks/shopify"
    assert (await rig.http.post(path, content=body, headers=headers)).status_code == 401
