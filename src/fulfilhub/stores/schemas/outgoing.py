"""Wire shapes of what stores are told of stock, and of how telling them goes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.stores.queries import StockRow

StockStateName = Literal["pending", "told", "stale", "unmanaged", "missing", "failed", "drifted"]


class StoreStockOut(Struct, kw_only=True):
    """The stock of one variant in a store. `wanted` is what the shop should show: what can be sold, less the store's
    buffer. `told` is what it shows as far as we know; null: unknown.

    `state`: `pending`, it is to be told; `told`; `stale`, the shop showed something else, so it is set again;
    `unmanaged`, the shop does not count this one; `missing`, the shop has no such variant; `failed`, see `reason`;
    `drifted`, somebody else's number is left there by your wish (`stock_drift`). The last four are tried again with the
    next check of the whole stock. `location`: the shop's location, where each is told its own; else empty. `drift_at`,
    `drift_shown`: when somebody else's number was last found there, and which.
    """

    variant_id: Annotated[str, Meta(examples=["4711"])]
    location: str
    product_id: str
    sku: Annotated[str, Meta(examples=["MUG"])]
    wanted: int
    told: int | None
    state: StockStateName
    attempts: int
    code: str | None
    reason: str | None
    told_at: datetime | None
    drift_at: datetime | None
    drift_shown: int | None
    updated_at: datetime


class StockSyncOut(Struct, kw_only=True):
    """All of the store's stock is computed and told anew; follow it in the list of its stock."""

    store_id: str
    requested_at: datetime


def stock_out(row: StockRow) -> StoreStockOut:
    return StoreStockOut(
        variant_id=row.variant_id,
        location=row.location,
        product_id=ids.PRODUCT.show(row.product_id),
        sku=row.sku,
        wanted=row.wanted,
        told=row.told,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        attempts=row.attempts,
        code=row.code,
        reason=row.reason,
        told_at=row.told_at,
        drift_at=row.drift_at,
        drift_shown=row.drift_shown,
        updated_at=row.updated_at,
    )
