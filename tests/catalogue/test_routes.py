"""Products and listings over HTTP."""

from __future__ import annotations

from fulfilhub.platform import ids
from tests.make.world import Client

MUG = {"sku": "MUG", "name": "Mug", "weight_grams": 350, "customs_value_minor": 499, "customs_currency": "GBP"}


async def test_a_product_is_made_read_and_changed_with_its_version(merchant: Client) -> None:
    answer = await merchant.post("/v1/products", MUG)
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"/v1/products/{made['id']}"
    assert (made["sku"], made["actions"], made["version"]) == ("MUG", ["archive"], 1)
    read = await merchant.get(f"/v1/products/{made['id']}")
    assert read.json() == made
    assert read.headers["ETag"] == '"1"'
    changed = await merchant.patch(
        f"/v1/products/{made['id']}", {"name": "Cup", "weight_grams": None}, **{"If-Match": '"1"'}
    )
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["weight_grams"], changed.json()["version"]) == ("Cup", None, 2)
    stale = await merchant.patch(f"/v1/products/{made['id']}", {"name": "Jug"}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await merchant.post("/v1/products", MUG)).json()["code"] == "sku_taken"


async def test_a_batch_names_each_bad_item_and_makes_the_others(merchant: Client) -> None:
    items = [MUG, {"sku": " X", "name": ""}, MUG, {**MUG, "sku": "Y", "customs_currency": None}, {**MUG, "sku": "Z"}]
    answer = await merchant.post("/v1/products/batch", {"products": items})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["created"], body["failed"]) == (2, 3)
    assert [item["status"] for item in body["data"]] == [201, 422, 409, 422, 201]
    assert {fault["pointer"] for fault in body["data"][1]["problem"]["errors"]} == {"/sku", "/name"}
    listed = (await merchant.get("/v1/products", limit=1)).json()
    assert listed["has_more"]
    rest = (await merchant.get("/v1/products", limit=1, cursor=listed["next_cursor"])).json()
    assert {row["sku"] for row in listed["data"] + rest["data"]} == {"MUG", "Z"}


async def test_a_thousand_products_in_one_call(merchant: Client) -> None:
    items = [{"sku": f"S{n:04}", "name": "Thing"} for n in range(1000)]
    assert (await merchant.post("/v1/products/batch", {"products": items})).json()["created"] == 1000
    assert (await merchant.post("/v1/products/batch", {"products": [*items, MUG]})).status_code == 422


async def test_the_same_key_gives_the_same_answer_and_makes_one(merchant: Client) -> None:
    answers = [await merchant.post("/v1/products", MUG, once="k1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len((await merchant.get("/v1/products", sku="MUG")).json()["data"]) == 1


async def test_archive_and_restore(merchant: Client) -> None:
    made = await merchant.made("/v1/products", MUG)
    archived = await merchant.made(f"/v1/products/{made['id']}/archive")
    assert (archived["state"], archived["actions"]) == ("archived", ["restore"])
    again = await merchant.post(f"/v1/products/{made['id']}/archive")
    assert again.status_code == 409
    assert again.json()["actions"] == ["restore"]
    assert [row["sku"] for row in (await merchant.get("/v1/products", state="archived")).json()["data"]] == ["MUG"]
    assert (await merchant.made(f"/v1/products/{made['id']}/restore"))["state"] == "active"


async def test_listings(merchant: Client) -> None:
    made = await merchant.made("/v1/products", MUG)
    store = ids.STORE.show(ids.new())
    listing = await merchant.made("/v1/listings", {"store_id": store, "external_id": "77", "product_id": made["id"]})
    assert (await merchant.get(f"/v1/listings/{listing['id']}")).json() == listing
    assert (await merchant.get("/v1/listings", store_id=store)).json()["data"] == [listing]
    assert (await merchant.get("/v1/listings", product_id=ids.PRODUCT.show(ids.new()))).json()["data"] == []
    gone = await merchant.http.delete(f"/v1/listings/{listing['id']}", headers=merchant.headers())
    assert gone.status_code == 204
    assert (await merchant.get(f"/v1/listings/{listing['id']}")).status_code == 404


async def test_partners_have_no_business_here(partner: Client) -> None:
    assert (await partner.get("/v1/products")).status_code == 403
