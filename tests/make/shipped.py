"""A shipped (and delivered) order, written straight into the tables: for domains above shipping that only need one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.catalogue.models import Product
from fulfilhub.fulfilment.models import Fulfilment
from fulfilhub.inventory.models import Warehouse
from fulfilhub.orders.models import Order, OrderLine
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.work import Work, Works
from fulfilhub.routing.models import RoutingDecision
from fulfilhub.shipping.events import ShipmentCreated
from fulfilhub.shipping.models import Parcel, ParcelContent, Shipment

NIL = UUID(int=0)


@dataclass(slots=True)
class ShippedOrder:
    """What the tables hold. `lines` are order lines with how many were ordered (and shipped)."""

    merchant_id: UUID
    operator_id: UUID
    warehouse_id: UUID
    order_id: UUID
    lines: dict[UUID, int]
    products: dict[UUID, UUID]
    shipments: list[UUID] = field(default_factory=list)

    def facts(self) -> list[ShipmentCreated]:
        """What shipping told of it."""
        return [
            ShipmentCreated(order_id=self.order_id, shipment_id=shipment, fulfilment_id=shipment)
            for shipment in self.shipments
        ]


async def shipped_order(
    works: Works,
    merchant_id: UUID,
    quantities: Sequence[int] = (2, 1),
    *,
    operator_id: UUID | None = None,
    warehouse_id: UUID | None = None,
    shipments: int = 1,
    store_id: UUID = NIL,
    external_id: str = "1001",
    line_ids: Sequence[str] = (),
    delivered: bool = True,
    delivered_ago: timedelta = timedelta(days=2),
) -> ShippedOrder:
    """Write an order of `len(quantities)` lines that left in `shipments` shipments (units shared out in turn), from a
    warehouse run by `operator_id`. `works` is the worker's."""
    async with works.begin(Platform("test")) as work:
        made = ShippedOrder(
            merchant_id,
            operator_id or ids.new(),
            warehouse_id or ids.new(),
            ids.new(),
            {ids.new(): quantity for quantity in quantities},
            {},
        )
        at = work.now - delivered_ago
        if warehouse_id is None:
            await work.db.execute(insert(Warehouse).values(**_warehouse(made, at)))
        await _order(work, made, at, store_id, external_id, list(line_ids), delivered)
        left = dict(made.lines)
        for place in range(shipments):
            last = place == shipments - 1
            units = dict(left) if last else _part(left)
            for line, quantity in units.items():
                left[line] -= quantity
            made.shipments.append(await _shipment(work, made, units, at, delivered, place))
    return made


def _part(left: Mapping[UUID, int]) -> dict[UUID, int]:
    line = next(line for line, quantity in left.items() if quantity)
    return {line: 1}


def _warehouse(made: ShippedOrder, at: datetime) -> dict[str, object]:
    return {
        "account_id": made.operator_id,
        "id": made.warehouse_id,
        "code": f"W{made.warehouse_id.hex[-6:]}",
        "name": "Quick hall",
        "address": {},
        "country": "GB",
        "postcode": "M1 1AA",
        "timezone": "Europe/London",
        "currency": "GBP",
        "cutoffs": {},
        "calendar": {},
        "handling_days": 0,
        "services": [],
        "created_at": at,
        "updated_at": at,
    }


async def _order(
    work: Work,
    made: ShippedOrder,
    at: datetime,
    store_id: UUID,
    external_id: str,
    line_ids: list[str],
    delivered: bool,
) -> None:
    both = {"created_at": at, "updated_at": at}
    await work.db.execute(
        insert(Order).values(
            merchant_id=made.merchant_id,
            id=made.order_id,
            store_id=store_id,
            external_id=external_id,
            number=f"#{external_id}",
            number_normal=external_id,
            currency="GBP",
            total_minor=4050,
            service="standard",
            shipping_method="",
            email="ada@example.test",
            email_normal="ada@example.test",
            locale="en",
            ship_to={"name": "Ada Test", "country": "GB", "postcode": "M1 1AA"},
            note="",
            tags=[],
            metadata_={},
            store_state="open",
            store_updated_at=at,
            store_seen={},
            store_problems=[],
            placed_at=at,
            status="delivered" if delivered else "shipped",
            review_reasons=[],
            pending_parts=[],
            backordered=False,
            **both,
        )
    )
    for place, (line, quantity) in enumerate(made.lines.items()):
        product = made.products[line] = ids.new()
        sku = f"SKU-{product.hex[-8:]}"
        await work.db.execute(
            insert(Product).values(
                merchant_id=made.merchant_id, id=product, sku=sku, name="Mug", barcodes=[], state="active", **both
            )
        )
        await work.db.execute(
            insert(OrderLine).values(
                merchant_id=made.merchant_id,
                order_id=made.order_id,
                id=line,
                position=place,
                external_id=line_ids[place] if line_ids else str(place + 1),
                sku=sku,
                title="Mug",
                product_id=product,
                requires_shipping=True,
                ordered=quantity,
                allocated=quantity,
                picked=quantity,
                shipped=quantity,
                delivered=quantity if delivered else 0,
            )
        )


async def _shipment(
    work: Work, made: ShippedOrder, units: Mapping[UUID, int], at: datetime, delivered: bool, place: int
) -> UUID:
    shipment = ids.new()
    whose = {"merchant_id": made.merchant_id, "order_id": made.order_id}
    both = {"created_at": at, "updated_at": at}
    await work.db.execute(
        insert(RoutingDecision).values(
            **whose,
            id=shipment,
            cause="new",
            outcome="routed",
            reason="",
            assignments=[],
            unfilled=[],
            candidates=[],
            policy_version=0,
            rules_version=1,
            decided_at=at,
        )
    )
    await work.db.execute(
        insert(Fulfilment).values(
            **whose,
            id=shipment,
            warehouse_id=made.warehouse_id,
            operator_id=made.operator_id,
            decision_id=shipment,
            state="shipped",
            service="standard",
            carrier="royal_mail",
            ship_by=at,
            deliver_by=at,
            **both,
        )
    )
    await work.db.execute(
        insert(Shipment).values(
            **whose,
            id=shipment,
            fulfilment_id=shipment,
            warehouse_id=made.warehouse_id,
            service="standard",
            shipped_at=at + timedelta(minutes=place),
            created_at=at,
        )
    )
    parcel, number = ids.new(), f"AB{shipment.int % 10**9:09d}GB"
    await work.db.execute(
        insert(Parcel).values(
            **whose,
            id=parcel,
            shipment_id=shipment,
            position=0,
            carrier="royal_mail",
            service="standard",
            tracking_number=number,
            tracking_normal=number,
            state="delivered" if delivered else "in_transit",
            state_at=at,
            **both,
        )
    )
    for line, quantity in units.items():
        if quantity:
            await work.db.execute(
                insert(ParcelContent).values(
                    **whose, parcel_id=parcel, line_id=line, product_id=made.products[line], quantity=quantity
                )
            )
    return shipment


async def undeliver(works: Works, made: ShippedOrder) -> None:
    """Let one parcel be on its way again, as far as the tables say."""
    async with works.begin(Platform("test")) as work:
        await work.db.execute(update(Parcel).where(Parcel.order_id == made.order_id).values(state="in_transit"))
