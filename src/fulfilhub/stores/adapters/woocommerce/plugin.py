"""Telling our plugin in a WooCommerce shop: shipments, orders' states, stock, returns, that its keys are to be changed,
and goodbye.

Each call is keyed by our own reference, or carries what it starts from, so an unknown outcome is simply repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import zip_longest

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.news import (
    ReturnNews,
    ShipmentNews,
    ShippedLine,
    StateNews,
    StockNews,
    StockOutcome,
    StockTold,
)
from fulfilhub.stores.adapters.port import Connection, Ended, InDoubt, Pushed, Refused, Retry, Stocked
from fulfilhub.stores.adapters.woocommerce import client

GONE = Refused("order_missing", "The store no longer has this order.")
NO_PLUGIN = Refused("no_plugin", "The FulfilHub plugin does not answer in the shop: activate it, or install it again.")
_NOT_OURS = InDoubt("The plugin's answer can't be read.")
_NO_ROUTE = "rest_no_route"
_OUTCOMES = {*StockOutcome} - {StockOutcome.REFUSED}


@dataclass(frozen=True, slots=True)
class NoRoute:
    """WordPress answers, our plugin does not: it is switched off or gone."""


async def push_shipment(http: httpx.AsyncClient, connection: Connection, news: ShipmentNews) -> Ended | NoRoute:
    """The shipment, whole: the plugin keeps it by its reference, and replaces tracking numbers that changed."""
    parcels = zip_longest(news.tracking_numbers, news.tracking_urls, fillvalue="")
    body = {
        "carrier": news.carrier_code or news.carrier,
        "carrier_name": news.carrier,
        "shipped_at": news.shipped_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "completes_order": news.completes_order,
        "notify_customer": news.notify_customer,
        "lines": [{"line_id": line.external_id, "quantity": line.quantity} for line in news.lines],
        "parcels": [{"tracking_number": number, "tracking_url": url or None} for number, url in parcels],
    }
    told = await _order(http, connection, news.order_external_id, f"shipments/{news.reference}", body)
    if not isinstance(told, Mapping):
        return told
    names = told.get("told_as")
    if not isinstance(names, list):
        return _NOT_OURS
    left_out = [
        ShippedLine(line, units)
        for row in reading.rows(told.get("left_out"))
        if (line := reading.identifier(row.get("line_id"))) and (units := reading.quantity(row.get("quantity")))
    ]
    return Pushed(tuple(filter(None, map(reading.identifier, names))), tuple(left_out))


async def push_state(http: httpx.AsyncClient, connection: Connection, news: StateNews) -> Ended:
    """The order's whole state; the plugin keeps the one with the highest revision."""
    told = await _order(http, connection, news.order_external_id, "state", news.state)
    if isinstance(told, NoRoute):
        return NO_PLUGIN
    return Pushed() if isinstance(told, Mapping) else told


async def push_return(http: httpx.AsyncClient, connection: Connection, news: ReturnNews) -> Ended | NoRoute:
    """The return, whole; the plugin keeps it by its reference and refunds, if it may, once."""
    body = {
        "status": news.status,
        "lines": [
            {"line_id": line.external_id, "quantity": line.quantity, "restock": line.restock} for line in news.lines
        ],
        "note": news.note,
    }
    told = await _order(http, connection, news.order_external_id, f"returns/{news.reference}", body)
    if not isinstance(told, Mapping):
        return told
    refund = reading.identifier(told.get("refund_id"))
    return Pushed((refund,) if refund else ())


async def push_stock(http: httpx.AsyncClient, connection: Connection, news: Sequence[StockNews]) -> Stocked | NoRoute:
    """A batch, each compared with what the shop shows and set in one step."""
    items = [
        {
            "reference": each.reference,
            "variant_id": each.variant_id,
            "available": each.available,
            "expected": each.expected,
        }
        for each in news
    ]
    answer = await client.tell(http, connection, "POST", "stock", {"items": items})
    if isinstance(answer, InDoubt | Refused | Retry):
        return Stocked(trouble=answer)
    if answer.status >= 300:
        return NoRoute() if _code(answer.data) == _NO_ROUTE else Stocked(trouble=client.NOT_WOOCOMMERCE)
    asked = {each.reference for each in news}
    told = {
        reference: StockTold(reference, StockOutcome(outcome), reading.stock(row.get("stock")))
        for row in reading.rows(reading.table(answer.data).get("data"))
        if (reference := reading.text(row.get("reference"))) in asked
        and (outcome := reading.text(row.get("outcome"))) in _OUTCOMES
    }
    return Stocked(tuple(told.values()), None if len(told) == len(asked) else _NOT_OURS)


async def ask_to_rotate(http: httpx.AsyncClient, connection: Connection) -> Ended:
    """The plugin changes its keys in a moment, by asking us for them: no secret travels this way."""
    answer = await client.tell(http, connection, "POST", "rotate", {})
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    return Pushed() if answer.status < 300 else NO_PLUGIN


async def say_goodbye(http: httpx.AsyncClient, connection: Connection) -> Ended:
    """The plugin shows that FulfilHub ended the connection. One that is gone, or never was, needs not be told."""
    if not connection.plugin:
        return Pushed()
    answer = await client.tell(http, connection, "DELETE", "connection", None)
    return answer if isinstance(answer, InDoubt | Refused | Retry) else Pushed()


async def _order(
    http: httpx.AsyncClient, connection: Connection, order_id: str, path: str, body: Mapping[str, object]
) -> Mapping[str, object] | NoRoute | InDoubt | Refused | Retry:
    """Put something below one order."""
    if not (order_id.isascii() and order_id.isdigit()):
        return GONE
    answer = await client.tell(http, connection, "PUT", f"orders/{order_id}/{path}", body)
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    if answer.status < 300:
        return answer.data if isinstance(answer.data, Mapping) else _NOT_OURS
    match _code(answer.data):
        case "order_missing":
            return GONE
        case code if code == _NO_ROUTE:
            return NoRoute()
    return client.NOT_WOOCOMMERCE


def _code(data: object) -> str:
    return reading.text(reading.table(data).get("code"))
