"""Taking what a store says of its variants: which product each means, what is made for it, and what of a product the
store fills in. Many at once, as few statements for five hundred as for one; one batch of a store at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert

from fulfilhub.catalogue import queries as catalogue
from fulfilhub.catalogue.commands import NewProduct, make_products
from fulfilhub.catalogue.commands.importing import fill_products, map_variants, unmap_variants
from fulfilhub.catalogue.queries import ProductRow
from fulfilhub.catalogue.rules import ProductState
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.goods import ItemTold, ProductTold, ShopStatus, StoreVariant
from fulfilhub.stores.models import StoreCatalogue
from fulfilhub.stores.queries.goods import VariantRow, catalogue_of, known_variants
from fulfilhub.stores.rules.products import (
    SWEEP_EVERY,
    Act,
    Ground,
    ImportPolicy,
    Judged,
    Known,
    VariantState,
    Why,
    judge,
    merge,
    told_fields,
)

LISTED = """
SELECT external_id, product_id FROM listings
WHERE merchant_id = $1 AND store_id = $2 AND external_id = ANY ($3::text[])
"""
KEEP = text(
    """
    INSERT INTO store_products AS k (merchant_id, id, store_id, variant_id, parent_id, item_id, sku, title, barcode,
        weight_grams, hs_code, origin_country, requires_shipping, tracked, status, state, code, product_id, ours,
        written, import_id, changed_at, created_at, updated_at)
    SELECT :account, uuidv7(), :store, r.variant_id, r.parent_id, r.item_id, r.sku, r.title, r.barcode,
        r.weight_grams, r.hs_code, r.origin_country, r.requires_shipping, r.tracked, r.status, r.state, r.code,
        r.product_id, r.ours, r.written, r.import_id, r.changed_at, :now, :now
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS r (variant_id text, parent_id text, item_id text, sku text,
        title text, barcode text, weight_grams int, hs_code text, origin_country text, requires_shipping bool,
        tracked bool, status text, state text, code text, product_id uuid, ours bool, written jsonb, import_id uuid,
        changed_at timestamptz)
    ORDER BY r.variant_id
    ON CONFLICT (merchant_id, store_id, variant_id) DO UPDATE SET
        parent_id = excluded.parent_id, item_id = excluded.item_id, sku = excluded.sku, title = excluded.title,
        barcode = excluded.barcode, weight_grams = excluded.weight_grams, hs_code = excluded.hs_code,
        origin_country = excluded.origin_country, requires_shipping = excluded.requires_shipping,
        tracked = excluded.tracked, status = excluded.status, state = excluded.state, code = excluded.code,
        product_id = excluded.product_id, ours = excluded.ours, written = excluded.written,
        import_id = coalesce(excluded.import_id, k.import_id), changed_at = excluded.changed_at,
        updated_at = excluded.updated_at
    """
)
GONE = """
UPDATE store_products SET state = 'gone', code = 'deleted', product_id = NULL, ours = false, written = '{}',
       updated_at = $4
WHERE merchant_id = $1 AND store_id = $2 AND variant_id = ANY ($3::text[]) AND state <> 'gone'
RETURNING variant_id
"""
FACTS = tuple(name for name in StoreVariant.__dataclass_fields__ if name not in ("variant_id", "product_id"))


@dataclass(slots=True)
class Taken:
    """How many of a batch were mapped (`made`: to products made for them), and how many need a person."""

    mapped: int = 0
    made: int = 0
    unmapped: int = 0


@dataclass(slots=True)
class _Batch:
    """A batch of variants, newest tellings only, with what is known here of them."""

    store_id: UUID
    policy: ImportPolicy
    import_id: UUID | None
    variants: dict[str, StoreVariant] = field(default_factory=dict)
    known: Mapping[str, VariantRow] = field(default_factory=dict)
    verdicts: dict[str, Judged] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)


async def lock_catalogue(work: Work, store_id: UUID) -> None:
    """Lock what is known of a store's products, which is begun with this if nothing is."""
    made = upsert(StoreCatalogue).values(
        merchant_id=work.account_id, store_id=store_id, returns_to=work.now, sweep_at=work.now + SWEEP_EVERY
    )
    await work.db.execute(made.on_conflict_do_nothing())
    await catalogue_of(work, store_id, lock=True)


async def take_variants(
    work: Work, store: queries.StoreRow, told: Sequence[StoreVariant], import_id: UUID | None = None
) -> Taken:
    """Take variants as their store has them. A telling that is older than what is known changes nothing."""
    await lock_catalogue(work, store.id)
    newest = {each.variant_id: each for each in sorted(told, key=lambda each: each.changed_at)}
    batch = _Batch(store.id, ImportPolicy(queries.settings_of(store).product_import), import_id)
    batch.known = await known_variants(work, store.id, newest, skus=[each.sku for each in newest.values()])
    for variant_id, each in sorted(newest.items()):
        row = batch.known.get(variant_id)
        if row is None:
            batch.variants[variant_id] = each
        elif row.changed_at <= each.changed_at:
            batch.variants[variant_id] = _filled(each, row)
        elif import_id is not None:
            batch.variants[variant_id] = as_told(row)
    if batch.variants:
        await _judge(work, batch)
        await _make(work, batch)
        await _keep(work, batch)
    return batch.taken


async def take_product(work: Work, store: queries.StoreRow, told: ProductTold) -> None:
    """Take a product as its store has it: of one that is told whole, variants that are not there are gone."""
    await take_variants(work, store, told.variants)
    if told.whole:
        known = await known_variants(work, store.id, parents=[told.product_id])
        await gone(work, store.id, known.keys() - {each.variant_id for each in told.variants})


async def take_item(work: Work, store: queries.StoreRow, told: ItemTold) -> None:
    """Take what a store says of what it counts; nothing is known of one whose variant never came."""
    known = await known_variants(work, store.id, items=[told.item_id])
    changes = {
        name: value
        for name in ("sku", "weight_grams", "hs_code", "origin_country", "requires_shipping", "tracked")
        if (value := getattr(told, name)) not in (None, "")
    }
    variants = [
        # The variant and what it is counted by have times of their own.
        replace(as_told(row), changed_at=max(told.changed_at, row.changed_at), **changes)
        for row in known.values()
        if row.state != VariantState.GONE
    ]
    await take_variants(work, store, variants)


async def gone(work: Work, store_id: UUID, variant_ids: Collection[str]) -> int:
    """The store has these variants no longer: what they meant is forgotten. Gives how many it still had."""
    if not variant_ids:
        return 0
    rows = await work.fetch_raw(GONE, work.account_id, store_id, sorted(variant_ids), work.now)
    await unmap_variants(work, store_id, [row[0] for row in rows])
    return len(rows)


async def map_by_hand(work: Work, store_id: UUID, id_: UUID, product_id: UUID) -> None:
    """Let a variant mean this product, as a person says. Raises NotFound, Conflict for one that is gone."""
    await queries.get_variant(work, store_id, id_)
    await lock_catalogue(work, store_id)
    row = await queries.get_variant(work, store_id, id_, lock=True)
    await map_variants(work, store_id, {row.variant_id: product_id})
    await _set(work, row, state=VariantState.MAPPED, product_id=product_id)


async def ignore(work: Work, store_id: UUID, id_: UUID) -> None:
    """Say that a variant needs no product; it is not asked about again. Raises NotFound."""
    await queries.get_variant(work, store_id, id_)
    await lock_catalogue(work, store_id)
    row = await queries.get_variant(work, store_id, id_, lock=True)
    await unmap_variants(work, store_id, [row.variant_id])
    await _set(work, row, state=VariantState.IGNORED, product_id=None)


async def _set(work: Work, row: VariantRow, *, state: VariantState, product_id: UUID | None) -> None:
    await work.fetch_raw(
        "UPDATE store_products SET state = $3, product_id = $4, code = NULL, ours = false, written = '{}', "
        "updated_at = $5 WHERE merchant_id = $1 AND id = $2",
        work.account_id,
        row.id,
        str(state),
        product_id,
        work.now,
    )


async def _judge(work: Work, batch: _Batch) -> None:
    variants = batch.variants
    listed = {
        row[0]: row[1] for row in await work.fetch_raw(LISTED, work.account_id, batch.store_id, list(variants.keys()))
    }
    by_sku = await catalogue.find_products(work, [each.sku for each in variants.values() if each.sku])
    by_barcode = await catalogue.find_barcodes(work, [each.barcode for each in variants.values() if each.barcode])
    holders: dict[str, str] = {
        row.sku: row.variant_id
        for row in batch.known.values()
        if row.sku and row.state == VariantState.MAPPED and row.variant_id not in variants
    }
    for variant_id in sorted(variants, key=lambda each: (each not in listed, each)):
        each, row = variants[variant_id], batch.known.get(variant_id)
        if row is not None and row.state == VariantState.IGNORED and variant_id not in listed:
            continue
        found = by_sku.get(each.sku) if each.sku else None
        ground = Ground(
            listed=listed.get(variant_id),
            ours=row is not None and row.ours and row.product_id == listed.get(variant_id),
            by_sku=None if found is None else Known(found.id, found.state == ProductState.ACTIVE),
            by_barcode=by_barcode.get(each.barcode, ()),
            twin=bool(each.sku) and holders.get(each.sku, variant_id) != variant_id,
        )
        verdict = judge(each, ground, batch.policy)
        batch.verdicts[variant_id] = verdict
        if each.sku and verdict.act is not Act.LEAVE:
            holders.setdefault(each.sku, variant_id)


async def _make(work: Work, batch: _Batch) -> None:
    """Make the products that are to be made; one that somebody else made meanwhile does as well."""
    wanted = [batch.variants[each] for each, verdict in batch.verdicts.items() if verdict.act is Act.CREATE]
    if not wanted:
        return
    answers = await make_products(work, [_new_product(each) for each in wanted])
    missing = [each.sku for each, answer in zip(wanted, answers, strict=True) if not isinstance(answer, ProductRow)]
    found = await catalogue.find_products(work, missing) if missing else {}
    for each, answer in zip(wanted, answers, strict=True):
        made = answer if isinstance(answer, ProductRow) else found.get(each.sku)
        if isinstance(answer, ProductRow):
            batch.taken.made += 1
        batch.verdicts[each.variant_id] = (
            Judged(Act.LEAVE, None, Why.BAD_SKU) if made is None else Judged(Act.MAP, made.id)
        )


async def _keep(work: Work, batch: _Batch) -> None:
    mapped = {each: verdict.product_id for each, verdict in batch.verdicts.items() if verdict.product_id is not None}
    moved = {each: mapped[each] for each, verdict in batch.verdicts.items() if verdict.act is Act.MAP}
    await map_variants(work, batch.store_id, moved)
    written = await _fill(work, batch, mapped)
    rows: list[dict[str, object]] = []
    counts = Counter[VariantState]()
    for variant_id, each in batch.variants.items():
        row, verdict = batch.known.get(variant_id), batch.verdicts.get(variant_id)
        if verdict is None:
            state, code, product_id, ours = VariantState.IGNORED, None, None, False
        else:
            state = VariantState.UNMAPPED if verdict.act is Act.LEAVE else VariantState.MAPPED
            code, product_id = verdict.why, verdict.product_id
            kept = row is not None and row.ours and row.product_id == product_id
            ours = verdict.act is Act.MAP or (verdict.act is Act.KEEP and kept)
        counts[state] += 1
        facts = {name: getattr(each, name) for name in FACTS}
        rows.append(
            facts
            | {"variant_id": variant_id, "parent_id": each.product_id, "import_id": batch.import_id, "state": state}
            | {"code": code, "product_id": product_id, "ours": ours, "written": written.get(variant_id, {})}
        )
    changed = [row for row in rows if _differs(row, batch.known.get(str(row["variant_id"])))]
    if changed:
        given = {"account": work.account_id, "store": batch.store_id, "now": work.now}
        await work.db.execute(KEEP, given | {"rows": msgspec.json.encode(changed).decode()})
    batch.taken.mapped, batch.taken.unmapped = counts[VariantState.MAPPED], counts[VariantState.UNMAPPED]


async def _fill(work: Work, batch: _Batch, mapped: Mapping[str, UUID]) -> dict[str, dict[str, object]]:
    """Fill in what the store may; gives what it is known to have written of each variant's product."""
    if batch.policy is ImportPolicy.OFF:
        return {each: dict(row.written) for each in mapped if (row := batch.known.get(each)) is not None}
    products = await catalogue.lock_products(work, mapped.values())
    present = {id_: {name: getattr(row, name) for name in row._fields} for id_, row in products.items()}
    written: dict[str, dict[str, object]] = {}
    changes: dict[UUID, dict[str, object]] = {}
    for variant_id, product_id in sorted(mapped.items()):
        row, fields = batch.known.get(variant_id), told_fields(batch.variants[variant_id])
        before = row.written if row is not None and row.product_id == product_id else {}
        if products[product_id].is_kit:
            fields = {}  # what a kit weighs is what it is made of
        new, written[variant_id] = merge(present[product_id], before, fields)
        if new:
            changes.setdefault(product_id, {}).update(new)
            present[product_id] |= new
    await fill_products(work, changes)
    return written


def _new_product(variant: StoreVariant) -> NewProduct:
    given = told_fields(variant)
    return NewProduct(
        sku=variant.sku,
        name=str(given.get("name", variant.sku)),
        barcodes=(variant.barcode,) if "barcodes" in given else (),
        weight_grams=variant.weight_grams if "weight_grams" in given else None,
        hs_code=variant.hs_code if "hs_code" in given else None,
        origin_country=variant.origin_country if "origin_country" in given else None,
    )


def _filled(told: StoreVariant, row: VariantRow) -> StoreVariant:
    """A telling, with what it does not say as it was known."""
    lacking = {
        name: getattr(row, name)
        for name in ("item_id", "weight_grams", "hs_code", "origin_country", "requires_shipping", "tracked")
        if getattr(told, name) in (None, "")
    }
    return replace(told, **lacking)


def as_told(row: VariantRow) -> StoreVariant:
    """A variant as its store told it last."""
    facts = {name: getattr(row, name) for name in FACTS if name != "status"}
    return StoreVariant(variant_id=row.variant_id, product_id=row.parent_id, status=ShopStatus(row.status), **facts)


def _differs(new: Mapping[str, object], row: VariantRow | None) -> bool:
    """Whether anything is new, be it only the time of the telling; what an import saw is always noted."""
    if row is None or new["import_id"] is not None:
        return True
    return any(getattr(row, name) != value for name, value in new.items() if name != "import_id")
