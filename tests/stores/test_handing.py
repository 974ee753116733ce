"""Orders that the plugin hands over: signed, answered one by one, kept once, and read like webhooks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from standardwebhooks import Webhook

from fulfilhub.app import make_app
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Unauthenticated
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.secrets import Vault, new_signing_secret
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.adapters import letter
from fulfilhub.stores.adapters.port import StoreSettings
from fulfilhub.stores.adapters.woocommerce.handed import Item, NotAnItem, read_letter
from fulfilhub.stores.adapters.woocommerce.normalise import normalise
from fulfilhub.stores.commands import handing
from tests.conftest import _started
from tests.make.plugin import PluginShop, item, plugin_shop
from tests.make.world import Client, account
from tests.stores.conftest import Connected, Hand

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
READ, REREAD = "stores.read_delivery", "stores.reread_order"


@pytest.fixture
async def plugged(merchant: Client, shop: WooCommerceShop) -> PluginShop:
    return await plugin_shop(merchant, shop)


async def numbers(merchant: Client) -> list[tuple[str, str]]:
    """(external id, status) of the merchant's orders."""
    orders = (await merchant.get("/v1/orders")).json()["data"]
    return sorted((each["external_id"], each["status"]) for each in orders)


# The signature ---------------------------------------------------------------------------------------------------


def test_it_is_the_standards_own() -> None:
    """Our reading agrees with the standard's library, and with the words of the specification for plain texts."""
    secret, body = new_signing_secret(), b'{"deliveries":[]}'
    stamp = str(int(NOW.timestamp()))
    assert Webhook(secret).sign("msg_1", NOW, body.decode()) == letter.sign(secret, "msg_1", stamp, body)
    digest = hmac.new(b"a plain text", b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    assert letter.sign("a plain text", "msg_1", stamp, body) == f"v1,{base64.b64encode(digest).decode()}"


def headers(secret: str, body: bytes, at: datetime = NOW, name: str = "msg_1") -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {
        "Webhook-Id": name,
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": letter.sign(secret, name, stamp, body),
    }


def test_any_live_secret_and_any_of_several_signatures_will_do() -> None:
    secrets = ("new secret", "old secret")
    assert letter.check(headers("old secret", b"x"), b"x", secrets, NOW) == "msg_1"
    several = headers("old secret", b"x")
    several["Webhook-Signature"] = f"v1,AAAA v1a,zzz {several['Webhook-Signature']}"
    assert letter.check(several, b"x", secrets, NOW) == "msg_1"


@pytest.mark.parametrize(
    ("given", "body", "secrets"),
    [
        ({}, b"x", ("s",)),
        (headers("s", b"x") | {"Webhook-Id": "msg 1"}, b"x", ("s",)),
        (headers("s", b"x") | {"Webhook-Timestamp": "soon"}, b"x", ("s",)),
        (headers("s", b"x") | {"Webhook-Signature": "v1,é"}, b"x", ("s",)),
        (headers("s", b"x") | {"Webhook-Id": "msg_2"}, b"x", ("s",)),
        (headers("s", b"x"), b"y", ("s",)),
        (headers("s", b"x"), b"x", ("other",)),
        (headers("s", b"x"), b"x", ()),
        (headers("s", b"x"), b"x", ("", "whsec_%%%")),
        (headers("other", b"x", NOW - timedelta(hours=1)), b"x", ("s",)),
    ],
)
def test_whatever_does_not_fit_is_a_bad_signature(given: dict[str, str], body: bytes, secrets: tuple[str, ...]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        letter.check(given, body, secrets, NOW)
    assert refused.value.code == "bad_signature"


@given(st.integers(-3600, 3600))
def test_a_genuine_letter_of_another_time_is_told_ours(seconds: int) -> None:
    sent = headers("s", b"x", NOW + timedelta(seconds=seconds))
    if abs(seconds) <= 300:
        assert letter.check(sent, b"x", ("s",), NOW) == "msg_1"
        return
    with pytest.raises(Unauthenticated) as refused:
        letter.check(sent, b"x", ("s",), NOW)
    assert (refused.value.code, refused.value.more) == ("stale_timestamp", {"server_time": "2026-11-25T12:00:00Z"})


# What is in it ---------------------------------------------------------------------------------------------------


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(ANY_JSON, min_size=1, max_size=8))
def test_whatever_is_in_a_letter_gets_a_verdict_each(given: list[object]) -> None:
    told = read_letter(json.dumps({"deliveries": given}).encode(), "https://shop.test")
    assert len(told) == len(given)
    assert all(isinstance(each, NotAnItem) and each.detail for each in told)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (item({"id": 1}), "not_an_order"),
        (item({"line_items": []}), "not_an_order"),
        (item({"id": -3, "line_items": []}), "not_an_order"),
        (item({"id": 1, "line_items": []}, "product.updated"), "wrong_shape"),
        (item({"id": 1, "line_items": []}) | {"id": "no blanks"}, "wrong_shape"),
        (item({"id": 1, "line_items": []}) | {"occurred_at": "2026-11-25T12:00:00"}, "wrong_shape"),
        (item({"id": 1, "line_items": []}) | {"id": 7}, "wrong_shape"),
    ],
)
def test_what_is_no_order_is_refused_with_the_reason(told: dict[str, Any], code: str) -> None:
    (verdict,) = read_letter(json.dumps({"deliveries": [told]}).encode(), "")
    assert isinstance(verdict, NotAnItem)
    assert (verdict.code, verdict.id) == (code, told["id"] if isinstance(told["id"], str) else "")


def test_an_order_is_kept_as_its_own_webhook_would_be() -> None:
    (kept,) = read_letter(json.dumps({"deliveries": [item({"id": 7}, "order.deleted", "q_1")]}).encode(), "https://s")
    assert isinstance(kept, Item)
    assert (kept.external_id, json.loads(kept.body)) == ("7", {"id": 7})
    assert kept.headers["X-WC-Webhook-Topic"] == "order.deleted"


# The door --------------------------------------------------------------------------------------------------------


async def test_orders_come_in_by_the_letter(plugged: PluginShop, merchant: Client, hand: Hand) -> None:
    mug = plugged.shop.stock("MUG", "Mug", "8.50")
    placed = [plugged.shop.place_order([(mug, n)]) for n in (1, 2)]
    items = [item(placed[0], name="q_1"), item(placed[1]), {"id": "q_9", "topic": "?"}, item(placed[0], name="q_1")]
    answer = await plugged.send(items)
    assert answer.status_code == 200, answer.text
    verdicts = answer.json()["data"]
    assert [each["outcome"] for each in verdicts] == ["accepted", "accepted", "refused", "duplicate"]
    assert (verdicts[2]["id"], verdicts[2]["code"], bool(verdicts[2]["detail"])) == ("q_9", "wrong_shape", True)
    again = await plugged.send(items[:1])
    assert again.json()["data"] == [{"id": "q_1", "outcome": "duplicate", "code": None, "detail": None}]
    assert await hand.run(READ) == 2
    assert [number for number, _ in await numbers(merchant)] == [str(each["id"]) for each in placed]
    kept = (await merchant.get(f"/v1/stores/{plugged.store_id}/messages")).json()["data"]
    assert sorted((each["topic"], each["state"], each["repeats"]) for each in kept) == [
        ("order.created", "taken", 0),
        ("order.created", "taken", 1),
    ]


async def test_the_order_of_arrival_does_not_matter(plugged: PluginShop, merchant: Client, hand: Hand) -> None:
    mug = plugged.shop.stock("MUG", "Mug", "8.50")
    order = plugged.shop.place_order([(mug, 2)])
    before = json.loads(json.dumps(order))
    plugged.shop.now = lambda: datetime.now(UTC) + timedelta(seconds=5)
    after = plugged.shop.change(order, status="cancelled")
    await plugged.hand_over(after, topic="order.updated")
    await plugged.hand_over(before)
    await hand.run(READ)
    assert [status for _, status in await numbers(merchant)] == ["cancelled"]


async def test_refunds_with_their_lines_need_no_second_look(plugged: PluginShop, merchant: Client, hand: Hand) -> None:
    mug = plugged.shop.stock("MUG", "Mug", "8.50")
    order = plugged.shop.place_order([(mug, 3)])
    lines = cast("list[dict[str, Any]]", order["line_items"])
    plugged.shop.refund(order, {lines[0]["id"]: 2}, "17.00")
    told = {**order, "refunds": plugged.shop.refunds[cast("int", order["id"])]}
    await plugged.hand_over(told, topic="order.updated")
    assert await hand.run(READ) == 1
    assert await hand.waiting(REREAD) == []
    (shown,) = (await merchant.get("/v1/orders")).json()["data"]
    assert shown["lines"][0]["ordered"] == 1
    thin = plugged.shop.place_order([(mug, 3)])
    plugged.shop.refund(thin, {cast("list[dict[str, Any]]", thin["line_items"])[0]["id"]: 1}, "8.50")
    await plugged.hand_over(thin, topic="order.updated")
    await hand.run(READ)
    assert len(await hand.waiting(REREAD)) == 1, "without the lines it is read from the shop"


async def test_a_deleted_order_is_asked_for_and_cancelled(plugged: PluginShop, merchant: Client, hand: Hand) -> None:
    mug = plugged.shop.stock("MUG", "Mug", "8.50")
    order = plugged.shop.place_order([(mug, 1)])
    await plugged.hand_over(order)
    await hand.run(READ)
    del plugged.shop.orders[cast("int", order["id"])]
    await plugged.hand_over({"id": order["id"]}, topic="order.deleted")
    await hand.run(READ)
    await hand.run(REREAD)
    assert [status for _, status in await numbers(merchant)] == ["cancelled"]


async def test_who_may_not_and_what_is_no_letter(plugged: PluginShop, http: httpx.AsyncClient, vault: Vault) -> None:
    order = plugged.shop.place_order([(plugged.shop.stock("MUG", "Mug", "8.50"), 1)])
    at = f"/v1/stores/{plugged.store_id}/deliveries"
    bad = await plugged.send([item(order)], secret="another")
    assert (bad.status_code, bad.json()["code"]) == (401, "bad_signature")
    stale = await plugged.send([item(order)], ago=timedelta(minutes=6))
    assert (stale.status_code, stale.json()["code"]) == (401, "stale_timestamp")
    ours = datetime.fromisoformat(stale.json()["server_time"])
    assert abs(ours - datetime.now(UTC)) < timedelta(minutes=1)
    for body in (b"", b"{", b"[]", b'{"deliveries":{}}', b'{"deliveries":[]}', b"\xff"):
        told = await http.post(at, content=body, headers=plugged.letter(body))
        assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, "/deliveries"), body
    assert (await plugged.send([item(order)] * 51)).status_code == 422
    huge = b"x" * (8 * 1024 * 1024 + 1)
    assert (await http.post(at, content=huge, headers=plugged.letter(huge))).status_code == 413
    nowhere = f"/v1/stores/{ids.STORE.show(ids.new())}/deliveries"
    assert (await http.post(nowhere, content=b"{}", headers=plugged.letter(b"{}"))).status_code == 404
    own = await http.post(
        "/v1/stores", json={"platform": "api", "name": "Own"}, headers={"Authorization": f"Bearer {plugged.key.key}"}
    )
    assert own.status_code == 403


async def test_a_store_of_another_platform_has_no_such_door(merchant: Client, plugged: PluginShop) -> None:
    made: Any = await merchant.made("/v1/stores", {"platform": "api", "name": "Own"})
    told = await merchant.http.post(f"/v1/stores/{made['store']['id']}/deliveries", content=b"{}")
    assert told.status_code == 404


async def test_a_rotated_secret_lives_on_for_a_day(plugged: PluginShop) -> None:
    order = plugged.shop.place_order([(plugged.shop.stock("MUG", "Mug", "8.50"), 1)])
    made = (await plugged.key.post("/v1/storefront/rotate", {}, once=None)).json()
    for secret in (plugged.secret, made["webhook_secret"]):
        assert (await plugged.send([item(order)], secret=secret)).status_code == 200


@pytest.fixture
async def slow_down(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API with four calls a minute for each caller."""
    app = make_app(replace(settings, policy=replace(settings.policy, rate_limit=4)))
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with _started(app), httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield client


async def test_a_store_is_slowed_down_but_by_nobody_else(
    slow_down: httpx.AsyncClient, platform_key: str, shop: WooCommerceShop
) -> None:
    plugged = await plugin_shop(await account(slow_down, platform_key, "merchant", "Ada's Mugs"), shop)
    order = plugged.shop.place_order([(plugged.shop.stock("MUG", "Mug", "8.50"), 1)])
    for _ in range(10):
        assert (await plugged.send([item(order)], secret="forged")).status_code == 401
    told = [await plugged.send([item(order)]) for _ in range(5)]
    assert [each.status_code for each in told] == [200] * 4 + [429]
    assert int(told[-1].headers["Retry-After"]) > 0
    assert told[-1].json()["detail"].startswith("This store may make")


async def test_two_letters_at_once_are_kept_once(plugged: PluginShop, merchant: Client) -> None:
    mug = plugged.shop.stock("MUG", "Mug", "8.50")
    items = [item(plugged.shop.place_order([(mug, 1)]), name=f"q_{n}") for n in range(20)]
    told = await asyncio.gather(*(plugged.send(each) for each in (items, items[::-1], items, items[::-1])))
    outcomes = [each["outcome"] for answer in told for each in answer.json()["data"]]
    assert (outcomes.count("accepted"), outcomes.count("duplicate")) == (20, 60)


async def test_fifty_take_as_many_statements_as_one(works: Works, vault: Vault, connected: Connected) -> None:
    mug = connected.shop.stock("MUG", "Mug", "8.50")
    counted: list[int] = []
    for many in (1, 50):
        body = json.dumps({"deliveries": [item(connected.shop.place_order([(mug, 1)])) for _ in range(many)]})
        ran: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_more: object, ran: list[str] = ran) -> None:
            ran.append(statement)

        event.listen(works.engine.sync_engine, "before_cursor_execute", note)
        async with works.begin(Merchant(connected.merchant.account_id)) as work:
            verdicts = await handing.keep(
                work, vault, connected.store_id, read_letter(body.encode(), "https://shop.test"), 30
            )
        event.remove(works.engine.sync_engine, "before_cursor_execute", note)
        assert {each.outcome for each in verdicts} == {handing.HandedOutcome.ACCEPTED}
        counted.append(len(ran))
    assert counted == [1, 1]


def test_both_readers_read_the_same_order() -> None:
    """What a webhook brings and what the plugin hands over is one shape."""
    shop = WooCommerceShop("https://shop.test", "ck_1", "cs_1", "s")
    order = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 2)])
    (kept,) = read_letter(json.dumps({"deliveries": [item(order)]}).encode(), "")
    assert isinstance(kept, Item)
    assert normalise(json.loads(kept.body), StoreSettings()) == normalise(order, StoreSettings())
