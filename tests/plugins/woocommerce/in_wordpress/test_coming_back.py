"""What FulfilHub tells the shop: states, parcels, stock and returns."""

from __future__ import annotations

import httpx

from tests.plugins.woocommerce.in_wordpress.conftest import Shop
from tests.plugins.woocommerce.in_wordpress.site import Json, text_of
from tests.plugins.woocommerce.php import needs

pytestmark = needs("php")

PARCELS = ("TRACK111", "TRACK222")


def test_an_order_that_needs_review_says_so_in_woocommerce(shop: Shop) -> None:
    one = shop.place()
    shop.bring(one)
    review = [{"code": "no_sku", "detail": "Line 1 has no SKU.", "fix": "Give the product a SKU."}]
    shop.hub.store.change(str(one), {"review": review, "status": "needs_review", "status_text": "Needs review"})
    assert shop.hub.tell(str(one))["body"] == {"applied": True}
    with shop.site.signed_in() as browser:
        page = text_of(browser.get(shop.order_page(one)).text)
    assert "Line 1 has no SKU." in page
    assert "Give the product a SKU." in page


def test_an_older_state_does_not_overwrite_a_newer_one(shop: Shop) -> None:
    one = shop.place()
    shop.bring(one)
    newer = shop.hub.store.change(str(one), {"status_text": "Newer"})
    assert shop.hub.tell(str(one))["body"] == {"applied": True}
    older = {**newer, "revision": newer["revision"] - 1, "status_text": "Older"}
    assert shop.call("PUT", f"orders/{one}/state", older) == (200, {"applied": False})
    assert shop.call("PUT", "orders/999999999/state", older)[0] == 404


def test_two_parcels_come_back_with_tracking_status_and_mail(shop: Shop) -> None:
    one = str(shop.site.buy([(shop.mug, 2), (shop.tea, 1)])["order_id"])
    shop.bring(one)
    mugs, tea = ([{"line_id": str(each["id"]), "quantity": each["quantity"]}] for each in shop.order(one)["line_items"])
    first, second = ([{"tracking_number": each, "tracking_url": f"https://c.example/{each}"}] for each in PARCELS)
    mails = len(shop.site.lines("mail"))
    made = shop.hub.ship(one, "shp_1", first, mugs, completes_order=False)
    assert (made["status"], made["body"]["already"], made["body"]["left_out"]) == (200, False, [])
    assert shop.order(one)["status"] == "processing"
    assert shop.hub.ship(one, "shp_1", first, mugs, completes_order=False)["body"]["already"] is True
    too_many = shop.hub.ship(one, "shp_2", second, [*mugs, *tea])
    assert [each["line_id"] for each in too_many["body"]["left_out"]] == [mugs[0]["line_id"]]
    assert shop.order(one)["status"] == "completed"

    sent = [each for each in shop.site.lines("mail")[mails:] if "ada@customer.test" in str(each["to"])]
    for parcel in PARCELS:
        assert [each["subject"] for each in sent if parcel in each["message"]] != []
    assert len([each for each in sent if "hipped" in each["subject"] or "on its way" in each["subject"]]) == len(
        PARCELS
    )
    assert shop.hub.store.shop is not None
    notes = shop.hub.store.shop.call("GET", f"wc/v3/orders/{one}/notes")[1]
    assert [sum(parcel in each["note"] for each in notes) for parcel in PARCELS] == [1, 1]
    with shop.site.signed_in() as browser:
        page = text_of(browser.get(shop.order_page(one)).text)
    assert all(parcel in page for parcel in PARCELS)
    thanks = shop.site.run("return wc_get_order( $id )->get_checkout_order_received_url();", id=int(one))
    assert httpx.get(thanks, timeout=60, follow_redirects=True, trust_env=False).status_code == 200


def test_what_comes_back_is_not_sent_out_again(shop: Shop) -> None:
    one = shop.place()
    shop.bring(one)
    taken, changed = len(shop.accepted(one)), shop.order(one)["date_modified_gmt"]
    shop.hub.store.change(str(one), {"status_text": "On its way"})
    shop.hub.tell(str(one))
    assert shop.order(one)["date_modified_gmt"] == changed, "what was told is no change of the order"
    shop.call(
        "POST", "stock", {"items": [{"reference": "r", "variant_id": str(shop.mug), "available": 77, "expected": None}]}
    )
    assert shop.site.waiting() == {}
    assert len(shop.accepted(one)) == taken


def test_stock_is_compared_before_it_is_set(shop: Shop) -> None:
    def told(available: int, expected: int | None, product: int = shop.tea) -> tuple[str, int | None]:
        item = {"reference": "r1", "variant_id": str(product), "available": available, "expected": expected}
        status, body = shop.call("POST", "stock", {"items": [item]})
        assert status == 200, body
        return body["data"][0]["outcome"], body["data"][0]["stock"]

    assert told(500, None) == ("set", 500)
    assert told(500, None) == ("already", 500)
    assert told(400, 501) == ("stale", 500)
    assert told(400, 500) == ("set", 400)
    assert told(9, None, shop.card)[0] == "unmanaged"
    assert told(9, None, 999_999_999)[0] == "missing"


def test_a_return_that_is_looked_at_in_parts_is_refunded_whole(shop: Shop) -> None:
    one = shop.place(line_items=[{"product_id": shop.mug, "quantity": 3}])
    shop.bring(one)
    (mug,) = (each["id"] for each in shop.order(one)["line_items"])
    before = shop.site.run("return wc_get_product( $id )->get_stock_quantity();", id=shop.mug)
    good, bad = ({"line_id": str(mug), "quantity": 1, "restock": restock} for restock in (True, False))

    def told(status: str, *lines: object) -> tuple[int, Json]:
        body = {"status": status, "note": "Looked at", "lines": list(lines)}
        return shop.call("PUT", f"orders/{one}/returns/rma_2", body)

    shop.site.run("FulfilHub\\WooCommerce\\Settings::set( array( 'returns' => 'refund' ) ); return 1;")
    try:
        first = told("inspected", good)[1]["refund_id"]
        assert told("inspected", good) == (200, {"applied": False, "refund_id": first})
        second = told("inspected", good, bad)[1]["refund_id"]
        # As if the request had ended before the order was saved.
        shop.site.run(
            """$order = wc_get_order( $id );
            $order->delete_meta_data( '_fulfilhub_returns' );
            $order->save();
            return 1;""",
            id=one,
        )
        assert told("completed", good, bad)[0] == 200
    finally:
        shop.site.run("FulfilHub\\WooCommerce\\Settings::set( array( 'returns' => 'note' ) ); return 1;")
    assert first != second
    assert [each["total"] for each in shop.order(one)["refunds"]] == ["-12.50", "-12.50"]
    assert shop.site.run("return wc_get_product( $id )->get_stock_quantity();", id=shop.mug) == before + 1


def test_a_return_is_refunded_once_and_restocked_by_line(shop: Shop) -> None:
    one = shop.place(line_items=[{"product_id": shop.mug, "quantity": 2}, {"product_id": shop.tea, "quantity": 1}])
    shop.bring(one)
    mug, tea = (each["id"] for each in shop.order(one)["line_items"])
    levels = {
        each: shop.site.run("return wc_get_product( $id )->get_stock_quantity();", id=each)
        for each in (shop.mug, shop.tea)
    }
    lines = [
        {"line_id": str(mug), "quantity": 1, "restock": True},
        {"line_id": str(tea), "quantity": 1, "restock": False},
    ]
    body = {"status": "received", "note": "Came back", "lines": lines}
    assert shop.call("PUT", f"orders/{one}/returns/rma_1", body) == (200, {"applied": True, "refund_id": None})
    shop.site.run("FulfilHub\\WooCommerce\\Settings::set( array( 'returns' => 'refund' ) ); return 1;")
    try:
        status, made = shop.call("PUT", f"orders/{one}/returns/rma_1", body | {"status": "inspected"})
        assert (status, made["applied"], made["refund_id"] is not None) == (200, True, True)
        shop.call("PUT", f"orders/{one}/returns/rma_1", body | {"status": "completed"})
    finally:
        shop.site.run("FulfilHub\\WooCommerce\\Settings::set( array( 'returns' => 'note' ) ); return 1;")
    assert [each["total"] for each in shop.order(one)["refunds"]] == ["-19.50"]
    now = {each: shop.site.run("return wc_get_product( $id )->get_stock_quantity();", id=each) for each in levels}
    assert now == {shop.mug: levels[shop.mug] + 1, shop.tea: levels[shop.tea]}
    shop.site.settle(lambda: len(shop.hub.store.orders[str(one)]["refunds"]) == 1)
