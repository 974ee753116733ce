"""Privacy requests as the API has them. None tells about whom it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.privacy.queries import RequestRow
from fulfilhub.privacy.rules import RequestKind, RequestState


class PrivacyRequestIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose data, and what to do with them."""

    kind: Literal["export", "erasure"]
    email: Annotated[
        str,
        Meta(min_length=3, max_length=320, pattern="^[^@]+@[^@]+$", examples=["ada@example.com"]),
    ]


class PrivacyRequestOut(Struct, kw_only=True):
    """A request. `counts`: records handed out or erased, by kind; `open_orders`: orders an erasure still waits for;
    `expires_at`: until when an export can be read. `origin` is `store` where a store's platform asked, about that
    store's customers alone: `store_erasure` is about all of them; `reference` is the platform's own name for it."""

    id: str
    kind: RequestKind
    state: RequestState
    counts: dict[str, int]
    open_orders: int
    requested_by: str
    created_at: datetime
    done_at: datetime | None
    expires_at: datetime | None
    version: int
    origin: Literal["merchant", "store"]
    store_id: str | None
    reference: str | None


class PrivacyExportOut(Struct, kw_only=True):
    """All that is kept about one customer."""

    email: str
    orders: list[dict[str, object]]
    order_lines: list[dict[str, object]]
    parcels: list[dict[str, object]]
    tracking_events: list[dict[str, object]]
    change_requests: list[dict[str, object]]
    holds: list[dict[str, object]]
    returns: list[dict[str, object]]
    return_lines: list[dict[str, object]]


def request_out(row: RequestRow) -> PrivacyRequestOut:
    """A row as the API shows it."""
    return PrivacyRequestOut(
        id=ids.PRIVACY_REQUEST.show(row.id),
        kind=RequestKind(row.kind),
        state=RequestState(row.state),
        counts=row.counts,
        open_orders=row.open_orders,
        requested_by=row.requested_by,
        created_at=row.created_at,
        done_at=row.done_at,
        expires_at=row.expires_at,
        version=row.version,
        origin=row.origin,  # type: ignore[arg-type]  # written from rules.Origin only
        store_id=None if row.store_id is None else ids.STORE.show(row.store_id),
        reference=row.reference,
    )
