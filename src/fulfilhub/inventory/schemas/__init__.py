"""Wire shapes of warehouses, stock levels, receipts and the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from fulfilhub.inventory.commands import NewWarehouse
from fulfilhub.inventory.queries import KitLevelRow, LevelRow, MovementRow, WarehouseRow
from fulfilhub.inventory.rules.packing import WeightTolerance
from fulfilhub.inventory.rules.stock import Bucket
from fulfilhub.inventory.rules.warehouse import Service, WarehouseState
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", examples=["LEEDS-1"])]
Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Leeds North"])]
Line = Annotated[str, Meta(max_length=200, examples=["1 Mill Lane"])]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", examples=["GB"])]
Postcode = Annotated[str, Meta(max_length=20, examples=["LS1 1AA"])]
Timezone = Annotated[str, Meta(min_length=1, max_length=60, examples=["Europe/London"])]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", examples=["GBP"])]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["14:00"])]
Days = Annotated[int, Meta(ge=0, le=90, examples=[1])]
Capacity = Annotated[int, Meta(ge=0, le=1_000_000, examples=[500])]
Region = Annotated[str, Meta(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$", examples=["GB-ENG"])]
Services = Annotated[list[Service], Meta(min_length=1, max_length=50)]
AccountId = Annotated[str, Meta(pattern=ids.ACCOUNT.pattern, examples=["acc_01h455vb4pex5vsknk084sn02q"])]
WarehouseId = Annotated[str, Meta(pattern=ids.WAREHOUSE.pattern, examples=["wh_01h455vb4pex5vsknk084sn02q"])]


class WarehouseAddress(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where it stands, without postcode and country."""

    line1: Annotated[str, Meta(min_length=1, max_length=200, examples=["1 Mill Lane"])]
    city: Annotated[str, Meta(min_length=1, max_length=200, examples=["Leeds"])]
    line2: Line = ""
    region: Line = ""


class Cutoffs(Struct, kw_only=True, forbid_unknown_fields=True):
    """The local time before which an order still counts that day; null means closed."""

    mon: TimeOfDay | None = None
    tue: TimeOfDay | None = None
    wed: TimeOfDay | None = None
    thu: TimeOfDay | None = None
    fri: TimeOfDay | None = None
    sat: TimeOfDay | None = None
    sun: TimeOfDay | None = None


class Closures(Struct, kw_only=True, forbid_unknown_fields=True):
    """When it is closed besides: the public holidays of a region (empty: none), and days of its own."""

    holiday_region: Region = ""
    closed_dates: Annotated[list[date], Meta(max_length=400)] = msgspec.field(default_factory=list)


class WarehouseIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new warehouse of the caller's. Costs in `services` are minor units of `currency`; without
    `daily_capacity` there is no limit, without `weight_tolerance` parcels are not weighed against what they hold."""

    code: Code
    name: Name
    address: WarehouseAddress
    country: Country
    postcode: Postcode
    timezone: Timezone
    currency: Currency
    cutoffs: Cutoffs
    services: Services
    calendar: Closures = msgspec.field(default_factory=Closures)
    handling_days: Days = 0
    daily_capacity: Capacity | None = None
    weight_tolerance: WeightTolerance | None = None


class WarehouseChangeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. Lists and objects are replaced whole. `suspended` gets no new work
    until `open` again; `closed` is for good."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    address: WarehouseAddress | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    postcode: Postcode | UnsetType = UNSET
    timezone: Timezone | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    cutoffs: Cutoffs | UnsetType = UNSET
    services: Services | UnsetType = UNSET
    calendar: Closures | UnsetType = UNSET
    handling_days: Days | UnsetType = UNSET
    daily_capacity: Capacity | UnsetType | None = UNSET
    weight_tolerance: WeightTolerance | UnsetType | None = UNSET
    state: WarehouseState | UnsetType = UNSET


class WarehouseOut(Struct, kw_only=True):
    """A warehouse; `operator_id` is the account that runs it."""

    id: str
    operator_id: str
    code: str
    name: str
    address: WarehouseAddress
    country: str
    postcode: str
    timezone: str
    currency: str
    cutoffs: Cutoffs
    calendar: Closures
    handling_days: int
    services: list[Service]
    daily_capacity: int | None
    weight_tolerance: WeightTolerance | None
    state: WarehouseState
    version: int
    created_at: datetime
    updated_at: datetime


class ReceiptLineIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Units of one SKU that came in."""

    sku: Annotated[str, Meta(min_length=1, max_length=100, examples=["MUG-RED"])]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000, examples=[24])]


class ReceiptIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Goods that came in. A partner names the merchant whose goods they are; a merchant's key need not."""

    warehouse_id: WarehouseId
    lines: Annotated[list[ReceiptLineIn], Meta(min_length=1, max_length=1_000)]
    merchant_id: AccountId | None = None
    reference: Annotated[str, Meta(max_length=200, examples=["PO 1007"])] = ""


class ReceiptLineOut(Struct, kw_only=True):
    """A line as it was booked."""

    sku: str
    product_id: str
    quantity: int


class ReceiptOut(Struct, kw_only=True):
    """A booked receipt; its rows in the ledger are those with this `document_id`."""

    id: str
    warehouse_id: str
    reference: str
    lines: list[ReceiptLineOut]
    received_at: datetime


class KitPartOut(Struct, kw_only=True):
    """A component of a kit in one warehouse: units in one kit, and units available there."""

    sku: str
    units: int
    available: int


class LevelOut(Struct, kw_only=True):
    """One product in one warehouse, in units: on_hand = available + allocated + quarantined + damaged.

    For a kit, `available` is how many whole ones the warehouse's `components` make now; what is allocated or on its
    way is told of the components only.
    """

    product_id: str
    sku: str
    warehouse_id: str
    available: int
    allocated: int
    quarantined: int
    damaged: int
    on_hand: int
    incoming: int
    components: list[KitPartOut] | None = None
    version: int
    updated_at: datetime


class Buckets(Struct, kw_only=True):
    """Units per bucket."""

    available: int
    allocated: int
    quarantined: int
    damaged: int
    incoming: int


class MovementOut(Struct, kw_only=True):
    """One row of the ledger: what each bucket held before, what it gained or lost, what it held after, and why."""

    id: str
    product_id: str
    sku: str
    warehouse_id: str
    reason: str
    before: Buckets
    change: Buckets
    after: Buckets
    document: str
    document_id: str
    note: str
    actor: str
    occurred_at: datetime


DOCUMENTS = {
    "receipt": ids.RECEIPT,
    "adjustment": ids.ADJUSTMENT,
    "order": ids.ORDER,
    "fulfilment": ids.FULFILMENT,
    "work_order": ids.WORK_ORDER,
    "shipment": ids.SHIPMENT,
    "return": ids.RETURN,
}
"""What papers may stand behind a movement, and how their ids look."""
DOCUMENT_PATTERN = f"^({'|'.join(kind.prefix for kind in DOCUMENTS.values())})_{ids.SUFFIX}$"


def read_document(text: str, pointer: str) -> UUID:
    """The id of any paper that may stand behind a movement. Raises Invalid naming the field."""
    for kind in DOCUMENTS.values():
        if text.startswith(f"{kind.prefix}_"):
            return kind.read(text, pointer)
    detail = f"Must be the id of a {', '.join(kind.noun for kind in DOCUMENTS.values())}."
    raise Invalid(detail, fields=[FieldError(pointer, detail)])


def _plain(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value)) if not isinstance(value, str | int | None) else value


def changes_of(data: WarehouseChangeIn) -> dict[str, object]:
    """The fields that were sent, as they are stored."""
    return {name: _plain(value) for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}


def new_warehouse(data: WarehouseIn) -> NewWarehouse:
    return msgspec.convert({name: _plain(getattr(data, name)) for name in data.__struct_fields__}, NewWarehouse)


def warehouse_out(row: WarehouseRow) -> WarehouseOut:
    stored = row._asdict()
    return msgspec.convert(
        {**stored, "id": ids.WAREHOUSE.show(row.id), "operator_id": ids.ACCOUNT.show(row.account_id)}, WarehouseOut
    )


def level_out(row: LevelRow) -> LevelOut:
    return LevelOut(
        product_id=ids.PRODUCT.show(row.product_id),
        sku=row.sku,
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        available=row.available,
        allocated=row.allocated,
        quarantined=row.quarantined,
        damaged=row.damaged,
        on_hand=row.on_hand,
        incoming=row.incoming,
        version=row.version,
        updated_at=row.updated_at,
    )


def kit_level_out(row: KitLevelRow) -> LevelOut:
    made = level_out(row.level)
    made.components = [KitPartOut(sku=part.sku, units=part.units, available=part.available) for part in row.parts]
    return made


def movement_out(row: MovementRow) -> MovementOut:
    change = {str(bucket): getattr(row, bucket) for bucket in Bucket}
    after = {bucket: getattr(row, f"{bucket}_after") for bucket in change}
    kind = DOCUMENTS.get(row.document)
    return MovementOut(
        id=ids.MOVEMENT.show(row.id),
        product_id=ids.PRODUCT.show(row.product_id),
        sku=row.sku,
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        reason=row.reason,
        before=Buckets(**{bucket: after[bucket] - change[bucket] for bucket in change}),
        change=Buckets(**change),
        after=Buckets(**after),
        document=row.document,
        document_id=kind.show(row.document_id) if kind else str(row.document_id),
        note=row.note,
        actor=row.actor,
        occurred_at=row.occurred_at,
    )
