"""FulfilHub is down, slow, busy, of another clock or refuses: nothing is lost, and the merchant is told why."""

from __future__ import annotations

import re

from tests.plugins.woocommerce.in_wordpress.conftest import SETTINGS, Shop
from tests.plugins.woocommerce.in_wordpress.site import text_of
from tests.plugins.woocommerce.php import needs

pytestmark = needs("php")


def test_edits_while_fulfilhub_is_down_are_not_lost(shop: Shop) -> None:
    before = shop.place()
    shop.bring(before)
    shop.hub.faults.down = True
    new, gone = shop.place(), shop.place()
    shop.site.settle(lambda: any(int(row["tries"]) for row in shop.site.queue().values()))
    row = shop.site.queue()[str(new)]
    assert row["state"] == "waiting"
    store = shop.hub.store.shop
    assert store is not None
    for note in ("first", "second", "third"):
        store.call("PUT", f"wc/v3/orders/{before}", {"customer_note": note, "shipping": {"city": note.title()}})
    store.call("PUT", f"wc/v3/orders/{gone}", {"status": "cancelled"})
    line = shop.order(new)["line_items"][0]["id"]
    refund = {
        "amount": "12.50",
        "line_items": [{"id": str(line), "quantity": 1, "refund_total": 12.50}],
        "api_refund": False,
    }
    status, made = store.call("POST", f"wc/v3/orders/{new}/refunds", refund)
    assert status == 201, made
    shop.hub.faults.down = False
    shop.bring(before, new, gone, passing=True)
    orders = shop.hub.store.orders
    assert (orders[str(before)]["customer_note"], orders[str(before)]["shipping"]["city"]) == ("third", "Third")
    assert orders[str(gone)]["status"] == "cancelled"
    assert orders[str(new)]["refunds"][0]["line_items"][0]["quantity"] == -1
    assert len(shop.accepted(new)) == 1


def test_a_slow_and_a_busy_fulfilhub_lose_nothing(shop: Shop) -> None:
    shop.hub.faults.rate_limit, shop.hub.faults.fail, shop.hub.faults.delay = 2, 1, 1.0
    one = shop.place()
    shop.site.settle(lambda: int(shop.site.queue()[str(one)]["tries"]) > 0)
    assert str(one) not in shop.hub.store.orders
    shop.bring(one, passing=True)
    assert (shop.hub.faults.rate_limit, shop.hub.faults.fail) == (0, 0)
    assert shop.accepted(one) == ["order.created"]


def test_another_clock_is_named_and_loses_nothing(shop: Shop) -> None:
    shop.hub.faults.clock = 3600
    one = shop.place()
    shop.site.settle(lambda: int(shop.site.queue()[str(one)]["tries"]) > 0)
    row = shop.site.queue()[str(one)]
    assert row["error_code"] == "stale_timestamp"
    assert "clock" in str(row["error_detail"])
    with shop.site.signed_in() as browser:
        assert "clock" in text_of(browser.get(f"{SETTINGS}&section=queue").text)
    shop.hub.faults.clock = 0
    shop.bring(one, passing=True)


def test_what_is_refused_is_shown_with_its_reason_and_can_be_sent_again(shop: Shop) -> None:
    one = shop.place()
    shop.hub.faults.refuse = {str(one): "order.line_items: This one we do not like."}
    shop.site.settle(lambda: shop.site.queue()[str(one)]["state"] == "failed")
    with shop.site.signed_in() as browser:
        page = browser.get(f"{SETTINGS}&section=queue")
        assert "This one we do not like." in page.text
        shop.hub.faults.refuse = {}
        again = re.search(r'href="([^"]*action=fulfilhub_resend[^"]*)"', page.text)
        assert again is not None
        browser.get(again[1].replace("&#038;", "&").replace("&amp;", "&"))
    shop.bring(one)
    assert shop.site.queue()[str(one)]["state"] == "sent"
