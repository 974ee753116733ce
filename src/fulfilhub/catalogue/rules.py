"""What a product may be and become, and the failures that callers can be told about."""

from __future__ import annotations

from enum import StrEnum

from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Machine, Who, to

BATCH_LIMIT = 1_000
SKU_PATTERN = r"^\S(?:.{0,98}\S)?$"
"""1 to 100 characters, no blanks at the ends: SKUs are compared exactly, so a stray blank would be another SKU."""


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


def customs_fault(value_minor: object, currency: object) -> Invalid | None:
    """What is wrong with a customs value and its currency: one without the other means nothing."""
    if (value_minor is None) == (currency is None):
        return None
    detail = "Give customs_value_minor and customs_currency together, or neither."
    return Invalid(detail, fields=[FieldError("/customs_currency", detail)])
