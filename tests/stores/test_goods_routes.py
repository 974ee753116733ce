"""What a merchant sees and does over HTTP with what a store has: imports, variants, and returns that stand in both."""

from __future__ import annotations

from sqlalchemy import text

from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Works
from fulfilhub.stores.commands import hearing, importing
from tests.make.world import Client
from tests.stores.conftest import Hand

KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
STORE = {"platform": "woocommerce", "name": "Mugs", "base_url": "https://shop.test", "credentials": KEYS}


async def test_products_come_in_are_mapped_and_ignored(merchant: Client, worker_works: Works) -> None:
    at = f"/v1/stores/{(await merchant.made('/v1/stores', STORE))['store']['id']}"  # type: ignore[index]
    made = await merchant.made(f"{at}/imports", {})
    assert (made["state"], made["read"], made["since"]) == ("queued", 0, None)
    again = await merchant.post(f"{at}/imports", {})
    assert (again.status_code, again.json()["code"]) == (409, "import_running")
    ended = await merchant.post(f"{at}/imports/{made['id']}/cancel", {})
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    assert (await merchant.get(f"{at}/imports/{made['id']}")).json()["state"] == "cancelled"
    assert [row["id"] for row in (await merchant.get(f"{at}/imports")).json()["data"]] == [made["id"]]
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(
            text(
                "INSERT INTO store_products (merchant_id, id, store_id, variant_id, parent_id, item_id, sku, title, "
                "barcode, hs_code, origin_country, status, state, code, ours, written, changed_at, created_at, "
                "updated_at) SELECT merchant_id, uuidv7(), store_id, v, 'p', '', v, v, '', '', '', 'active', "
                "'unmapped', 'unknown_sku', false, '{}', now(), now(), now() "
                "FROM store_catalogues, (VALUES ('a'), ('b'), ('c')) AS t (v) ORDER BY v"
            )
        )
    first = (await merchant.get(f"{at}/products", state="unmapped", limit=2)).json()
    rest = (await merchant.get(f"{at}/products", state="unmapped", limit=2, cursor=first["next_cursor"])).json()
    one, two, three = first["data"] + rest["data"]
    assert (one["sku"], one["code"]) == ("a", "unknown_sku")
    assert one["reason"] == "There is no product with its SKU or barcode: make one, or map it to another."
    product = await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    mapped = await merchant.post(f"{at}/products/{one['id']}/map", {"product_id": product["id"]})
    assert (mapped.json()["state"], mapped.json()["mapped_by"]) == ("mapped", "person")
    nobody = "prd_01h455vb4pex5vsknk084sn02q"
    bad = await merchant.post(f"{at}/products/{two['id']}/map", {"product_id": nobody})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/product_id")
    assert (await merchant.post(f"{at}/products/{two['id']}/ignore", {})).json()["state"] == "ignored"
    left = (await merchant.get(f"{at}/products", state="unmapped")).json()["data"]
    assert [row["id"] for row in left] == [three["id"]]
    assert (await merchant.get(f"{at}/products/{one['id']}")).json()["product_id"] == product["id"]
    listed = (await merchant.get("/v1/listings")).json()["data"]
    assert [(row["external_id"], row["product_id"]) for row in listed] == [("a", product["id"])]


async def test_a_return_that_could_not_be_taken_is_listed_and_read_again(
    merchant: Client, worker_works: Works, hand: Hand
) -> None:
    at = f"/v1/stores/{(await merchant.made('/v1/stores', STORE))['store']['id']}"  # type: ignore[index]
    async with worker_works.begin(Platform("test")) as work:
        await work.db.execute(
            text(
                "INSERT INTO store_returns (merchant_id, id, store_id, order_external_id, external_id, name, begun, "
                "status, refunds, code, reason, created_at, updated_at) SELECT merchant_id, uuidv7(), store_id, '11', "
                "'r', '#11-R1', 'store', 'open', '{}', 'unknown_order', 'Not here.', now(), now() FROM store_catalogues"
            )
        )
    (row,) = (await merchant.get(f"{at}/returns", troubled=True)).json()["data"]
    assert (row["name"], row["return_id"], row["code"]) == ("#11-R1", None, "unknown_order")
    assert (await merchant.get(f"{at}/returns", troubled=False)).json()["data"] == []
    retried = await merchant.post(f"{at}/returns/{row['id']}/retry", {})
    assert retried.status_code == 202
    assert len(await hand.waiting(hearing.READ_RETURNS)) == 1
    assert await hand.waiting(importing.STEP) == []
