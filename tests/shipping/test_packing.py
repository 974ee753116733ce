"""Packing over HTTP: boxes, proposed cartons, the weight check, and papers, from the order to the label."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.populated import BEFORE, Populated, populate
from tests.make.world import Client

Json = dict[str, Any]
BOX = {"name": "Small", "length_mm": 220, "width_mm": 160, "height_mm": 110, "tare_grams": 90, "max_grams": 2_000}
MUG = {
    "weight_grams": 350,
    "length_mm": 100,
    "width_mm": 100,
    "height_mm": 100,
    "fragile": True,
    "packing_note": "Wrap in tissue paper.",
}


@pytest.fixture
async def world(http: httpx.AsyncClient, platform_key: str, worker_works: Works, settings: Settings) -> Populated:
    """Goods in a hall under contract; mugs are measured and weighed, and the merchant has wishes."""
    made = await populate(http, platform_key, worker_works, settings, BEFORE)
    assert (await made.merchant.patch(f"/v1/products/{made.made['MUG']}", MUG)).is_success
    wishes = {
        "brand_name": "Ada's Mugs",
        "brand_colour": "#0f766e",
        "instructions": "Paper tape.",
        "inserts": ["Leaflet"],
    }
    assert (await made.merchant.put("/v1/packing-policy", wishes)).is_success
    return made


async def in_hand(world: Populated, quantity: int = 2, **order: object) -> tuple[str, Json, Json]:
    """The path of a picked work order's verbs, its lease, and the work order."""
    at, lease = await world.claim(await world.order("o-1", quantity=quantity))
    await world.partner.made(f"{at}/accept", lease)
    return at, lease, dict(await world.partner.made(f"{at}/pick", lease))


def all_in_one(work: Json, **more: object) -> Json:
    contents = [{"line_id": line["line_id"], "quantity": line["picked"]} for line in work["lines"]]
    return {"contents": contents, **more}


async def box_of(world: Populated, **more: object) -> Json:
    at = f"/v1/warehouses/{world.made['warehouse']}/boxes"
    return dict(await world.partner.made(at, {**BOX, "name": "Mine", **more}))


async def test_a_warehouses_boxes_are_its_operators_alone(world: Populated) -> None:
    at = f"/v1/warehouses/{world.made['warehouse']}/boxes"
    made = await box_of(world)
    assert (made["version"], made["active"], made["cost_rank"]) == (1, True, 0)
    assert {each["name"] for each in (await world.partner.get(at)).json()["data"]} == {"Small", "Mine"}
    one = f"{at}/{made['id']}"
    changed = await world.partner.patch(one, {"max_grams": 9_000, "active": False}, **{"If-Match": '"1"'})
    assert (changed.json()["max_grams"], changed.json()["version"]) == (9_000, 2)
    assert (await world.partner.patch(one, {"active": True}, **{"If-Match": '"1"'})).status_code == 412
    for stranger in (world.merchant, world.other_partner, world.twin):
        assert (await stranger.get(at)).status_code == 404
        assert (await stranger.post(at, BOX)).status_code == 404
        assert (await stranger.patch(one, {"active": True})).status_code == 404
        assert (await stranger.http.delete(one, headers=stranger.headers())).status_code == 404
    assert (await world.partner.http.delete(one, headers=world.partner.headers())).status_code == 204
    assert (await world.partner.get(one)).status_code == 404


async def test_a_box_that_can_hold_nothing_or_is_there_already_is_refused(world: Populated) -> None:
    at = f"/v1/warehouses/{world.made['warehouse']}/boxes"
    twice = await world.partner.post(at, BOX)
    assert (twice.status_code, twice.json()["code"]) == (409, "box_name_taken")
    made = await box_of(world)
    same_name = await world.partner.patch(f"{at}/{made['id']}", {"name": "Small"})
    assert (same_name.status_code, same_name.json()["code"]) == (409, "box_name_taken")
    for answer in (
        await world.partner.post(at, {**BOX, "name": "Lead", "max_grams": 90}),
        await world.partner.patch(f"{at}/{made['id']}", {"tare_grams": 2_000}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/max_grams")


async def test_cartons_are_proposed_from_the_warehouses_boxes(world: Populated) -> None:
    await box_of(world, name="Large", length_mm=400, width_mm=300, height_mm=300, max_grams=20_000)
    at, _, work = await in_hand(world)
    told = (await world.partner.get(f"{at}/cartons")).json()
    (carton,) = told["cartons"]
    assert (carton["box_name"], carton["weight_grams"], told["left_out"]) == ("Small", 790, [])
    assert carton["contents"] == [
        {"line_id": work["lines"][0]["line_id"], "product_id": world.made["MUG"], "sku": "MUG", "quantity": 2}
    ]
    assert sorted(each["x_mm"] for each in carton["placed"]) == [0, 100]


async def test_what_is_not_measured_is_named_and_kits_are_their_components(world: Populated) -> None:
    assert (await world.merchant.patch(f"/v1/products/{world.made['MUG']}", {"length_mm": None})).is_success
    at, lease = await world.claim(await world.order("kit", sku="PAIR", quantity=1))
    told = (await world.partner.get(f"{at}/cartons")).json()
    assert told["cartons"] == []
    (left,) = told["left_out"]
    assert (left["sku"], left["quantity"], left["reason"]) == ("MUG", 2, "no_size")
    await world.partner.made("/v1/work/leases/" + lease["lease_id"] + "/release", {})


async def test_work_says_how_things_are_packed_and_what_the_merchant_wants(world: Populated) -> None:
    _, _, work = await in_hand(world)
    handling = work["lines"][0]["handling"]
    assert (handling["fragile"], handling["upright"], handling["packing_note"]) == (True, False, MUG["packing_note"])
    assert (handling["length_mm"], handling["dangerous_goods"]) == (100, None)
    assert work["packing"] == {"instructions": "Paper tape.", "inserts": ["Leaflet"], "gift_message": ""}
    assert "brand_name" not in work["packing"]


async def test_a_gift_message_travels_with_the_work_and_follows_the_order(world: Populated) -> None:
    order = await world.order("gift")
    said = await world.merchant.patch(f"/v1/orders/{order}", {"gift_message": "Happy birthday, Grace!"})
    assert said.json()["gift_message"] == "Happy birthday, Grace!"
    await world.work_off()
    at, _ = await world.claim(order)
    assert (await world.partner.get(at)).json()["packing"]["gift_message"] == "Happy birthday, Grace!"
    await world.merchant.patch(f"/v1/orders/{order}", {"gift_message": ""})
    await world.work_off()
    assert (await world.partner.get(at)).json()["packing"]["gift_message"] == ""


async def test_packing_records_the_box_and_what_the_parcel_should_weigh(world: Populated) -> None:
    box = await box_of(world)
    at, lease, work = await in_hand(world)
    packed = await world.partner.made(
        f"{at}/pack", {**lease, "parcels": [all_in_one(work, box_id=box["id"], weight_grams=801)]}
    )
    parcels: Any = packed["parcels"]
    (parcel,) = parcels
    assert (parcel["expected_grams"], parcel["weight_grams"], parcel["weight_reason"]) == (790, 801, None)
    assert (parcel["length_mm"], parcel["box_id"]) == (220, box["id"])
    again = await world.partner.post(
        f"{at}/pack", {**lease, "parcels": [all_in_one(work, box_id=box["id"], weight_grams=801)]}
    )
    assert again.json()["version"] == packed["version"], "said again, it changes nothing"
    number = {"carrier": "royal_mail", "tracking_number": "RM 1"}
    await world.partner.made(f"{at}/ship", {**lease, "parcels": [number]})
    await world.work_off()
    (shipment,) = (await world.merchant.get("/v1/shipments")).json()["data"]
    (left,) = shipment["parcels"]
    assert (left["weight_grams"], left["length_mm"], left["contents"][0]["quantity"]) == (801, 220, 2)


async def test_a_weight_that_is_off_needs_a_reason_where_the_warehouse_asks(world: Populated) -> None:
    hall = f"/v1/warehouses/{world.made['warehouse']}"
    asked = await world.partner.patch(hall, {"weight_tolerance": {"percent": 5, "grams": 20}})
    assert asked.json()["weight_tolerance"] == {"percent": 5, "grams": 20}
    box = await box_of(world)
    at, lease, work = await in_hand(world)

    async def pack(**more: object) -> httpx.Response:
        return await world.partner.post(
            f"{at}/pack", {**lease, "parcels": [all_in_one(work, box_id=box["id"], **more)]}
        )

    unweighed = await pack()
    assert (unweighed.status_code, unweighed.json()["errors"][0]["pointer"]) == (422, "/parcels/0/weight_grams")
    off = await pack(weight_grams=440)
    assert (off.status_code, off.json()["code"]) == (409, "weight_off")
    assert off.json()["errors"][0]["pointer"] == "/parcels/0/weight_reason"
    told = await pack(weight_grams=440, weight_reason="product_weight_wrong")
    assert told.json()["state"] == "packed"
    assert told.json()["parcels"][0]["weight_reason"] == "product_weight_wrong"
    assert (await world.partner.patch(hall, {"weight_tolerance": None})).json()["weight_tolerance"] is None


async def test_a_box_carries_what_it_may_and_is_of_this_warehouse(world: Populated) -> None:
    box = await box_of(world, max_grams=700)
    at, lease, work = await in_hand(world)
    heavy = await world.partner.post(f"{at}/pack", {**lease, "parcels": [all_in_one(work, box_id=box["id"])]})
    assert (heavy.status_code, heavy.json()["code"]) == (409, "box_overloaded")
    elsewhere = (await world.partner.made("/v1/warehouses", {**(await _hall(world)), "code": "THIRD"}))["id"]
    other = await world.partner.made(f"/v1/warehouses/{elsewhere}/boxes", BOX)
    strange = await world.partner.post(f"{at}/pack", {**lease, "parcels": [all_in_one(work, box_id=other["id"])]})
    assert (strange.status_code, strange.json()["errors"][0]["pointer"]) == (422, "/parcels/0/box_id")


async def _hall(world: Populated) -> Json:
    told = (await world.partner.get(f"/v1/warehouses/{world.made['warehouse']}")).json()
    names = ("name", "address", "country", "postcode", "timezone", "currency", "cutoffs", "services")
    return {name: told[name] for name in names}


PAPERS = ("pick-list", "packing-slip", "parcel-label", "carton-label", "manifest")


async def test_papers_are_drawn_for_the_operator_and_nobody_keeps_them(world: Populated) -> None:
    at, lease, work = await in_hand(world)
    for paper in PAPERS:
        answer = await world.partner.get(f"{at}/papers/{paper}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content.startswith(b"%PDF-")
        for stranger in (world.merchant, world.other_partner, world.twin):
            assert (await stranger.get(f"{at}/papers/{paper}")).status_code == 404
    label = await world.partner.get(f"{at}/papers/parcel-label", format="zpl")
    assert label.headers["content-type"].startswith("application/zpl")
    assert f"^FD{work['id'].replace('_', '_5F')}^FS" in label.text
    assert "^FDFRAGILE^FS" in label.text
    await world.partner.made(
        f"{at}/ship", {**lease, "parcels": [{"carrier": "royal_mail", "tracking_number": "AB 1234 GB"}]}
    )
    shipped = await world.partner.get(f"{at}/papers/parcel-label", format="zpl")
    assert "^FDAB1234GB^FS" in shipped.text
    refused = await world.partner.get(f"{at}/papers/pick-list", format="zpl")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query/format")


async def test_papers_of_many_work_orders_are_one_file(world: Populated) -> None:
    made = [await world.order(f"o-{place}") for place in range(3)]
    assert made
    listed = (await world.partner.get("/v1/work/orders")).json()["data"]
    body = {"paper": "parcel-label", "format": "zpl", "work_order_ids": [each["id"] for each in listed]}
    answer = await world.partner.post("/v1/work/papers", body, once=None)
    assert answer.text.count("^XA") == 3
    assert [each["id"].partition("_")[2] in answer.text for each in listed] == [True] * 3
    manifest = await world.partner.post("/v1/work/papers", {**body, "paper": "manifest", "format": "pdf"}, once=None)
    assert manifest.content.startswith(b"%PDF-")
    assert (await world.other_partner.post("/v1/work/papers", body, once=None)).status_code == 404
    unknown = {**body, "work_order_ids": [*body["work_order_ids"], "wko_01h455vb4pex5vsknk084sn02q"]}
    missing = await world.partner.post("/v1/work/papers", unknown, once=None)
    assert (missing.status_code, "wko_01h455vb4pex5vsknk084sn02q" in missing.json()["detail"]) == (404, True)


async def test_the_packing_policy_has_versions(merchant: Client, partner: Client) -> None:
    at = "/v1/packing-policy"
    assert (await merchant.get(at)).json()["version"] == 0
    made = await merchant.put(at, {"brand_name": "Ada's", "inserts": ["Leaflet"]})
    assert (made.json()["version"], made.json()["inserts"], made.headers["etag"]) == (1, ["Leaflet"], '"1"')
    assert (await merchant.put(at, {}, **{"If-Match": '"0"'})).status_code == 412
    assert (await merchant.put(at, {"brand_colour": "teal"})).status_code == 422
    assert (await partner.get(at)).status_code == 403
