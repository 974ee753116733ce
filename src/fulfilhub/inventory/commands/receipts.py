"""Booking goods in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fulfilhub.catalogue import queries as catalogue
from fulfilhub.inventory import queries
from fulfilhub.inventory.commands.stock import Movement, move
from fulfilhub.inventory.events import StockReceived
from fulfilhub.inventory.rules.kits import no_stock_of_kits
from fulfilhub.inventory.rules.stock import MovementReason
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.work import Work


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Units (at least 1) of one SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was booked in; the product of each line."""

    id: UUID
    product_ids: tuple[UUID, ...]


async def receive(
    work: Work,
    warehouse_id: UUID,
    lines: Sequence[ReceiptLine],
    reference: str = "",
    merchant_id: UUID | None = None,
) -> Receipt:
    """Book goods into available; each line is one row of the ledger. `reference` is the sender's own word for it.

    In the merchant's scope, or in a partner's naming the merchant, with whom it must have an active contract for
    the warehouse. Raises Invalid for a warehouse that may not take the merchant's goods, or naming every SKU that is
    unknown or a kit's.
    """
    owner = merchant_id or work.account_id
    if not await queries.receivable(work, warehouse_id, owner):
        detail = "There is no such warehouse, or no active contract for it with the merchant."
        raise Invalid(detail, fields=[FieldError("/warehouse_id", detail)])
    if owner == work.account_id:
        return await _book(work, warehouse_id, lines, reference)
    async with work.act_for(owner):
        return await _book(work, warehouse_id, lines, reference)


async def _book(work: Work, warehouse_id: UUID, lines: Sequence[ReceiptLine], reference: str) -> Receipt:
    found = await catalogue.find_products(work, {line.sku for line in lines})
    unknown = [
        FieldError(f"/lines/{place}/sku", f"There is no product with the SKU {line.sku!r}.", "unknown_sku")
        for place, line in enumerate(lines)
        if line.sku not in found
    ]
    if unknown:
        raise Invalid("Some SKUs are unknown; nothing was booked in.", fields=unknown)
    kits = [
        no_stock_of_kits(f"/lines/{place}/sku", line.sku, ((each.sku, each.units) for each in row.components))
        for place, line in enumerate(lines)
        if (row := found[line.sku]).is_kit
    ]
    if kits:
        raise Invalid("Kits have no stock of their own; nothing was booked in.", fields=kits)
    receipt_id = ids.new()
    movements = [
        Movement(
            product_id=found[line.sku].id,
            warehouse_id=warehouse_id,
            reason=MovementReason.RECEIVED,
            document="receipt",
            document_id=receipt_id,
            available=line.quantity,
            note=reference,
        )
        for line in lines
    ]
    await move(work, movements)
    sums: dict[UUID, int] = {}
    for movement in movements:
        sums[movement.product_id] = sums.get(movement.product_id, 0) + movement.available
    work.publish(
        *(
            StockReceived(product_id=product, warehouse_id=warehouse_id, quantity=units, receipt_id=receipt_id)
            for product, units in sums.items()
        )
    )
    return Receipt(receipt_id, tuple(movement.product_id for movement in movements))
