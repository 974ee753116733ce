"""Kits have no stock of their own: what can be said of them is what their components make, warehouse by warehouse."""

from __future__ import annotations

import random
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from fulfilhub.catalogue.commands import NewProduct, make_product
from fulfilhub.catalogue.rules import NewComponent
from fulfilhub.inventory import commands, queries
from fulfilhub.inventory.rules.kits import sellable_units
from fulfilhub.platform.work import Works
from tests.inventory.test_routes import WAREHOUSE, contracted
from tests.inventory.world import PROFILE, make_products, make_world, received
from tests.make.world import Client


async def stocked(merchant: Client, partner: Client) -> tuple[str, str, dict[str, str]]:
    """Leeds has 7 mugs and 2 teas, Hull 4 mugs; SET is two mugs and a tea. The warehouses' and the products' ids."""
    leeds = await contracted(merchant, partner)
    hull = await partner.made("/v1/warehouses", {**WAREHOUSE, "code": "HULL"})
    offer = {"merchant_id": merchant.account_id, "warehouse_id": hull["id"], "starts_on": "2026-01-01"}
    made = await partner.made("/v1/contracts", offer)
    await merchant.made(f"/v1/contracts/{made['id']}/accept")
    components = [{"sku": "MUG", "units": 2}, {"sku": "TEA"}]
    products = {
        sku: str((await merchant.made("/v1/products", {"sku": sku, "name": sku, **more}))["id"])
        for sku, more in (("MUG", {}), ("TEA", {}), ("SET", {"components": components}))
    }
    for place, lines in ((leeds, {"MUG": 7, "TEA": 2}), (str(hull["id"]), {"MUG": 4})):
        booked = [{"sku": sku, "quantity": units} for sku, units in lines.items()]
        await merchant.made("/v1/stock/receipts", {"warehouse_id": place, "lines": booked})
    return leeds, str(hull["id"]), products


async def test_a_kits_stock_is_what_each_warehouse_could_send(merchant: Client, partner: Client) -> None:
    leeds, hull, products = await stocked(merchant, partner)
    rows = (await merchant.get("/v1/stock", sku="SET")).json()["data"]
    assert {row["warehouse_id"]: (row["available"], row["on_hand"], row["allocated"]) for row in rows} == {
        leeds: (2, 2, 0),
        hull: (0, 0, 0),
    }
    (here,) = (await merchant.get("/v1/stock", sku="SET", warehouse_id=leeds)).json()["data"]
    assert (here["product_id"], here["sku"]) == (products["SET"], "SET")
    assert {(part["sku"], part["units"], part["available"]) for part in here["components"]} == {
        ("MUG", 2, 7),
        ("TEA", 1, 2),
    }
    first = (await merchant.get("/v1/stock", sku="SET", limit=1)).json()
    rest = (await merchant.get("/v1/stock", sku="SET", limit=1, cursor=first["next_cursor"])).json()
    assert [row["warehouse_id"] for row in first["data"] + rest["data"]] == sorted([leeds, hull])
    assert {row["sku"] for row in (await merchant.get("/v1/stock")).json()["data"]} == {"MUG", "TEA"}


async def test_stock_of_a_kit_is_refused_with_what_to_book_instead(merchant: Client, partner: Client) -> None:
    leeds, _, products = await stocked(merchant, partner)
    lines = [{"sku": "MUG", "quantity": 1}, {"sku": "SET", "quantity": 1}]
    for who, more in ((merchant, {}), (partner, {"merchant_id": merchant.account_id})):
        answer = await who.post("/v1/stock/receipts", {"warehouse_id": leeds, "lines": lines, **more})
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/lines/1/sku", "is_a_kit")
        assert "2 x MUG" in fault["detail"]
        assert "1 x TEA" in fault["detail"]
    count = {"product_id": products["SET"], "warehouse_id": leeds, "reason": "count", "on_hand": 3}
    answer = await merchant.post("/v1/stock/adjustments", count)
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/product_id", "is_a_kit")]


async def test_what_has_had_stock_never_becomes_a_kit(merchant: Client, partner: Client) -> None:
    _, _, products = await stocked(merchant, partner)
    answer = await merchant.patch(f"/v1/products/{products['TEA']}", {"components": [{"sku": "MUG"}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "component_in_use")
    await merchant.patch(f"/v1/products/{products['SET']}", {"components": [{"sku": "MUG"}]})
    answer = await merchant.patch(f"/v1/products/{products['TEA']}", {"components": [{"sku": "MUG"}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "product_stocked")
    assert (await merchant.get(f"/v1/products/{products['TEA']}")).json()["components"] is None


async def test_the_database_itself_lets_no_kit_have_stock(works: Works) -> None:
    world = await make_world(works)
    await make_products(works, world.merchant, "MUG")
    async with works.begin(world.merchant) as work:
        made_of = (NewComponent(units=1, sku="MUG"),)
        kit = await make_product(work, NewProduct(sku="SET", name="Set", components=made_of))
    with pytest.raises(Exception, match="fk_stock_levels_product") as raised:
        async with works.begin(world.merchant) as work:
            await commands.move(work, [received(kit.id, world.warehouse_id, 1)])
    assert not isinstance(raised.value, IntegrityError)  # the driver's own: no caller takes it for an answer


async def test_what_a_storefront_may_sell_is_counted_warehouse_by_warehouse(works: Works) -> None:
    world = await make_world(works)
    async with works.begin(world.partner) as work:
        hull = await commands.make_warehouse(work, replace(PROFILE, code="HULL"))
    mug, tea, cup = await make_products(works, world.merchant, "MUG", "TEA", "CUP")
    async with works.begin(world.merchant) as work:
        made_of = (NewComponent(units=2, sku="MUG"), NewComponent(units=1, sku="TEA"))
        kit = await make_product(work, NewProduct(sku="SET", name="Set", components=made_of))
        await commands.move(
            work,
            [
                received(mug.id, world.warehouse_id, 5),
                received(tea.id, world.warehouse_id, 9),
                received(mug.id, hull.id, 3),
                received(tea.id, hull.id, 1),
            ],
        )
    async with works.begin(world.merchant) as work:
        found = await queries.sellable(work, [mug.id, tea.id, cup.id, kit.id])
    assert found == {mug.id: 8, tea.id: 10, cup.id: 0, kit.id: 3}


@pytest.mark.parametrize("seed", range(3))
async def test_the_database_counts_what_can_be_sold_as_the_rule_says(works: Works, seed: int) -> None:
    chance = random.Random(seed)
    world = await make_world(works)
    places = [world.warehouse_id]
    async with works.begin(world.partner) as work:
        more = [await commands.make_warehouse(work, replace(PROFILE, code=code)) for code in ("HULL", "YORK", "BATH")]
    places += [each.id for each in more]
    plain = await make_products(works, world.merchant, *(f"P{n}" for n in range(12)))
    recipes: dict[UUID, dict[UUID, int]] = {each.id: {each.id: 1} for each in plain}
    shelves: dict[UUID, dict[UUID, int]] = {place: {} for place in places}
    async with works.begin(world.merchant) as work:
        for number in range(20):
            chosen = chance.sample(plain, chance.randint(1, 4))
            parts = tuple(NewComponent(units=chance.randint(1, 4), sku=each.sku) for each in chosen)
            kit = await make_product(work, NewProduct(sku=f"K{number}", name="Kit", components=parts))
            recipes[kit.id] = {each.id: part.units for each, part in zip(chosen, parts, strict=True)}
        moves = []
        for place in places:
            for each in plain:
                if units := chance.choice((0, 0, chance.randint(1, 40))):
                    shelves[place][each.id] = units
                    moves.append(received(each.id, place, units))
        await commands.move(work, moves)
    serving = chance.sample(places, 3)
    waiting = {each.id: chance.randint(0, 30) for each in plain if chance.random() < 0.5}
    async with works.begin(world.merchant) as work:
        found = await queries.sellable(work, list(recipes), serving, waiting)
    here = [shelves[place] for place in serving]
    assert found == {product: sellable_units(here, recipe, waiting) for product, recipe in recipes.items()}
