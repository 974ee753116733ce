"""Every look at stores, their messages and what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, select

from fulfilhub.orders.models import Order, OrderLine
from fulfilhub.platform import ids, inbox, secrets
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.inbox import Message, MessageRow
from fulfilhub.platform.secrets import LiveSecret, Vault, live_secrets
from fulfilhub.platform.work import Work
from fulfilhub.shipping.models import Parcel, ParcelContent, Shipment
from fulfilhub.shipping.rules import find_carrier, tracking_url
from fulfilhub.stores.adapters.port import Connection, ShipmentNews, ShippedLine, StoreSettings
from fulfilhub.stores.models import Store, StoreCode, StoreUpdate
from fulfilhub.stores.rules import PlatformKind, Settings


class DoorRow(NamedTuple):
    """Whose store it is: all that may be known before the signature is checked."""

    merchant_id: UUID
    platform: PlatformKind


class StoreRow(NamedTuple):
    id: UUID
    platform: str
    name: str
    base_url: str
    shop_domain: str
    settings: dict[str, object]
    state: str
    last_seen_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class SealedRow(NamedTuple):
    """A store with what the vault keeps of it."""

    store: StoreRow
    credentials: bytes
    secrets: bytes


class UpdateRow(NamedTuple):
    id: UUID
    store_id: UUID
    shipment_id: UUID
    order_id: UUID
    state: str
    attempts: int
    told_as: list[str]
    left_out: list[object]
    code: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def lines_left_out(self) -> list[ShippedLine]:
        """Units the store would not take."""
        return msgspec.convert(self.left_out, list[ShippedLine])


STORE = tuple(getattr(Store, name) for name in StoreRow._fields)
UPDATE = tuple(getattr(StoreUpdate, name) for name in UpdateRow._fields)


class CodeRow(NamedTuple):
    """A connection code, locked."""

    platform: str | None
    name: str
    base_url: str
    challenge: str
    expires_at: datetime
    used_at: datetime | None


async def code_door(work: Work, fingerprint: bytes) -> tuple[UUID, UUID] | None:
    """(merchant, code) of a connection code, in the scope Nobody; None for an unknown one."""
    rows = await work.fetch_raw("SELECT merchant_id, code_id FROM resolve_store_code($1)", fingerprint)
    return (rows[0]["merchant_id"], rows[0]["code_id"]) if rows else None


async def lock_code(work: Work, code_id: UUID) -> CodeRow | None:
    """A code, locked: of two who use it at once, the second finds it used."""
    columns = [getattr(StoreCode, name) for name in CodeRow._fields]
    query = select(*columns).where(StoreCode.merchant_id == work.account_id, StoreCode.id == code_id)
    row = (await work.db.execute(query.with_for_update())).one_or_none()
    return None if row is None else CodeRow._make(row)


async def store_at(work: Work, base_url: str) -> StoreRow | None:
    """The merchant's store at this address."""
    query = select(*STORE).where(Store.merchant_id == work.account_id, Store.base_url == base_url)
    row = (await work.db.execute(query)).one_or_none()
    return None if row is None else StoreRow._make(row)


async def door(work: Work, store_id: UUID) -> DoorRow:
    """Whose store this is, in the scope Nobody. Raises NotFound."""
    rows = await work.fetch_raw("SELECT merchant_id, platform FROM store_door($1)", store_id)
    if not rows:
        raise _no_store(store_id)
    return DoorRow(rows[0]["merchant_id"], PlatformKind(rows[0]["platform"]))


async def get_store(work: Work, store_id: UUID) -> StoreRow:
    """One of the merchant's stores. Raises NotFound."""
    query = select(*STORE).where(Store.merchant_id == work.account_id, Store.id == store_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise _no_store(store_id)
    return StoreRow(*row)


async def list_stores(work: Work, after: UUID | None, limit: int) -> list[StoreRow]:
    """The merchant's stores by age."""
    query = select(*STORE).where(Store.merchant_id == work.account_id).order_by(Store.id).limit(limit)
    if after is not None:
        query = query.where(Store.id > after)
    return [StoreRow(*row) for row in await work.db.execute(query)]


async def sealed(work: Work, store_ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, SealedRow]:
    """Stores with their sealed parts, optionally locked (in id order)."""
    query = (
        select(*STORE, Store.credentials, Store.secrets)
        .where(Store.merchant_id == work.account_id, Store.id.in_(store_ids))
        .order_by(Store.id)
    )
    rows = await work.db.execute(query.with_for_update() if lock else query)
    return {row.id: SealedRow(StoreRow(*row[:-2]), row.credentials, row.secrets) for row in rows}


async def sealed_store(work: Work, store_id: UUID, *, lock: bool = False) -> SealedRow:
    """One store with its sealed parts. Raises NotFound."""
    found = (await sealed(work, [store_id], lock=lock)).get(store_id)
    if found is None:
        raise _no_store(store_id)
    return found


def open_secrets(vault: Vault, row: SealedRow) -> list[LiveSecret]:
    """A store's webhook secrets, newest first, ended ones included."""
    return secrets.open_secrets(vault, row.secrets)


def connection(vault: Vault, row: SealedRow, now: datetime) -> Connection:
    """How to reach a store that has an adapter, with its secrets opened."""
    if row.store.platform == PlatformKind.API:
        raise LookupError("A store of platform api has no adapter.")
    return Connection(
        platform="shopify" if row.store.platform == PlatformKind.SHOPIFY else "woocommerce",
        base_url=row.store.base_url,
        credentials=vault.decrypt_map(row.credentials),
        secrets=live_secrets(open_secrets(vault, row), now),
        settings=adapter_settings(row.store),
    )


def settings_of(store: StoreRow) -> Settings:
    """The merchant's adjustments."""
    return msgspec.convert(store.settings, Settings)


def adapter_settings(store: StoreRow) -> StoreSettings:
    """The part of the adjustments that adapters know."""
    kept = settings_of(store)
    return StoreSettings(
        services=kept.services,
        states=kept.states,
        accept_test_orders=kept.accept_test_orders,
        stock_location=kept.stock_location,
    )


async def payload_of(work: Work, message_id: UUID) -> bytes | None:
    """The sealed content of a message; None when it expired or never was."""
    query = select(Message.payload).where(Message.account_id == work.account_id, Message.id == message_id)
    return (await work.db.execute(query)).scalar_one_or_none()


async def list_messages(
    work: Work, store_id: UUID, outcome: str | None, after: UUID | None, limit: int
) -> list[MessageRow]:
    """A store's messages in the order they came; `outcome` narrows (`waiting`: not read yet)."""
    return await inbox.listed(work, source_of(store_id), outcome, after, limit)


def source_of(store_id: UUID) -> str:
    """How the inbox names a store's door."""
    return f"store:{store_id}"


def _updates(work: Work) -> Select[*tuple[Any, ...]]:
    return select(*UPDATE).where(StoreUpdate.merchant_id == work.account_id)


async def list_updates(
    work: Work, store_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[UpdateRow]:
    """What a store was told, by age."""
    query = _updates(work).where(StoreUpdate.store_id == store_id).order_by(StoreUpdate.id).limit(limit)
    if after is not None:
        query = query.where(StoreUpdate.id > after)
    if state is not None:
        query = query.where(StoreUpdate.state == state)
    return [UpdateRow(*row) for row in await work.db.execute(query)]


async def get_update(work: Work, store_id: UUID, update_id: UUID) -> UpdateRow:
    """One update. Raises NotFound."""
    query = _updates(work).where(StoreUpdate.store_id == store_id, StoreUpdate.id == update_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no store update {ids.STORE_UPDATE.show(update_id)!r}.")
    return UpdateRow(*row)


async def update_of(work: Work, store_id: UUID, shipment_id: UUID) -> UpdateRow | None:
    """What the store was told of a shipment, locked; None when nothing yet."""
    query = _updates(work).where(StoreUpdate.store_id == store_id, StoreUpdate.shipment_id == shipment_id)
    row = (await work.db.execute(query.with_for_update())).one_or_none()
    return None if row is None else UpdateRow(*row)


async def told_of_others(work: Work, store_id: UUID, order_id: UUID, shipment_id: UUID) -> frozenset[str]:
    """What the store calls the order's other shipments."""
    rows = await work.db.execute(
        select(func.unnest(StoreUpdate.told_as)).where(
            StoreUpdate.merchant_id == work.account_id,
            StoreUpdate.order_id == order_id,
            StoreUpdate.store_id == store_id,
            StoreUpdate.shipment_id != shipment_id,
        )
    )
    return frozenset(rows.scalars())


class ShippedRow(NamedTuple):
    """A shipment with what its store must know of it."""

    shipment_id: UUID
    order_id: UUID
    store_id: UUID
    order_external_id: str
    shipped_at: datetime
    parcels: list[tuple[str, str]]
    lines: list[ShippedLine]
    completes_order: bool


async def order_of(work: Work, store_id: UUID, external_id: str) -> UUID | None:
    """Our id of a store's order; None when we have none."""
    query = select(Order.id).where(
        Order.merchant_id == work.account_id, Order.store_id == store_id, Order.external_id == external_id
    )
    return (await work.db.execute(query)).scalar_one_or_none()


async def shipment(work: Work, shipment_id: UUID) -> ShippedRow | None:
    """A shipment, its parcels as (carrier, tracking number), its units per line of the store's order, and whether
    nothing of the order is left to send; None when there is no such shipment."""
    query = (
        select(Shipment.order_id, Order.store_id, Order.external_id, Shipment.shipped_at)
        .join(Order, (Order.merchant_id == Shipment.merchant_id) & (Order.id == Shipment.order_id))
        .where(Shipment.merchant_id == work.account_id, Shipment.id == shipment_id)
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return None
    parcels = await work.db.execute(
        select(Parcel.carrier, Parcel.tracking_number)
        .where(Parcel.merchant_id == work.account_id, Parcel.shipment_id == shipment_id)
        .order_by(Parcel.position)
    )
    lines = await work.db.execute(
        select(OrderLine.external_id, func.sum(ParcelContent.quantity))
        .join(
            ParcelContent,
            (ParcelContent.merchant_id == OrderLine.merchant_id)
            & (ParcelContent.order_id == OrderLine.order_id)
            & (ParcelContent.line_id == OrderLine.id),
        )
        .join(Parcel, (Parcel.merchant_id == ParcelContent.merchant_id) & (Parcel.id == ParcelContent.parcel_id))
        .where(
            OrderLine.merchant_id == work.account_id,
            OrderLine.order_id == row.order_id,
            Parcel.shipment_id == shipment_id,
        )
        .group_by(OrderLine.external_id)
        .order_by(OrderLine.external_id)
    )
    left = await work.db.execute(
        select(func.count()).where(
            OrderLine.merchant_id == work.account_id,
            OrderLine.order_id == row.order_id,
            OrderLine.requires_shipping,
            OrderLine.shipped < OrderLine.ordered - OrderLine.cancelled,
        )
    )
    return ShippedRow(
        shipment_id,
        row.order_id,
        row.store_id,
        row.external_id,
        row.shipped_at,
        [(carrier, number) for carrier, number in parcels],
        [ShippedLine(external_id, int(quantity)) for external_id, quantity in lines],
        left.scalar_one() == 0,
    )


def news(shipped: ShippedRow, told_as: tuple[str, ...], others: frozenset[str]) -> ShipmentNews:
    """A shipment in the adapters' words. The carrier is the first parcel's."""
    numbered = [(carrier, number) for carrier, number in shipped.parcels if number]
    urls = [tracking_url(carrier, number) for carrier, number in numbered]
    carrier = shipped.parcels[0][0] if shipped.parcels else ""
    known = find_carrier(carrier)
    return ShipmentNews(
        reference=ids.SHIPMENT.show(shipped.shipment_id),
        order_external_id=shipped.order_external_id,
        lines=tuple(shipped.lines),
        carrier=known.name if known is not None else carrier,
        shipped_at=shipped.shipped_at,
        tracking_numbers=tuple(number for _, number in numbered),
        tracking_urls=tuple(url for url in urls if url) if all(urls) else (),
        completes_order=shipped.completes_order,
        told_as=told_as,
        others=others,
    )


def _no_store(store_id: UUID) -> NotFound:
    return NotFound(f"There is no store {ids.STORE.show(store_id)!r}.")
