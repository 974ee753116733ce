"""Kits: what they may be made of, and what nothing may do to a product while a kit is made of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfilhub.catalogue import commands, queries
from fulfilhub.catalogue.commands import NewProduct
from fulfilhub.catalogue.queries import ProductRow
from fulfilhub.catalogue.rules import (
    ComponentInUse,
    NewComponent,
    Part,
    ProductKind,
    ProductState,
    ProductVerb,
    component_faults,
)
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FulfilHubError, Invalid
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from tests.make.world import Client, JsonObject

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing here: other work may run on the machine."""

MUG: JsonObject = {"sku": "MUG", "name": "Mug"}
TEA: JsonObject = {"sku": "TEA", "name": "Tea"}
GIFT: JsonObject = {"sku": "GIFT", "name": "Gift", "components": [{"sku": "MUG", "units": 2}, {"sku": "TEA"}]}

parts = st.builds(
    Part,
    st.integers(1, 6).map(lambda n: UUID(int=n)),
    st.sampled_from(["A", "B", "C"]),
    st.sampled_from(ProductKind),
    st.sampled_from(ProductState),
)
wanted = st.lists(
    st.builds(
        NewComponent,
        units=st.integers(1, 5),
        sku=st.none() | st.sampled_from(["A", "B", "C"]),
        product_id=st.none() | st.integers(1, 6).map(lambda n: UUID(int=n)),
    ),
    max_size=5,
)


@patient
@given(wanted, st.lists(parts, max_size=6, unique_by=lambda part: part.id))
def test_a_kit_without_faults_is_made_of_different_plain_products_in_use(
    components: list[NewComponent], known: list[Part]
) -> None:
    found: dict[str | UUID, Part] = {part.sku: part for part in known} | {part.id: part for part in known}
    kit = UUID(int=1)
    faults = component_faults(components, found, kit)
    assert all(fault.pointer.startswith("/components") for fault in faults)
    if not faults:
        made_of = [found[each.name] for each in components if each.name is not None]
        assert len(made_of) == len(components) == len({part.id for part in made_of}) > 0
        assert {part.kind for part in made_of} == {ProductKind.PLAIN}
        assert {part.state for part in made_of} == {ProductState.ACTIVE}
        assert kit not in {part.id for part in made_of}


async def test_a_kit_is_made_shown_changed_and_made_plain(merchant: Client) -> None:
    mug, tea = [await merchant.made("/v1/products", each) for each in (MUG, TEA)]
    kit = await merchant.made("/v1/products", GIFT)
    shown = sorted(
        [
            {"product_id": mug["id"], "sku": "MUG", "units": 2},
            {"product_id": tea["id"], "sku": "TEA", "units": 1},
        ],
        key=lambda each: str(each["product_id"]),
    )
    assert kit["components"] == shown
    assert mug["components"] is None
    path = f"/v1/products/{kit['id']}"
    assert (await merchant.get(path)).json() == kit
    assert (await merchant.get("/v1/products", sku="GIFT")).json()["data"] == [kit]
    same = await merchant.patch(path, {"components": [{"sku": "TEA"}, {"product_id": mug["id"], "units": 2}]})
    assert same.json()["version"] == 1
    renamed = await merchant.patch(path, {"name": "Present"})
    assert (renamed.json()["components"], renamed.json()["version"]) == (shown, 2)
    changed = await merchant.patch(path, {"components": [{"sku": "TEA", "units": 3}]}, **{"If-Match": '"2"'})
    assert changed.json()["components"] == [{"product_id": tea["id"], "sku": "TEA", "units": 3}]
    plain = await merchant.patch(path, {"components": None})
    assert (plain.json()["components"], plain.json()["version"]) == (None, 4)
    again = await merchant.patch(path, {"components": [{"sku": "MUG"}]})
    assert [each["sku"] for each in again.json()["components"]] == ["MUG"]


async def test_what_a_kit_cannot_be_made_of_is_named(merchant: Client) -> None:
    for each in (MUG, TEA, GIFT):
        await merchant.made("/v1/products", each)
    old = await merchant.made("/v1/products", {"sku": "OLD", "name": "Old"})
    await merchant.made(f"/v1/products/{old['id']}/archive")
    bad = [
        {"sku": "MUG"},
        {"sku": "GIFT"},
        {"sku": "OLD"},
        {"sku": "NONE"},
        {"sku": "MUG"},
        {"product_id": ids.PRODUCT.show(ids.new())},
        {"units": 1},
    ]
    answer = await merchant.post("/v1/products", {"sku": "K", "name": "K", "components": bad})
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        ("/components/1/sku", "nested_kit"),
        ("/components/2/sku", "component_archived"),
        ("/components/3/sku", "unknown_product"),
        ("/components/4/sku", "component_repeated"),
        ("/components/5/product_id", "unknown_product"),
        ("/components/6", "invalid"),
    ]
    empty = await merchant.post("/v1/products", {"sku": "K", "name": "K", "components": []})
    assert [fault["pointer"] for fault in empty.json()["errors"]] == ["/components"]
    assert (await merchant.get("/v1/products", sku="K")).json()["data"] == []


async def test_a_batch_makes_kits_of_what_it_makes(merchant: Client) -> None:
    bad = {"sku": "BAD", "name": "Bad", "components": [{"sku": "NONE"}]}
    answer = await merchant.post("/v1/products/batch", {"products": [GIFT, bad, MUG, TEA, GIFT]})
    assert [item["status"] for item in answer.json()["data"]] == [201, 422, 201, 201, 409]
    assert len(answer.json()["data"][0]["product"]["components"]) == 2
    assert answer.json()["data"][1]["problem"]["errors"][0]["pointer"] == "/components/0/sku"


async def test_a_component_stays_what_it_is_while_a_kit_is_made_of_it(merchant: Client) -> None:
    mug, _, kit = [await merchant.made("/v1/products", each) for each in (MUG, TEA, GIFT)]
    archived = await merchant.post(f"/v1/products/{mug['id']}/archive")
    assert (archived.status_code, archived.json()["code"], archived.json()["kits"]) == (
        409,
        "component_in_use",
        ["GIFT"],
    )
    nested = await merchant.patch(f"/v1/products/{mug['id']}", {"components": [{"sku": "TEA"}]})
    assert (nested.status_code, nested.json()["code"]) == (409, "component_in_use")
    itself = await merchant.patch(f"/v1/products/{kit['id']}", {"components": [{"sku": "GIFT"}]})
    assert itself.json()["errors"][0]["code"] == "nested_kit"
    await merchant.made(f"/v1/products/{kit['id']}/archive")
    nested = await merchant.patch(f"/v1/products/{mug['id']}", {"components": [{"sku": "TEA"}]})
    assert nested.json()["code"] == "component_in_use"
    await merchant.made(f"/v1/products/{mug['id']}/archive")
    restored = await merchant.post(f"/v1/products/{kit['id']}/restore")
    assert (restored.status_code, restored.json()["code"], restored.json()["components"]) == (
        409,
        "component_archived",
        ["MUG"],
    )
    await merchant.made(f"/v1/products/{mug['id']}/restore")
    assert (await merchant.made(f"/v1/products/{kit['id']}/restore"))["state"] == "active"


async def test_archiving_a_component_while_a_kit_is_made_of_it_lets_one_win(works: Works) -> None:
    shop = Merchant(ids.new(), "key_m")
    for n in range(10):
        async with works.begin(shop) as work:
            part = await commands.make_product(work, NewProduct(sku=f"P{n}", name="Part"))

        async def make(sku: str) -> ProductRow:
            async with works.begin(shop) as work:
                made_of = (NewComponent(units=1, sku=sku),)
                return await commands.make_product(work, NewProduct(sku=f"K{sku}", name="Kit", components=made_of))

        async def archive(product_id: UUID) -> ProductRow:
            async with works.begin(shop) as work:
                return await commands.move_product(work, product_id, ProductVerb.ARCHIVE)

        ends = await asyncio.gather(make(part.sku), archive(part.id), return_exceptions=True)
        failed = [each for each in ends if isinstance(each, FulfilHubError)]
        assert [type(each) for each in failed] in ([Invalid], [ComponentInUse])


@pytest.mark.parametrize("kit_first", [True, False])
async def test_a_product_and_its_kit_made_kits_of_each_other_at_once_never_nest(works: Works, kit_first: bool) -> None:
    shop = Merchant(ids.new(), "key_m")
    async with works.begin(shop) as work:
        one, two, three = [await commands.make_product(work, NewProduct(sku=sku, name=sku)) for sku in "ABC"]

    async def make_kit(row: ProductRow, of: str) -> ProductRow:
        async with works.begin(shop) as work:
            return await commands.change_product(work, row.id, {"components": (NewComponent(units=1, sku=of),)})

    calls = [make_kit(one, "B"), make_kit(two, "C")]
    await asyncio.gather(*(calls if kit_first else calls[::-1]), return_exceptions=True)
    async with works.begin(shop) as work:
        found = await queries.get_products(work, [one.id, two.id, three.id])
    assert sum(row.is_kit for row in found.values()) == 1
