"""What becomes of a store's variants, what a store may fill in of a product, and how stock is shared out over places."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.stores.adapters.goods import ShopStatus, StoreVariant
from fulfilhub.stores.rules.outgoing import share_out
from fulfilhub.stores.rules.products import (
    LONGEST_POLL,
    Act,
    Ground,
    ImportPolicy,
    Judged,
    Known,
    Why,
    judge,
    merge,
    poll_after,
    told_fields,
)

MUG, TEA = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def variant(**members: object) -> StoreVariant:
    given: dict[str, object] = {"variant_id": "v", "product_id": "p", "changed_at": NOON, "sku": "MUG", **members}
    return StoreVariant(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "ground", "policy", "wanted"),
    [
        ({}, Ground(by_sku=Known(MUG)), "match", Judged(Act.MAP, MUG)),
        ({}, Ground(by_sku=Known(MUG), by_barcode=[TEA]), "match", Judged(Act.MAP, MUG)),
        ({"sku": "NEW"}, Ground(by_barcode=[TEA]), "match", Judged(Act.MAP, TEA)),
        ({"sku": ""}, Ground(by_barcode=[TEA]), "match", Judged(Act.MAP, TEA)),
        ({"sku": ""}, Ground(), "create", Judged(Act.LEAVE, None, Why.NO_SKU)),
        ({"sku": ""}, Ground(by_barcode=[TEA, MUG]), "create", Judged(Act.LEAVE, None, Why.AMBIGUOUS_BARCODE)),
        ({}, Ground(by_barcode=[TEA, MUG]), "create", Judged(Act.LEAVE, None, Why.AMBIGUOUS_BARCODE)),
        ({}, Ground(), "match", Judged(Act.LEAVE, None, Why.UNKNOWN_SKU)),
        ({}, Ground(), "create", Judged(Act.CREATE)),
        ({}, Ground(by_sku=Known(MUG)), "off", Judged(Act.LEAVE, None, Why.IMPORT_OFF)),
        ({"sku": "x" * 101}, Ground(), "create", Judged(Act.LEAVE, None, Why.BAD_SKU)),
        ({}, Ground(by_sku=Known(MUG), twin=True), "match", Judged(Act.LEAVE, None, Why.DUPLICATE_SKU)),
        ({}, Ground(by_sku=Known(MUG, active=False)), "create", Judged(Act.LEAVE, None, Why.PRODUCT_ARCHIVED)),
        ({"requires_shipping": False}, Ground(), "create", Judged(Act.LEAVE, None, Why.NOT_SHIPPED)),
        ({"status": ShopStatus.ARCHIVED}, Ground(by_sku=Known(MUG)), "match", Judged(Act.LEAVE, None, Why.ARCHIVED)),
        # Mapped already: by hand it stays, whatever the store says; by us it follows the SKU to another product.
        ({}, Ground(listed=TEA, by_sku=Known(MUG)), "match", Judged(Act.KEEP, TEA)),
        ({}, Ground(listed=TEA, by_sku=Known(MUG)), "off", Judged(Act.KEEP, TEA)),
        ({}, Ground(listed=TEA, ours=True, by_sku=Known(MUG)), "match", Judged(Act.MAP, MUG)),
        ({}, Ground(listed=TEA, ours=True, by_sku=Known(MUG), twin=True), "match", Judged(Act.KEEP, TEA)),
        ({"sku": "GONE"}, Ground(listed=TEA, ours=True), "create", Judged(Act.KEEP, TEA, Why.SKU_DIFFERS)),
        ({"status": ShopStatus.ARCHIVED}, Ground(listed=TEA), "match", Judged(Act.KEEP, TEA, Why.ARCHIVED)),
    ],
)
def test_a_variant_means_what_its_listing_its_sku_or_its_barcode_says(
    told: dict[str, object], ground: Ground, policy: str, wanted: Judged
) -> None:
    assert judge(variant(**told), ground, ImportPolicy(policy)) == wanted


GROUNDS = st.builds(
    Ground,
    listed=st.none() | st.sampled_from([MUG, TEA]),
    ours=st.booleans(),
    by_sku=st.none() | st.builds(Known, id=st.sampled_from([MUG, TEA]), active=st.booleans()),
    by_barcode=st.lists(st.sampled_from([MUG, TEA]), max_size=2, unique=True),
    twin=st.booleans(),
)
VARIANTS = st.builds(
    variant,
    sku=st.sampled_from(["", "MUG", " bad", "x" * 200]),
    requires_shipping=st.sampled_from([None, True, False]),
    status=st.sampled_from(ShopStatus),
)


@given(told=VARIANTS, ground=GROUNDS, policy=st.sampled_from(ImportPolicy))
def test_nothing_is_ever_mapped_away_by_a_store_and_every_refusal_has_a_reason(
    told: StoreVariant, ground: Ground, policy: ImportPolicy
) -> None:
    verdict = judge(told, ground, policy)
    assert (verdict.product_id is not None) is (verdict.act in (Act.KEEP, Act.MAP))
    assert verdict.act is not Act.LEAVE or verdict.why is not None
    if ground.listed is not None:
        assert verdict.act in (Act.KEEP, Act.MAP)
        assert ground.ours or verdict.product_id == ground.listed
    if verdict.act is Act.CREATE:
        assert policy is ImportPolicy.CREATE
    if policy is ImportPolicy.OFF:
        assert verdict.act in ((Act.KEEP, Act.MAP) if ground.listed else (Act.LEAVE,))


def test_a_variant_says_only_what_can_be_kept() -> None:
    told = variant(title="Mug", barcode="5012345678900", weight_grams=350, hs_code="691200", origin_country="GB")
    assert told_fields(told) == {
        "name": "Mug",
        "barcodes": ["5012345678900"],
        "weight_grams": 350,
        "hs_code": "691200",
        "origin_country": "GB",
    }
    assert told_fields(variant(barcode="a b", weight_grams=0, hs_code="69.12", origin_country="gb")) == {}


def test_what_the_merchant_edited_is_left_alone() -> None:
    present: dict[str, object] = {"name": "Mug", "weight_grams": None, "barcodes": []}
    changes, written = merge(present, {}, {"name": "Red mug", "weight_grams": 350, "barcodes": ["50"]})
    assert changes == {"weight_grams": 350, "barcodes": ["50"]}, "a name that is there is the merchant's"
    assert written == changes
    edited = present | changes | {"weight_grams": 400}
    assert merge(edited, written, {"weight_grams": 360, "barcodes": ["51"]})[0] == {"barcodes": ["51"]}
    emptied = present | changes | {"weight_grams": None}
    assert merge(emptied, written, {"weight_grams": 350})[0] == {}, "emptied on purpose"


FIELDS = st.dictionaries(st.sampled_from(["name", "hs_code", "weight_grams"]), st.sampled_from(["a", "b"]))


@given(present=FIELDS, written=FIELDS, told=FIELDS)
def test_merging_is_settled_at_once_and_touches_nothing_that_is_not_the_stores(
    present: dict[str, object], written: dict[str, object], told: dict[str, object]
) -> None:
    changes, after = merge(present, written, told)
    for name in changes:
        assert present.get(name) == written.get(name)
        assert after[name] == told[name] == changes[name]
    assert merge(present | changes, after, told) == ({}, after)


@given(shelves=st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 50)), claimed=st.integers(-3, 300))
def test_places_together_never_show_more_than_can_be_sold(shelves: dict[str, int], claimed: int) -> None:
    shown = share_out(shelves, claimed)
    assert shown.keys() == shelves.keys()
    assert sum(shown.values()) == max(sum(shelves.values()) - max(claimed, 0), 0)
    assert all(0 <= shown[name] <= shelves[name] for name in shelves)
    # It is taken where most is left: no place that gave ends lower than one that gave nothing by more than a unit.
    gave = [shown[name] for name in shelves if shown[name] < shelves[name]]
    kept = [shown[name] for name in shelves if shown[name] == shelves[name]]
    assert not gave or not kept or min(gave) >= max(kept) - 1


def test_claims_are_taken_where_most_lies() -> None:
    assert share_out({"leeds": 10, "bristol": 3}, 4) == {"leeds": 6, "bristol": 3}
    assert share_out({"leeds": 10, "bristol": 8}, 4) == {"leeds": 7, "bristol": 7}
    assert share_out({"leeds": 2, "bristol": 2}, 1) == {"bristol": 1, "leeds": 2}


def test_a_list_is_asked_after_less_and_less_often() -> None:
    waits = [poll_after(polls) for polls in range(30)]
    assert waits == sorted(waits)
    assert (waits[0].total_seconds(), waits[-1]) == (2, LONGEST_POLL)
