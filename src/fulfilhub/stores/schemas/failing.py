"""Wire shape of what fails for a store."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.stores.queries import FailingRow
from fulfilhub.stores.rules.failing import NEXT_STEPS, FailingKind

FailingKindName = Literal[
    "message", "order", "assignment", "store_return", "shipment", "state", "return", "milestone", "stock"
]

KINDS = {
    FailingKind.MESSAGE: ids.MESSAGE,
    FailingKind.ORDER: ids.ORDER,
    FailingKind.ASSIGNMENT: ids.ASSIGNMENT,
    FailingKind.STORE_RETURN: ids.STORE_RETURN,
    FailingKind.SHIPMENT: ids.STORE_UPDATE,
    FailingKind.STATE: ids.STORE_NOTICE,
    FailingKind.RETURN: ids.STORE_NOTICE,
    FailingKind.MILESTONE: ids.STORE_NOTICE,
    FailingKind.STOCK: ids.STORE_STOCK,
}


class FailingOut(Struct, kw_only=True):
    """One thing about a store that needs a person. `kind`: a `message` of the store that can't be read, an `order` that
    can't be fulfilled as it is, an `assignment` or a return of the store's (`store_return`) that can't be followed, or
    a `shipment`, an order's `state`, a `return`, a parcel's `milestone` or the `stock` of a variant, which the store
    would not be told. `subject`: the order's number, the SKU, or the message's topic. `next_step`: what you can do."""

    id: Annotated[str, Meta(examples=["sup_01h455vb4pex5vsknk084sn02q"])]
    kind: FailingKindName
    subject: Annotated[str, Meta(examples=["#1004"])]
    order_id: str | None
    code: str | None
    reason: str
    next_step: str
    attempts: int
    since: datetime


class TriedAgain(Struct, kw_only=True):
    """It is being tried again; when it fails once more it is in the list again."""

    id: str
    requested_at: datetime


def failing_out(row: FailingRow) -> FailingOut:
    kind = FailingKind(row.kind)
    return FailingOut(
        id=KINDS[kind].show(row.id),
        kind=kind.value,
        subject=row.subject,
        order_id=None if row.order_id is None else ids.ORDER.show(row.order_id),
        code=row.code,
        reason=row.reason,
        next_step=NEXT_STEPS[kind],
        attempts=row.attempts,
        since=row.since,
    )
