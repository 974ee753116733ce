"""The shop of the end-to-end tests: a WordPress with WooCommerce that FULFILHUB_WP_ROOT names, and a FulfilHub."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.fulfilhub_answers import FulfilHub
from tests.fakes.fulfilhub_api import fulfilhub_api
from tests.fakes.fulfilhub_store import Faults
from tests.plugins.woocommerce.in_wordpress.site import MAIN, Json, Site, prepared

SETTINGS = "/wp-admin/admin.php?page=wc-settings&tab=fulfilhub"
SETUP = (Path(__file__).parent / "shop.php").read_text().removeprefix("<?php")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop that is connected."""

    site: Site
    hub: FulfilHub
    mug: int
    tea: int
    card: int

    def arrived(self, *orders: int | str) -> bool:
        """Whether FulfilHub has these orders and nothing waits."""
        return all(str(each) in self.hub.store.orders for each in orders) and not self.site.waiting()

    def bring(self, *orders: int | str, passing: bool = False) -> None:
        """Let the queue run until FulfilHub has these orders; `passing`: however long they have to wait."""
        self.site.settle(lambda: self.arrived(*orders), passing=passing)

    def place_many(self, count: int) -> list[int]:
        """Orders of one mug each, made by a program in the shop."""
        return self.site.place_many(self.mug, count)

    def accepted(self, number: int | str) -> list[str]:
        """What FulfilHub took of an order, by topic."""
        came = [each for each in self.hub.store.deliveries if each.external_id == str(number)]
        return [each.topic for each in came if each.outcome == "accepted"]

    def asks(self, method: str, path: str) -> Json:
        """The shop calls FulfilHub's storefront operations with its key."""
        key = {"authorization": f"Bearer {next(iter(self.hub.store.api_keys))}"}
        return dict(self.hub.answer(method, f"/v1/storefront{path}", {}, key, b"{}")[1])

    def order_page(self, number: int | str) -> str:
        """Address of an order's page in the admin area, path and query."""
        url = str(self.site.run("return wc_get_order( $id )->get_edit_order_url();", id=int(number)))
        return url.replace(self.site.url, "")

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Json]:
        """FulfilHub calls the plugin."""
        assert self.hub.store.shop is not None
        return self.hub.store.shop.call(method, f"wc-fulfilhub/v1/{path}", body)

    def order(self, number: int | str) -> Json:
        """An order as WooCommerce's REST API shows it."""
        assert self.hub.store.shop is not None
        status, body = self.hub.store.shop.call("GET", f"wc/v3/orders/{number}")
        assert status == 200, body
        return dict(body)

    def place(self, **changes: object) -> int:
        """An order by WooCommerce's REST API, two mugs by default."""
        assert self.hub.store.shop is not None
        person = {"first_name": "Bea", "last_name": "Rest", "address_1": "Torstrasse 2", "city": "Berlin"}
        person |= {"postcode": "10119", "country": "DE"}
        body: Json = {"status": "processing", "billing": person | {"email": "bea@customer.test"}, "shipping": person}
        body |= {"line_items": [{"product_id": self.mug, "quantity": 2}]} | changes
        status, made = self.hub.store.shop.call("POST", "wc/v3/orders", body)
        assert status == 201, made
        return int(made["id"])


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The WordPress, as it is when nothing of ours was ever there."""
    named = os.environ.get("FULFILHUB_WP_ROOT", "")
    root = Path(named)
    if not named or not (root / "wp-content/plugins/woocommerce/woocommerce.php").exists():
        pytest.skip("FULFILHUB_WP_ROOT names no WordPress folder with WooCommerce in it")
    with prepared(root) as made:
        forget(made)
        yield made
        forget(made)


@pytest.fixture(autouse=True)
def _mended(shop: Shop) -> Iterator[None]:
    """Whatever a test breaks is whole for the next one."""
    yield
    shop.hub.faults = Faults()
    shop.site.later()


def forget(site: Site) -> None:
    """Deactivate and uninstall, with everything."""
    site.run(
        """$kept = get_option( 'fulfilhub_settings' );
        update_option( 'fulfilhub_settings', array( 'remove_all_data' => true ) + (array) $kept );
        deactivate_plugins( array( $main ) );
        uninstall_plugin( $main );
        return 1;""",
        main=MAIN,
    )


def activate(site: Site) -> None:
    """Activate, as the plugins screen does."""
    assert site.run("return activate_plugin( $main );", main=MAIN) is None


@pytest.fixture(scope="session", params=["on", "off"], ids=["hpos", "posts"])
def shop(request: pytest.FixtureRequest, site: Site) -> Iterator[Shop]:
    """A shop with products and no orders, with orders in tables of their own or as posts, connected by a code."""
    goods = site.run(SETUP, hpos=request.param == "on", password=secrets.token_urlsafe(16))
    (site.content / "debug.log").write_text("")
    activate(site)
    with fulfilhub_api() as hub, site.signed_in() as browser:
        typed = {"fulfilhub_address": hub.url, "fulfilhub_code": hub.code()}
        answered = site.press(browser, SETTINGS, "fulfilhub_connect", typed)
        assert "The shop is connected." in answered.text
        yield Shop(site, hub, goods["mug"], goods["tea"], goods["card"])
        hub.faults.down = False
    forget(site)
