"""Telling WooCommerce of a shipment: our plugin does it the shop's way; without it, a field on the order, the order's
status, and a note to the customer.

The REST API knows no idempotency key, so each of our writes leaves a mark we can find again: the field's name
and the note's text both carry our reference. The field is written before the note; without the field there is
no note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest

import httpx

from fulfilhub.orders.incoming import StoreState
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.news import ShipmentNews
from fulfilhub.stores.adapters.port import Connection, Ended, InDoubt, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.woocommerce import client, plugin
from fulfilhub.stores.adapters.woocommerce.normalise import STATES

PLUGIN_AWAY = "The FulfilHub plugin does not answer in the shop, so WooCommerce itself was told: activate the plugin."


async def push_shipment(http: httpx.AsyncClient, connection: Connection, news: ShipmentNews) -> Ended:
    """See `StoreAdapter.push_shipment`. A shop whose plugin is away is told without it, and the merchant so."""
    if not connection.plugin:
        return await _by_rest(http, connection, news)
    told = await plugin.push_shipment(http, connection, news)
    if not isinstance(told, plugin.NoRoute):
        return told
    told = await _by_rest(http, connection, news)
    return replace(told, remark=PLUGIN_AWAY) if isinstance(told, Pushed) else told


async def _by_rest(http: httpx.AsyncClient, connection: Connection, news: ShipmentNews) -> Ended:
    """The order is set to `completed` with its last shipment, and only if
    it is being worked on: a cancelled or refunded one keeps its status."""
    if not (news.order_external_id.isascii() and news.order_external_id.isdigit()):
        return plugin.GONE
    path = f"orders/{news.order_external_id}"
    order = await client.get(http, connection, path)
    if isinstance(order, Missing):
        return plugin.GONE
    if isinstance(order, Refused | Retry):
        return order
    known = reading.table(order)
    told_before = field_name(news) in {row.get("key") for row in reading.rows(known.get("meta_data"))}
    if changes := _changes(known, news, connection):
        written = await client.send(http, connection, "PUT", path, changes)
        if isinstance(written, Missing | InDoubt | Refused | Retry):
            return plugin.GONE if isinstance(written, Missing) else written
    return await _noted(http, connection, path, news, told_before)


async def _noted(
    http: httpx.AsyncClient, connection: Connection, path: str, news: ShipmentNews, told_before: bool
) -> Ended:
    """See that the order has our note, and answer with its id."""
    if told_before:
        notes = await client.get(http, connection, f"{path}/notes")
        if isinstance(notes, Missing | Refused | Retry):
            return plugin.GONE if isinstance(notes, Missing) else notes
        for row in reading.rows(notes):
            note = reading.text(row.get("note"))
            if news.reference in note and all(number in note for number in news.tracking_numbers):
                return Pushed((reading.identifier(row.get("id")),))
    body = {"note": note_text(news), "customer_note": news.notify_customer}
    written = await client.send(http, connection, "POST", f"{path}/notes", body)
    if isinstance(written, Missing | InDoubt | Refused | Retry):
        return plugin.GONE if isinstance(written, Missing) else written
    return Pushed((reading.identifier(reading.table(written).get("id")),))


def _changes(order: Mapping[str, object], news: ShipmentNews, connection: Connection) -> dict[str, object]:
    """What the order must be told, or nothing. Setting a field of the same name again replaces it."""
    wanted = {"key": field_name(news), "value": field_value(news)}
    fields = reading.rows(order.get("meta_data"))
    kept = [{"key": row.get("key"), "value": row.get("value")} for row in fields]
    changes: dict[str, object] = {} if wanted in kept else {"meta_data": [wanted]}
    status = reading.text(order.get("status"))
    being_worked_on = connection.settings.states.get(status, STATES.get(status)) == StoreState.OPEN
    if news.completes_order and being_worked_on:
        changes["status"] = "completed"
    return changes


def field_name(news: ShipmentNews) -> str:
    """A field for each shipment, so that two shipments told at once don't overwrite each other's. The leading
    underscore keeps it out of the customer's sight."""
    return f"_fulfilhub_shipment_{news.reference}"


def field_value(news: ShipmentNews) -> str:
    """Plain words rather than JSON: WordPress strips backslashes from field values, and we compare what we
    read."""
    return f"{news.carrier}: {', '.join(news.tracking_numbers) or 'no tracking'}"


def note_text(news: ShipmentNews) -> str:
    """What the customer reads, with our reference at its end."""
    what = "Your order" if news.completes_order else "Part of your order"
    numbers = zip_longest(news.tracking_numbers, news.tracking_urls, fillvalue="")
    parcels = [f"{number} ({url})" if url else number for number, url in numbers if number]
    tracking = f", tracking {', '.join(parcels)}" if parcels else ""
    return f"{what} was sent with {news.carrier}{tracking}. Reference {news.reference}"
