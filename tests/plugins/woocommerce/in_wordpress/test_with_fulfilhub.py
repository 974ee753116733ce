"""The whole story between two real programs: a WordPress shop with the plugin, and all processes of FulfilHub."""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fulfilhub.demo.warehouses import WAREHOUSES
from tests.faults.rig import Rig, running
from tests.plugins.woocommerce.in_wordpress.conftest import SETTINGS, SETUP, activate, forget
from tests.plugins.woocommerce.in_wordpress.site import Json, Site, text_of
from tests.plugins.woocommerce.php import needs

pytest.importorskip("fulfilhub.storefront", reason="this FulfilHub has no operations for storefronts' plugins yet")
pytestmark = needs("php")

MANY = 500
STATE = "$state = wc_get_order( $id )->get_meta( '_fulfilhub_state' ); return $state ? $state['status'] : null;"
STATUS = "return wc_get_order( $id )->get_status();"
CHECKS = "FulfilHub\\WooCommerce\\Connection\\Checks::run(); return FulfilHub\\WooCommerce\\Connection\\Checks::last();"
TOLD = """return count( array_filter( $ids, static function ( $id ) {
    return wc_get_order( $id )->get_meta( '_fulfilhub_state' );
} ) );"""
BY_REST = """$request = new WP_REST_Request( 'POST', '/wc/v3/orders' );
$request->set_body_params( array( 'status' => 'processing',
    'line_items' => array( array( 'product_id' => $mug, 'quantity' => 3 ) ),
    'shipping' => array( 'first_name' => 'Bea', 'last_name' => 'Rest', 'address_1' => 'Torstrasse 2',
        'city' => 'Berlin', 'postcode' => '10119', 'country' => 'DE' ) ) );
return rest_do_request( $request )->get_data()['id'];"""
EDIT = """$order = wc_get_order( $kept );
foreach ( $order->get_items() as $item ) {
    $item->set_quantity( 5 );
    $item->save();
}
$order->set_shipping_city( 'Hamburg' );
$order->calculate_totals();
wc_get_order( $gone )->update_status( 'cancelled' );
return $order->save();"""
CHOOSE = "FulfilHub\\WooCommerce\\Settings::set( $settings ); return 1;"
SHELVES = """return array_map( static function ( $id ) {
    return wc_get_product( $id )->get_stock_quantity();
}, array( $mug, $tea ) );"""
REFUNDS = """return array_reverse( array_map( static function ( $refund ) {
    return wc_format_decimal( $refund->get_total(), 2 );
}, wc_get_order( $id )->get_refunds() ) );"""
NOTED = """foreach ( wc_get_order_notes( array( 'order_id' => $id ) ) as $note ) {
    if ( false !== strpos( $note->content, $words ) ) {
        return true;
    }
}
return false;"""
GOODS = ("MUG-TEST", "TEE-TEST")
PARCELS = ("REAL0001", "REAL0002")
PATIENCE = 60.0


class Office:
    """A merchant and its partner, by their keys."""

    def __init__(self, rig: Rig, http: httpx.Client) -> None:
        self.rig, self.http = rig, http
        self.keys = {"operator": rig.operator_key}
        self.accounts: dict[str, str] = {}
        for kind in ("merchant", "partner"):
            live = self.ask("operator", "POST", "/v1/accounts", {"kind": kind, "name": f"{kind} of the shop"})["live"]
            self.keys[kind], self.accounts[kind] = live["secret"], live["account_id"]
        warehouse = self.ask("partner", "POST", "/v1/warehouses", {**WAREHOUSES[0], "daily_capacity": None})
        self.warehouse = str(warehouse["id"])
        offer = {"merchant_id": self.accounts["merchant"], "warehouse_id": self.warehouse, "starts_on": "2026-01-01"}
        contract = self.ask("partner", "POST", "/v1/contracts", offer)
        self.ask("merchant", "POST", f"/v1/contracts/{contract['id']}/accept", {})
        for sku in GOODS:
            self.ask("merchant", "POST", "/v1/products", {"sku": sku, "name": sku.title()})
        lines = [{"sku": sku, "quantity": 20_000} for sku in GOODS]
        receipt = {"merchant_id": self.accounts["merchant"], "warehouse_id": self.warehouse, "lines": lines}
        self.ask("partner", "POST", "/v1/stock/receipts", receipt)

    def ask(self, who: str, method: str, path: str, body: Json | None = None, **query: Any) -> Any:
        """One call of the API with somebody's key; it must be well."""
        headers = {"Authorization": f"Bearer {self.keys[who]}", "Idempotency-Key": secrets.token_hex(12)}
        got = self.http.request(method, path, json=body, params=query, headers=headers)
        assert got.is_success, f"{path}: {got.status_code} {got.text}"
        return got.json() if got.content else None

    def orders(self) -> dict[str, Json]:
        """Every order by the shop's own id."""
        found: dict[str, Json] = {}
        query: Json = {"limit": 100}
        while True:
            page = self.ask("merchant", "GET", "/v1/orders", **query)
            for each in page["data"]:
                assert each["external_id"] not in found, "an order is there twice"
                found[each["external_id"]] = each
            if not page["has_more"]:
                return found
            query["cursor"] = page["next_cursor"]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with running() as rig, httpx.Client(base_url=rig.url, timeout=60, trust_env=False) as http:
        yield Office(rig, http)


@pytest.fixture(autouse=True)
def _mended() -> None:
    """Nothing is broken here."""


def until(site: Site, what: str, code: str, wanted: object, seconds: float = PATIENCE, **values: Any) -> None:
    """Wait until some PHP gives what is wanted."""
    deadline = time.monotonic() + seconds
    while (now := site.run(code, **values)) != wanted:
        assert time.monotonic() < deadline, f"{what}: still {now}"


def test_the_whole_story(office: Office, site: Site) -> None:
    forget(site)
    goods = site.run(SETUP, hpos=True)
    activate(site)
    connect(office, site)
    bought, cancelled = str(site.buy([(goods["mug"], 2), (goods["tea"], 1)])["order_id"]), site.run(BY_REST, **goods)
    site.settle(lambda: not site.waiting())
    until(site, "The shop is told", STATE, "routed", id=int(bought))
    assert set(office.orders()) == {bought, str(cancelled)}
    site.run("wc_get_order( $id )->update_status( 'cancelled' ); return 1;", id=cancelled)
    site.settle(lambda: not site.waiting())
    until(site, "The shop is told of the end", STATE, "cancelled", id=cancelled)
    ship_in_two_parcels(office, site, bought)
    finds_only_what_the_shop_sends(office, site, goods["card"])
    shows_two_parcels(site, bought)
    comes_back_by_the_customers_link(office, site, goods, bought)
    while_down = is_down_for_a_while(office, site, goods)
    send_many(office, site, goods["mug"], {bought, str(cancelled), *while_down})

    chosen = "return FulfilHub\\WooCommerce\\Api::change( array( 'settings' => $settings ) )->ok();"
    assert site.run(chosen, settings={"stock_sync": True}) is True
    stock = "return (int) wc_get_product( $id )->get_stock_quantity() > 15000;"
    until(site, "Stock is told", stock, True, PATIENCE * 5, id=goods["mug"])
    with site.signed_in() as browser:
        assert "disconnected" in site.press(browser, SETTINGS, "fulfilhub_disconnect").text
    assert [each["state"] for each in office.ask("merchant", "GET", "/v1/stores")["data"]] == ["disconnected"]
    assert [each for each in site.log().splitlines() if "fulfilhub" in each.lower()] == []
    forget(site)


def connect(office: Office, site: Site) -> None:
    """By a code, typed into the plugin's screen. This shop has no TLS; everything else is as it should be."""
    code = office.ask("merchant", "POST", "/v1/store-codes", {"platform": "woocommerce"})["code"]
    typed = {"fulfilhub_address": office.rig.url, "fulfilhub_code": code}
    with site.signed_in() as browser:
        assert "The shop is connected." in site.press(browser, SETTINGS, "fulfilhub_connect", typed).text
    checks = site.run(CHECKS)["checks"]
    assert {each["name"] for each in checks} >= {"back_rest_api", "back_credentials", "back_plugin", "back_clock"}
    assert [each for each in checks if not each["ok"] and each["name"] != "back_tls"] == []


def ship_in_two_parcels(office: Office, site: Site, order: str) -> None:
    """The partner does, and the order of the shop says so."""
    claim = office.ask("partner", "POST", "/v1/work/claims", {"warehouse_id": office.warehouse, "limit": 50})
    (work,) = [each for each in claim["data"] if each["order_number"] == order]
    contents = [[{"line_id": each["line_id"], "quantity": each["quantity"]}] for each in work["lines"]]
    parcels = [
        {"carrier": "royal_mail", "tracking_number": number, "contents": held}
        for number, held in zip(PARCELS, contents, strict=True)
    ]
    body = {"lease_id": claim["lease_id"], "parcels": parcels}
    office.ask("partner", "POST", f"/v1/work/orders/{work['id']}/ship", body)
    until(site, "The order is completed", STATUS, "completed", id=int(order))
    until(site, "The shop knows that it left", STATE, "shipped", id=int(order))


def shows_two_parcels(site: Site, order: str) -> None:
    """Page and mail of the shop say so. Older WooCommerce takes it for a change of an order that its page is opened."""
    with site.signed_in() as browser:
        url = str(site.run("return wc_get_order( $id )->get_edit_order_url();", id=int(order)))
        page = text_of(browser.get(url).text)
    assert [number for number in PARCELS if number not in page] == []
    mails = [each for each in site.lines("mail") if PARCELS[0] in each["message"] and PARCELS[1] in each["message"]]
    assert len(mails) == 1


def finds_only_what_the_shop_sends(office: Office, site: Site, card: int) -> None:
    """FulfilHub looks into the shop for what it missed: neither a virtual order nor what it told itself is that."""
    virtual = str(site.buy([(card, 1)])["order_id"])
    (store,) = office.ask("merchant", "GET", "/v1/stores")["data"]
    path = f"/v1/stores/{store['id']}"
    before = office.ask("merchant", "GET", f"{path}/completeness")["last_sweep_at"]
    office.ask("merchant", "POST", f"{path}/sweep", {})
    deadline = time.monotonic() + PATIENCE
    while (told := office.ask("merchant", "GET", f"{path}/completeness"))["last_sweep_at"] == before:
        assert time.monotonic() < deadline, told
    counted = told["orders"]
    assert (counted["late"], counted["late_changes"], counted["waiting"]) == (0, 0, 0), told
    assert virtual not in office.orders()


def comes_back_by_the_customers_link(office: Office, site: Site, goods: Json, order: str) -> None:
    """Delivered, asked back by the customer, judged in two parts: refunds and shelves follow."""
    at = datetime.now(UTC).isoformat()
    scans = [{"carrier": "royal_mail", "tracking_number": each, "state": "delivered"} for each in PARCELS]
    office.ask("merchant", "POST", "/v1/tracking-events", {"events": [each | {"occurred_at": at} for each in scans]})
    until(site, "The shop knows that it arrived", STATE, "delivered", id=int(order))
    link = str(site.run("return wc_get_order( $id )->get_meta( '_fulfilhub_state' )['return_url'];", id=int(order)))
    page = link.partition("#")[0]
    fields = re.findall(r'<select id="(orl_[^"]+)"', httpx.get(page, timeout=60, trust_env=False).text)
    form = dict.fromkeys(fields, "1") | {"reason": "other"}
    sent = httpx.post(f"{page}/returns", data=form, timeout=60, trust_env=False)
    assert (len(fields), sent.status_code) == (2, 303), sent.text

    shelves = site.run(SHELVES, **goods)
    site.run(CHOOSE, settings={"returns": "refund"})
    (back,) = office.ask("partner", "GET", "/v1/work/returns", state="approved")["data"]
    path = f"/v1/work/returns/{back['id']}"
    lines = {each["sku"]: each["id"] for each in office.ask("partner", "POST", f"{path}/receive", {})["lines"]}
    until(site, "The shop notes that it came", NOTED, True, id=int(order), words="is received")
    for sku, disposition in zip(GOODS, ("restock", "dispose"), strict=True):
        verdict = {"line_id": lines[sku], "disposition": disposition, "quantity": 1}
        office.ask("partner", "POST", f"{path}/inspect", {"lines": [verdict]})
        if sku == GOODS[0]:
            until(site, "The first is refunded", REFUNDS, ["-12.50"], id=int(order))
    until(site, "Both are refunded", REFUNDS, ["-12.50", "-7.00"], id=int(order))
    until(site, "The shop notes the end", NOTED, True, id=int(order), words="is completed")
    site.run(CHOOSE, settings={"returns": "note"})
    assert site.run(SHELVES, **goods) == [shelves[0] + 1, shelves[1]]
    site.settle(lambda: not site.waiting())
    until(site, "The shop knows what came back", STATE, "partially_returned", PATIENCE * 5, id=int(order))
    assert site.run(REFUNDS, id=int(order)) == ["-12.50", "-7.00"]


def is_down_for_a_while(office: Office, site: Site, goods: Json) -> set[str]:
    """The API is killed, and ended. What is bought, edited and cancelled meanwhile arrives later, once."""
    kept, gone = (str(site.run(BY_REST, **goods)) for _ in range(2))
    site.settle(lambda: not site.waiting())
    office.rig.kill("api")
    office.rig.end("api")
    bought = str(site.buy([(goods["tea"], 2)])["order_id"])
    site.run(EDIT, kept=int(kept), gone=int(gone))
    site.run("do_action( 'action_scheduler_run_queue', 'Test' ); return 1;")
    assert set(site.waiting()) == {kept, gone, bought}
    office.rig.start("api", "api")
    asyncio.run(office.rig.whole())
    site.settle(lambda: not site.waiting(), passing=True)
    until(site, "The edit is known", STATE, "routed", id=int(bought))
    until(site, "The cancellation is known", STATE, "cancelled", id=int(gone))
    orders = office.orders()
    assert (orders[kept]["ship_to"]["city"], orders[kept]["lines"][0]["ordered"]) == ("Hamburg", 5)
    assert orders[gone]["status"] == "cancelled"
    assert [each["status"] for each in orders.values() if each["status"] == "needs_review"] == []
    return {kept, gone, bought}


def send_many(office: Office, site: Site, product: int, before: set[str]) -> None:
    """All arrive, each once, and the shop is told of every one."""
    numbers = site.place_many(product, MANY)
    began = time.monotonic()
    site.settle(lambda: not site.waiting(), seconds=120)
    sys.stdout.write(f"{MANY} orders were drained in {time.monotonic() - began:.1f} s\n")
    everything = {str(each) for each in numbers} | before
    deadline = time.monotonic() + PATIENCE
    while set(office.orders()) != everything:
        assert time.monotonic() < deadline, everything ^ set(office.orders())
    until(site, "The shop is told of all", TOLD, MANY, PATIENCE * 5, ids=numbers)
