"""Mapping a shop's locations by API, and what the shop calls at a service's address."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text

from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.serving import free_port, serving
from tests.fakes.shopify import orders, services
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.schema import needs_schema
from tests.fakes.shopify.shop import Shop
from tests.make.world import Client
from tests.stores.mapped import Counter, counter

pytestmark = needs_schema
PING = b'{"kind":"FULFILLMENT_REQUEST"}'


@pytest.fixture
async def till(works: Works, worker_works: Works, settings: Settings, vault: Vault) -> AsyncIterator[Counter]:
    """Leeds has a service; MUG is on sale."""
    async with counter(works, worker_works, settings, vault) as made:
        await made.map([made.site.leeds])
        made.sell("MUG")
        yield made


def address(till: Counter) -> str:
    """The path at which the shop calls about its only service."""
    (service,) = till.shop.services
    assert service.callback_url is not None
    return urlsplit(service.callback_url).path


def signed(body: bytes, by: str = "hush-1") -> dict[str, str]:
    digest = base64.b64encode(hmac.new(by.encode(), body, hashlib.sha256).digest()).decode()
    return {"X-Shopify-Hmac-Sha256": digest, "Content-Type": "application/json"}


async def test_a_signed_ping_has_the_shop_asked(till: Counter, http: httpx.AsyncClient) -> None:
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[await till.place_of(till.site.leeds)])
    at = f"{address(till)}/fulfillment_order_notification"
    for headers in ({}, signed(PING, "wrong"), signed(b"{}")):
        assert (await http.post(at, content=PING, headers=headers)).status_code == 401
    await till.work_off()
    assert await till.states(order) == []
    for _ in range(3):
        assert (await http.post(at, content=PING, headers=signed(PING))).status_code == 200
    await till.work_off()
    assert await till.states(order) == ["ours"]


async def test_an_address_that_nobody_gave_out_opens_nothing(till: Counter, http: httpx.AsyncClient) -> None:
    known = address(till)
    for path in (f"{known[:-1]}x", f"/shopify/services/{ids.STORE_SERVICE.show(ids.new())}.x", "/shopify/services/x"):
        for call in ("fetch_stock", "fetch_stock.json", "fetch_tracking_numbers.json"):
            assert (await http.get(f"{path}/{call}")).status_code == 404
        ping = await http.post(f"{path}/fulfillment_order_notification", content=PING, headers=signed(PING))
        assert ping.status_code == 404


async def test_stock_is_what_can_be_sold_from_that_warehouse(till: Counter, http: httpx.AsyncClient) -> None:
    await till.site.kit("PAIR", MUG=2)
    await till.site.stock("MUG", till.site.leeds, 3)
    for call in ("fetch_stock", "fetch_stock.json"):
        answer = await http.get(f"{address(till)}/{call}", params={"shop": till.shop.domain, "timestamp": "1"})
        assert answer.json() == {"JUG": 10, "MUG": 13, "PAIR": 6}
    assert (await http.get(f"{address(till)}/fetch_stock", params={"sku": "MUG"})).json() == {"MUG": 13}
    assert (await http.get(f"{address(till)}/fetch_stock", params={"sku": "NONE"})).json() == {}


async def test_tracking_numbers_come_by_the_names_asked_for(till: Counter, http: httpx.AsyncClient) -> None:
    order = orders.place(till.shop, [(till.wares["MUG"], 2)], at=[await till.place_of(till.site.leeds)])
    await till.pull()
    await till.send(till.site.leeds, "RM1")
    names = [f"{order.name}.1", f"{order.name}-F1", f"{order.name}.2", "#9999.1"]
    for call in ("fetch_tracking_numbers", "fetch_tracking_numbers.json"):
        answer = await http.get(f"{address(till)}/{call}", params={"order_names[]": names})
        assert answer.json()["tracking_numbers"] == {names[0]: "RM1", names[1]: "RM1"}
        assert answer.json()["success"] is True


async def test_an_ended_service_answers_no_more(till: Counter, http: httpx.AsyncClient) -> None:
    known = address(till)
    await till.map([])
    assert (await http.get(f"{known}/fetch_stock")).status_code == 404
    async with till.works.begin(Platform("test")) as work:
        assert (await work.db.execute(text("SELECT count(*) FROM store_pulls"))).scalar_one() == 0


HALL = {
    "code": "HALL",
    "name": "Hall",
    "address": {"line1": "1 Mill Lane", "city": "Leeds"},
    "country": "GB",
    "postcode": "LS1 1AA",
    "timezone": "Europe/London",
    "currency": "GBP",
    "cutoffs": {"mon": "14:00"},
    "services": [{"code": "standard", "carrier": "royal_mail", "zones": [{"countries": ["GB"], "transit_days": 2}]}],
}


async def test_a_mapping_is_made_by_api_and_shown(merchant: Client) -> None:
    shop = Shop()
    theirs = services.register(shop, "Another app's")
    hall = (await merchant.made("/v1/warehouses", HALL))["id"]
    async with serving(shopify(shop), free_port()) as url:
        store = await merchant.made(
            "/v1/stores",
            {
                "platform": "shopify",
                "name": "Sample goods",
                "base_url": url,
                "shop_domain": shop.domain,
                "credentials": {"access_token": "shpat_1"},
                "webhook_secret": "hush-hush",
            },
        )
        at = f"/v1/stores/{store['store']['id']}/locations"  # type: ignore[index]
        seen = (await merchant.get(at)).json()
        assert [each["name"] for each in seen["locations"]] == ["Shop location", "Another app's"]
        assert (seen["mapped"], seen["problem"], seen["services"]) == (False, None, [])
        own = shop.primary.id
        for place, fault in ((theirs.location.id, "location_id"), ("gid://shopify/Location/1", "location_id")):
            answer = await merchant.put(at, {"locations": [{"location_id": place, "warehouse_id": hall}]})
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == f"/locations/0/{fault}"
        both = {"locations": [{"location_id": own, "warehouse_id": hall}], "services": [{"warehouse_id": hall}]}
        assert (await merchant.put(at, both)).status_code == 422, "a warehouse stands for one location"
        stranger = ids.WAREHOUSE.show(ids.new())
        assert (await merchant.put(at, {"services": [{"warehouse_id": stranger}]})).status_code == 422
        answer = await merchant.put(at, {"locations": [{"location_id": own, "warehouse_id": hall}]})
        assert answer.status_code == 200, answer.text
        assert [each["warehouse_id"] for each in answer.json()["locations"]] == [hall, None]
        answer = await merchant.put(at, {"services": [{"warehouse_id": hall, "name": "Ours"}]})
        assert [(each["name"], each["state"]) for each in answer.json()["services"]] == [("Ours", "wanted")]
        assert (await merchant.get(at.replace("locations", "assignments"))).json()["data"] == []
    down = (await merchant.get(at)).json()
    assert down["problem"], "a shop that is down says so"
    assert (await merchant.put(at, {})).status_code == 503
