"""What stands between us and a shop is found out, and told with what to do about it."""

from __future__ import annotations

import pytest

from fulfilhub.platform import ids
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.rules.shopify import InstallState, ShopSeen, judge
from tests.fakes.shopify import orders
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.schema import needs_schema
from tests.stores.shopify.conftest import Json, Rig
from tests.stores.sweeping import KINDS

pytestmark = needs_schema


async def checks(rig: Rig, store: str) -> dict[str, Json]:
    answer = await rig.merchant.post(f"/v1/stores/{store}/shopify/checks", once=None)
    assert answer.status_code == 200, answer.text
    return {each["name"]: each for each in answer.json()["checks"]}


async def test_all_is_well(rig: Rig) -> None:
    store = ids.STORE.show(await rig.connected())
    orders.place(rig.shop, [(rig.shop.add_product("MUG", "Mug", "8.50"), 1)])
    found = await checks(rig, store)
    assert list(found) == ["app", "api", "scopes", "customer_data"]
    assert {(each["ok"], each["code"], each["fix"]) for each in found.values()} == {(True, "ok", "")}


async def test_a_shop_without_orders_shows_nothing_to_tell_by(rig: Rig) -> None:
    found = await checks(rig, ids.STORE.show(await rig.connected()))
    assert (found["customer_data"]["ok"], found["customer_data"]["code"]) == (None, "unknown")


async def test_what_the_shop_does_not_grant_is_named(rig: Rig) -> None:
    store = ids.STORE.show(await rig.connected())
    rig.shop.scopes = tuple(each for each in scopes.REQUIRED if each != "write_returns")
    found = (await checks(rig, store))["scopes"]
    assert (found["ok"], found["code"]) == (False, "scopes_missing")
    assert "write_returns" in found["detail"]


async def test_customers_that_are_kept_from_us_are_told_of_and_their_orders_wait(rig: Rig) -> None:
    store_id = await rig.connected()
    rig.shop.shows_personal_data = False
    orders.place(rig.shop, [(rig.shop.add_product("MUG", "Mug", "8.50"), 1)])
    found = (await checks(rig, ids.STORE.show(store_id)))["customer_data"]
    assert (found["ok"], found["code"]) == (False, "customer_data_withheld")
    assert found["fix"]
    await rig.sweep(store_id)
    for kind in KINDS:
        await rig.hand.run(kind, later=1)
    (order,) = (await rig.merchant.get("/v1/orders")).json()["data"]
    assert order["status"] == "needs_review"
    assert "customer_data_withheld" in {reason["code"] for reason in order["review_reasons"]}


async def test_a_shop_that_does_not_answer(rig: Rig) -> None:
    store = ids.STORE.show(await rig.connected())
    rig.shop.faults.next(Fault.FAIL, operation="FulfilHubConnection")
    found = await checks(rig, store)
    assert (found["api"]["ok"], found["api"]["code"], found["scopes"]["ok"]) == (False, "no_answer", None)


async def test_an_app_that_was_removed(rig: Rig) -> None:
    store = ids.STORE.show(await rig.connected())
    await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})
    await rig.read()
    found = await checks(rig, store)
    assert (found["app"]["ok"], found["app"]["code"]) == (False, "uninstalled")


async def test_a_store_with_a_token_of_its_own_is_checked_too(rig: Rig) -> None:
    own = {
        "platform": "shopify",
        "name": "Mine",
        "base_url": f"{rig.url}/{rig.shop.domain}",
        "shop_domain": rig.shop.domain,
        "credentials": {"access_token": "shpat_1"},
        "webhook_secret": "a-secret-of-its-own",
    }
    made = (await rig.merchant.post("/v1/stores", own, once=None)).json()["store"]
    found = await checks(rig, made["id"])
    assert (found["app"]["code"], found["api"]["ok"]) == ("own_token", True)
    assert (await rig.merchant.get(f"/v1/stores/{made['id']}/shopify")).status_code == 404


async def test_other_stores_are_not_checked_so(rig: Rig) -> None:
    made = (await rig.merchant.post("/v1/stores", {"platform": "api", "name": "Ours"}, once=None)).json()["store"]
    refused = await rig.merchant.post(f"/v1/stores/{made['id']}/shopify/checks", once=None)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_shopify")


@pytest.mark.parametrize("state", [None, *InstallState])
@pytest.mark.parametrize("shows", [None, True, False])
@pytest.mark.parametrize("trouble", ["", "It is down."])
@pytest.mark.parametrize("missing", [(), ("write_returns",)])
def test_whatever_is_wrong_comes_with_what_to_do(
    state: str | None, shows: bool | None, trouble: str, missing: tuple[str, ...]
) -> None:
    found = judge(ShopSeen(install=state, missing=missing, shows_customers=shows, trouble=trouble))
    assert [each.name.value for each in found] == ["app", "api", "scopes", "customer_data"]
    for each in found:
        assert bool(each.fix) == (each.ok is False), each
