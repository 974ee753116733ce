"""Tables of products, what kits are made of, and listings."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import Base, MerchantTable


class Product(MerchantTable, Base):
    """One SKU. Weight in grams, sizes in millimetres, customs value in minor units of `customs_currency`.

    `upright` things are not laid on their side, nothing is put on `fragile` ones, and `dangerous_goods` says what
    makes a thing dangerous.

    `kind` is `plain` for what has stock, `kit` for what is made of other products as it is picked. Who refers to it too
    (stock levels, components) can never mean the other kind.
    """

    __tablename__ = "products"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]
    barcodes: Mapped[list[str]]
    weight_grams: Mapped[int | None]
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    hs_code: Mapped[str | None]
    origin_country: Mapped[str | None]
    customs_value_minor: Mapped[int | None] = mapped_column(BigInteger)
    customs_currency: Mapped[str | None]
    upright: Mapped[bool] = mapped_column(server_default="false")
    fragile: Mapped[bool] = mapped_column(server_default="false")
    dangerous_goods: Mapped[str | None]
    packing_note: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str] = mapped_column(server_default="plain")
    state: Mapped[str] = mapped_column(server_default="active")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "sku", name="uq_products_sku"),
        UniqueConstraint("merchant_id", "id", "kind", name="uq_products_kind"),
        CheckConstraint("kind IN ('plain', 'kit')", name="kind"),
        CheckConstraint("state IN ('active', 'archived')", name="state"),
        CheckConstraint("weight_grams >= 0", name="weight"),
        CheckConstraint("length_mm > 0 AND width_mm > 0 AND height_mm > 0", name="size"),
        CheckConstraint(
            "customs_value_minor >= 0 AND (customs_value_minor IS NULL) = (customs_currency IS NULL)",
            name="customs_value",
        ),
        Index("ix_products_barcodes", "barcodes", postgresql_using="gin"),
    )


class ProductComponent(MerchantTable, Base):
    """How many units of a plain product one unit of a kit is made of."""

    __tablename__ = "product_components"

    kit_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    kit_kind: Mapped[str] = mapped_column(server_default="kit")
    product_kind: Mapped[str] = mapped_column(server_default="plain")
    units: Mapped[int]

    __table_args__ = (
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("kit_kind = 'kit' AND product_kind = 'plain'", name="kinds"),
        ForeignKeyConstraint(
            ["merchant_id", "kit_id", "kit_kind"],
            ["products.merchant_id", "products.id", "products.kind"],
            name="fk_product_components_kit",
        ),
        ForeignKeyConstraint(
            ["merchant_id", "product_id", "product_kind"],
            ["products.merchant_id", "products.id", "products.kind"],
            name="fk_product_components_product",
        ),
        Index("ix_product_components_product", "merchant_id", "product_id", "kit_id"),
    )


class Listing(MerchantTable, Base):
    """A store's variant (its own id of it) and the product it means. The store is known by its id only."""

    __tablename__ = "listings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[UUID]
    external_id: Mapped[str]
    product_id: Mapped[UUID]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("merchant_id", "store_id", "external_id", name="uq_listings_external_id"),
        ForeignKeyConstraint(
            ["merchant_id", "product_id"], ["products.merchant_id", "products.id"], name="fk_listings_product"
        ),
        Index("ix_listings_product", "merchant_id", "product_id"),
    )
