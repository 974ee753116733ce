"""Orders go out: connected by a code, bought at the storefront and made by REST, changed, cancelled, refunded."""

from __future__ import annotations

import re
import secrets

import httpx

from tests.plugins.woocommerce.in_wordpress.conftest import SETTINGS, Shop
from tests.plugins.woocommerce.in_wordpress.site import Json
from tests.plugins.woocommerce.php import needs

pytestmark = needs("php")

KEYS_THERE = """global $wpdb;
    return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}woocommerce_api_keys
        WHERE description LIKE '%FulfilHub%'" );"""
WHOLE = ("number", "status", "line_items", "shipping_lines", "shipping", "billing", "total", "payment_method")


def test_the_connection_is_whole(shop: Shop) -> None:
    checks = {each["name"]: each["ok"] for each in shop.asks("POST", "/checks")["checks"]}
    assert checks == dict.fromkeys(checks, True)
    assert {"reachable", "rest_api", "credentials", "plugin", "clock"} <= set(checks)
    kept = shop.site.run(
        """global $wpdb;
        $ids = FulfilHub\\WooCommerce\\Connection\\Webhooks::ids();
        return array(
            'autoload' => $wpdb->get_var( "SELECT autoload FROM {$wpdb->options}
                WHERE option_name = 'fulfilhub_connection'" ),
            'keys'     => $wpdb->get_results( "SELECT permissions FROM {$wpdb->prefix}woocommerce_api_keys
                WHERE description LIKE '%FulfilHub%'" ),
            'hooks'    => array_map( static function ( $id ) {
                $hook = wc_get_webhook( $id );
                return array( $hook->get_status(), $hook->get_delivery_url() );
            }, array_values( $ids ) ),
        );"""
    )
    assert kept["autoload"] in ("no", "off")
    assert kept["keys"] == [{"permissions": "read_write"}]
    door = f"{shop.hub.url}/v1/stores/{shop.hub.store.id}/webhooks/woocommerce"
    assert kept["hooks"] == [["active", door]] * 3


def test_orders_come_from_the_storefront_and_by_rest(shop: Shop) -> None:
    bought = shop.site.buy([(shop.mug, 2), (shop.tea, 1)])["order_id"]
    by_rest = shop.place()
    unpaid = shop.place(status="pending")
    virtual = shop.site.buy([(shop.card, 1)])["order_id"]
    shop.bring(bought, by_rest)
    order = shop.hub.store.orders[str(bought)]
    assert [(each["sku"], each["quantity"]) for each in order["line_items"]] == [("MUG-TEST", 2), ("TEE-TEST", 1)]
    assert (order["currency"], order["shipping"]["city"]) == ("EUR", "Berlin")
    shown = shop.order(bought)
    assert {name: order[name] for name in WHOLE} == {name: shown[name] for name in WHOLE}
    assert {str(unpaid), str(virtual)}.isdisjoint(shop.hub.store.orders)
    shop.hub.store.shop.call("PUT", f"wc/v3/orders/{unpaid}", {"status": "processing"})  # type: ignore[union-attr]
    shop.bring(unpaid)


def test_no_customer_waits_for_fulfilhub(shop: Shop) -> None:
    shop.hub.faults.down = True
    try:
        bought = shop.site.buy([(shop.mug, 1)])["order_id"]
    finally:
        shop.hub.faults.down = False
    during = [each for each in shop.site.lines("calls") if each["url"].startswith(shop.hub.url)]
    assert [each for each in during if "/wc/store/" in each["during"] or "wc-ajax" in each["during"]] == []
    shop.bring(bought, passing=True)


def test_cancelling_and_refunding_reach_fulfilhub(shop: Shop) -> None:
    one, two = shop.place(), shop.place()
    shop.bring(one, two)
    store = shop.hub.store.shop
    assert store is not None
    store.call("PUT", f"wc/v3/orders/{one}", {"status": "cancelled"})
    refund = {"amount": "25.00", "reason": "Broken", "api_refund": False}
    assert store.call("POST", f"wc/v3/orders/{two}/refunds", refund)[0] == 201
    orders = shop.hub.store.orders
    shop.site.settle(lambda: orders[str(one)]["status"] == "cancelled" and bool(orders[str(two)]["refunds"]))
    store.call("DELETE", f"wc/v3/orders/{two}", query={"force": "true"})
    shop.site.settle(lambda: str(two) in shop.hub.store.deleted)


def test_webhooks_that_switched_themselves_off_are_revived(shop: Shop) -> None:
    revived = shop.site.run(
        """$ids = FulfilHub\\WooCommerce\\Connection\\Webhooks::ids();
        $hook = wc_get_webhook( reset( $ids ) );
        $hook->set_status( 'disabled' );
        $hook->save();
        FulfilHub\\WooCommerce\\Connection\\Watch::run();
        return wc_get_webhook( reset( $ids ) )->get_status();"""
    )
    assert revived == "active"


def test_rotating_loses_nothing(shop: Shop) -> None:
    one, before = shop.place(), keys(shop)
    former = shop.hub.store.shop
    assert former is not None
    with shop.site.signed_in() as browser:
        answered = shop.site.press(browser, SETTINGS, "fulfilhub_rotate")
    assert "All keys were changed" in answered.text
    assert [name for name, value in keys(shop).items() if value == before[name]] == []
    assert former.call("GET", "wc-fulfilhub/v1/ping")[0] == 200, "a call that was under way"
    two = shop.place()
    shop.bring(one, two)
    time_of_the_old_is_over(shop)
    assert former.call("GET", "wc-fulfilhub/v1/ping")[0] == 401
    assert shop.call("GET", "ping")[0] == 200


def test_an_answer_that_was_lost_while_rotating_loses_nothing(shop: Shop) -> None:
    one, before = shop.place(), keys(shop)
    shop.hub.faults.mute = "/v1/storefront/rotate"
    with shop.site.signed_in() as browser:
        answered = shop.site.press(browser, SETTINGS, "fulfilhub_rotate")
    shop.hub.faults.mute = ""
    assert "tried again within the hour" in answered.text
    assert keys(shop) == before
    assert shop.call("GET", "ping")[0] == 200, "with the keys that FulfilHub has by now"
    shop.bring(one)
    shop.site.run("FulfilHub\\WooCommerce\\Connection\\Watch::run(); return 1;")
    assert [name for name, value in keys(shop).items() if value == before[name]] == []
    two = shop.place()
    shop.bring(two)
    time_of_the_old_is_over(shop)
    assert shop.call("GET", "ping")[0] == 200
    assert shop.site.run(KEYS_THERE) == 1


def test_fulfilhub_has_the_keys_changed(shop: Shop) -> None:
    before = keys(shop)
    assert shop.call("POST", "rotate") == (200, {"asked": True})
    assert keys(shop) == before, "not in FulfilHub's own call"
    shop.site.settle(lambda: keys(shop)["api_key"] != before["api_key"])
    assert [name for name, value in keys(shop).items() if value == before[name]] == []
    one = shop.place()
    shop.bring(one)
    time_of_the_old_is_over(shop)


def test_keys_that_were_deleted_in_woocommerce_are_made_anew(shop: Shop) -> None:
    deleted = """FulfilHub\\WooCommerce\\Connection\\Keys::revoke(
            (int) FulfilHub\\WooCommerce\\Connection\\Store::get( 'key_id' ) );
        return 1;"""
    shop.site.run(deleted)
    assert shop.call("GET", "ping")[0] == 401
    with shop.site.signed_in() as browser:
        shop.site.press(browser, SETTINGS, "fulfilhub_rotate")
    assert shop.call("GET", "ping")[0] == 200


def keys(shop: Shop) -> Json:
    """What is to change in a rotation."""
    kept = shop.site.run("return get_option( 'fulfilhub_connection' );")
    return {name: kept[name] for name in ("webhook_secret", "api_key", "key_id")}


def time_of_the_old_is_over(shop: Shop) -> None:
    """An hour passes, and the hourly look comes by."""
    shop.site.run(
        """$kept = get_option( 'fulfilhub_connection' );
        FulfilHub\\WooCommerce\\Connection\\Store::change(
            array( 'old_keys' => array_map( '__return_zero', $kept['old_keys'] ) ) );
        FulfilHub\\WooCommerce\\Connection\\Watch::run();
        return 1;"""
    )


def test_the_cart_shows_when_it_arrives_and_goes_on_without(shop: Shop) -> None:
    shop.site.run("FulfilHub\\WooCommerce\\Settings::set( array( 'promise' => true ) ); return 1;")
    try:
        assert "Delivered by" in shop.site.rates([(shop.mug, 1)])
        shop.hub.faults.down = True
        assert "Delivered by" not in shop.site.rates([(shop.mug, 3)])
        assert shop.site.buy([(shop.mug, 3)])["order_id"] > 0
    finally:
        shop.site.run("FulfilHub\\WooCommerce\\Settings::set( array( 'promise' => false ) ); return 1;")


def test_orders_from_before_are_sent_by_a_button(shop: Shop) -> None:
    numbers = shop.place_many(12)
    shop.bring(*numbers)
    for each in numbers:
        del shop.hub.store.orders[str(each)]
    # As if they were older than the connection.
    shop.site.run('global $wpdb; return $wpdb->query( "DELETE FROM {$wpdb->prefix}fulfilhub_queue" );')
    with shop.site.signed_in() as browser:
        page = browser.get(f"{SETTINGS}&section=queue").text
        nonce = re.search(r'"history":"([0-9a-f]+)"', page)
        assert nonce is not None
        asked = {"action": "fulfilhub_history", "_ajax_nonce": nonce[1], "do": "start", "since": ""}
        told = browser.post("/wp-admin/admin-ajax.php", data=asked).json()
        while told["data"]["state"] == "running":
            told = browser.post("/wp-admin/admin-ajax.php", data=asked | {"do": ""}).json()
    assert (told["success"], told["data"]["state"], told["data"]["share"]) == (True, "done", 1)
    shop.bring(*numbers)


def test_the_order_panel_holds_and_releases(shop: Shop) -> None:
    one = shop.place()
    shop.bring(one)
    assert shop.hub.tell(str(one))["status"] == 200
    with shop.site.signed_in() as browser:
        page = browser.get(shop.order_page(one)).text
        nonce = re.search(r'id="fulfilhub-panel"[^>]*data-nonce="([^"]+)"', page)
        assert nonce is not None

        def ask(**what: str) -> httpx.Response:
            given = {"action": "fulfilhub_panel", "order": str(one), "nonce": nonce[1], "once": secrets.token_hex(16)}
            return browser.post("/wp-admin/admin-ajax.php", data=given | what)

        assert ask(ask="hold", reason="customer_request", note="Wait <b>please</b>").json()["ok"] is True
        (hold,) = shop.hub.store.panels[str(one)]["holds"]
        assert hold["note"] is not None
        assert ask(ask="release", hold=hold["id"]).json()["ok"] is True
        assert shop.hub.store.panels[str(one)]["holds"] == []
        assert ask(ask="hold", reason="customer_request", nonce="0000000000").status_code == 403
    assert shop.hub.store.panels[str(one)]["holds"] == []
