"""Wire shapes of connecting a WooCommerce store without a plugin: on WooCommerce's own page of approval."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.stores.commands.codes import MadeCode
from fulfilhub.stores.queries import CodeSeen
from fulfilhub.stores.schemas import PluginPlatform


class AuthorisationIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The WooCommerce shop to connect; without a `name` it is called `Store`."""

    base_url: Annotated[str, Meta(min_length=8, max_length=2000, examples=["https://shop.example.com"])]
    name: Annotated[str, Meta(max_length=200, examples=["Ada's Mugs"])] = ""


class AuthorisationOut(Struct, kw_only=True):
    """Where the shop's owner approves, until `expires_at`. The address lets whoever has it connect the shop to you, and
    is shown this once."""

    id: str
    authorise_url: str
    expires_at: datetime


class WooCommerceKeysOut(Struct, kw_only=True):
    """The shop is connected."""

    connected: bool = True


class StoreCodeSeen(Struct, kw_only=True):
    """What became of a connection code, or of an approval asked for in a shop; the code itself is never shown again.
    `store_id` is the store that was connected with it."""

    id: str
    state: Literal["open", "used", "expired"]
    platform: PluginPlatform | None
    name: str
    base_url: str
    store_id: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


def authorisation_out(made: MadeCode, authorise_url: str) -> AuthorisationOut:
    return AuthorisationOut(id=ids.STORE_CODE.show(made.id), authorise_url=authorise_url, expires_at=made.expires_at)


def code_seen(row: CodeSeen, now: datetime) -> StoreCodeSeen:
    state: Literal["open", "used", "expired"] = "open"
    if row.used_at is not None:
        state = "used"
    elif row.expires_at <= now:
        state = "expired"
    return StoreCodeSeen(
        id=ids.STORE_CODE.show(row.id),
        state=state,
        platform=row.platform,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        name=row.name,
        base_url=row.base_url,
        store_id=None if row.store_id is None else ids.STORE.show(row.store_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
