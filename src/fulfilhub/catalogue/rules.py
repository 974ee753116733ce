"""What a product may be and become, and the failures that callers can be told about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Machine, Who, to

BATCH_LIMIT = 1_000
COMPONENT_LIMIT = 50
_VISIBLE = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
SKU_PATTERN = rf"^{_VISIBLE}([^\x00-\x1f\x7f]{{0,98}}{_VISIBLE})?$"
"""1 to 100 characters, no blanks at the ends: SKUs are compared exactly, so a stray blank would be another SKU. Spelt
out, because `\\S` and `.` mean something else to each engine."""


class ProductKind(StrEnum):
    """A plain product is stocked. A kit has no stock of its own: it is made of plain products as it is picked."""

    PLAIN = "plain"
    KIT = "kit"


class ProductState(StrEnum):
    """Archived products keep their stock and history, but new orders no longer find them by SKU or listing."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class ProductVerb(StrEnum):
    ARCHIVE = "archive"
    RESTORE = "restore"


PRODUCT = Machine(
    "product",
    {
        (ProductState.ACTIVE, ProductVerb.ARCHIVE): to(ProductState.ARCHIVED, Who.MERCHANT),
        (ProductState.ARCHIVED, ProductVerb.RESTORE): to(ProductState.ACTIVE, Who.MERCHANT),
    },
)


class SkuTaken(Conflict):
    """Another product of the merchant, perhaps an archived one, has this SKU."""

    code = "sku_taken"
    title = "This SKU is in use"


class ListingTaken(Conflict):
    """The store's variant is mapped to a product already."""

    code = "listing_taken"
    title = "This variant is mapped already"


class ComponentInUse(Conflict):
    """A kit is made of the product, so it must stay what it is."""

    code = "component_in_use"
    title = "A kit is made of this"


class ComponentArchived(Conflict):
    """A kit can't be sold while something it is made of is archived."""

    code = "component_archived"
    title = "A component is archived"


class Stocked(Conflict):
    """The product has had stock, which a kit never has."""

    code = "product_stocked"
    title = "The product has had stock"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComponent:
    """So many units of a product, named by its SKU or by its id."""

    units: int
    sku: str | None = None
    product_id: UUID | None = None

    @property
    def name(self) -> str | UUID | None:
        """What the product is looked up by."""
        return self.sku if self.sku is not None else self.product_id


@dataclass(frozen=True, slots=True)
class Part:
    """As much of a product as decides whether it can be a component."""

    id: UUID
    sku: str
    kind: ProductKind
    state: ProductState


def component_faults(
    wanted: Sequence[NewComponent], found: Mapping[str | UUID, Part], kit_id: UUID | None = None
) -> list[FieldError]:
    """What is wrong with the components of a kit, field by field; none: it can be made so. `found` are the products by
    the names that `wanted` uses, `kit_id` the kit itself once there is one."""
    if not wanted:
        return [FieldError("/components", "A kit has at least one component; null makes it a plain product.")]
    faults: list[FieldError] = []
    seen: set[UUID] = set()
    for place, each in enumerate(wanted):
        at = f"/components/{place}"
        if (each.sku is None) == (each.product_id is None):
            faults.append(FieldError(at, "Name the product by its sku or by its product_id, one of them."))
            continue
        at += "/sku" if each.sku is not None else "/product_id"
        part = found.get(each.name) if each.name is not None else None
        if part is None:
            shown = f"the SKU {each.sku!r}" if each.sku is not None else "this id"
            faults.append(FieldError(at, f"There is no product with {shown}.", "unknown_product"))
        elif part.id == kit_id:
            faults.append(FieldError(at, "A kit can't be made of itself.", "nested_kit"))
        elif part.kind is ProductKind.KIT:
            detail = f"{part.sku} is a kit itself: name what it is made of."
            faults.append(FieldError(at, detail, "nested_kit"))
        elif part.state is ProductState.ARCHIVED:
            faults.append(FieldError(at, f"{part.sku} is archived: restore it first.", "component_archived"))
        elif part.id in seen:
            faults.append(FieldError(at, f"{part.sku} is there twice: give its units once.", "component_repeated"))
        else:
            seen.add(part.id)
    return faults


def customs_fault(value_minor: object, currency: object) -> Invalid | None:
    """What is wrong with a customs value and its currency: one without the other means nothing."""
    if (value_minor is None) == (currency is None):
        return None
    detail = "Give customs_value_minor and customs_currency together, or neither."
    return Invalid(detail, fields=[FieldError("/customs_currency", detail)])
