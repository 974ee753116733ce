"""Telling Shopify of a shipment: a fulfilment for each location it left from, with all its tracking numbers.

`fulfillmentCreate` knows no idempotency key, so what the order has already is read before each write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.news import ShipmentNews
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages
from fulfilhub.stores.adapters.shopify.ids import is_order
from fulfilhub.stores.adapters.shopify.plan import OpenLine, Told, plan

_NEVER_HAPPENED = {"CANCELLED", "ERROR", "FAILURE"}
_GONE = Refused("order_missing", "The store no longer has this order.")
_NOT_OPEN = Refused("lines_not_open", "The store has none of these lines open: held, edited, cancelled or sent.")

#: Reasons that mean the order changed between our reading and our writing; reading again settles it.
_CHANGED_MEANWHILE = ("unfulfillable status", "quantity requested", "does not exist")


@dataclass(frozen=True, slots=True)
class _State:
    told: Sequence[Told]
    open_lines: Sequence[OpenLine]


async def push_shipment(
    http: httpx.AsyncClient, connection: Connection, news: ShipmentNews
) -> Pushed | InDoubt | Refused | Retry:
    """See `StoreAdapter.push_shipment`. Shopify marks the order fulfilled by itself when nothing is left
    open."""
    if not is_order(news.order_external_id):
        return _GONE
    state = await _read(http, connection, news.order_external_id)
    if isinstance(state, Refused | Retry):
        return state
    work = plan(news, state.told, state.open_lines)
    if not work.already and not work.create:
        return _NOT_OPEN
    for one in work.already:
        if one.numbers != frozenset(news.tracking_numbers):
            outcome = await _update(http, connection, one.id, news)
            if not isinstance(outcome, Pushed):
                return outcome
    made = [one.id for one in work.already]
    for chosen in work.create.values():
        outcome = await _create(http, connection, chosen, news)
        if not isinstance(outcome, Pushed):
            return outcome
        made += outcome.external_ids
    return Pushed(tuple(made), work.left_out)


async def _create(
    http: httpx.AsyncClient,
    connection: Connection,
    chosen: Sequence[tuple[OpenLine, int]],
    news: ShipmentNews,
) -> Pushed | InDoubt | Refused | Retry:
    orders: dict[str, list[dict[str, object]]] = {}
    for line, units in chosen:
        orders.setdefault(line.order, []).append({"id": line.id, "quantity": units})
    fulfilment = {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": order, "fulfillmentOrderLineItems": lines} for order, lines in orders.items()
        ],
        "notifyCustomer": news.notify_customer,
        "trackingInfo": _tracking(news),
    }
    variables = {"fulfillment": fulfilment, "message": f"FulfilHub {news.reference}"}
    answer = await client.mutate(http, connection, documents.CREATE_FULFILMENT, variables)
    return _written(answer, "fulfillmentCreate")


async def _update(
    http: httpx.AsyncClient, connection: Connection, fulfilment_id: str, news: ShipmentNews
) -> Pushed | InDoubt | Refused | Retry:
    variables = {"id": fulfilment_id, "tracking": _tracking(news), "notify": news.notify_customer}
    answer = await client.mutate(http, connection, documents.UPDATE_TRACKING, variables)
    return _written(answer, "fulfillmentTrackingInfoUpdate")


def _written(
    answer: client.Data | Missing | InDoubt | Refused | Retry, mutation: str
) -> Pushed | InDoubt | Refused | Retry:
    if isinstance(answer, Missing):
        return Retry("The order changed while it was read.")
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    payload = reading.table(answer.get(mutation))
    if reason := client.refusal(payload):
        if any(words in reason for words in _CHANGED_MEANWHILE):
            return Retry(reason)
        return Refused("rejected", reason)
    made = reading.text(reading.table(payload.get("fulfillment")).get("id"))
    return Pushed((made,)) if made else InDoubt("Shopify's answer names no fulfilment.")


def _tracking(news: ShipmentNews) -> Mapping[str, object]:
    """Shopify wants either the plural members or the singular ones, and addresses only along with numbers."""
    tracking: dict[str, object] = {"company": news.carrier, "numbers": list(news.tracking_numbers)}
    if news.tracking_numbers and len(news.tracking_urls) == len(news.tracking_numbers):
        tracking["urls"] = list(news.tracking_urls)
    return tracking


async def _read(http: httpx.AsyncClient, connection: Connection, order_id: str) -> _State | Refused | Retry:
    variables = {"id": order_id, "after": None}
    answer = await client.query(http, connection, documents.SHIPPING_STATE, variables)
    if isinstance(answer, Missing):
        return _GONE
    if isinstance(answer, Refused | Retry):
        return answer
    order = reading.table(answer.get("order"))
    if not order:
        return _GONE
    sent = await pages.fulfilments(http, connection, order.get("fulfillments"), documents.FULFILMENT_LINES)
    if isinstance(sent, Refused | Retry):
        return sent
    waiting = await pages.rest_of(
        http,
        connection,
        documents.SHIPPING_STATE,
        "order",
        order_id,
        "fulfillmentOrders",
        order.get("fulfillmentOrders"),
    )
    if isinstance(waiting, Refused | Retry):
        return waiting
    open_lines = await _open_lines(http, connection, waiting)
    if isinstance(open_lines, Refused | Retry):
        return open_lines
    return _State([_told(row) for row in sent if row.get("status") not in _NEVER_HAPPENED], open_lines)


async def _open_lines(
    http: httpx.AsyncClient, connection: Connection, waiting: Sequence[Mapping[str, object]]
) -> list[OpenLine] | Refused | Retry:
    """Lines of the fulfilment orders that say they may be fulfilled by us now."""
    found: list[OpenLine] = []
    for row in waiting:
        actions = {action.get("action") for action in reading.rows(row.get("supportedActions"))}
        if "CREATE_FULFILLMENT" not in actions:
            continue
        order = reading.text(row.get("id"))
        location = reading.table(reading.table(row.get("assignedLocation")).get("location"))
        lines = await pages.rest_of(
            http,
            connection,
            documents.FULFILMENT_ORDER_LINES,
            "fulfillmentOrder",
            order,
            "lineItems",
            row.get("lineItems"),
        )
        if isinstance(lines, Refused | Retry):
            return lines
        found += [
            OpenLine(
                order=order,
                location=reading.text(location.get("id")),
                id=reading.text(line.get("id")),
                line=reading.text(reading.table(line.get("lineItem")).get("id")),
                remaining=reading.quantity(line.get("remainingQuantity")) or 0,
            )
            for line in lines
        ]
    return found


def _told(row: Mapping[str, object]) -> Told:
    numbers = (reading.text(info.get("number")) for info in reading.rows(row.get("trackingInfo")))
    lines: dict[str, int] = {}
    for line in reading.rows(row.get("line_items")):
        name = reading.text(reading.table(line.get("line_item")).get("admin_graphql_api_id"))
        lines[name] = lines.get(name, 0) + (reading.quantity(line.get("quantity")) or 0)
    return Told(
        id=reading.text(row.get("admin_graphql_api_id")),
        created_at=reading.moment(row.get("createdAt")) or reading.UNKNOWN_TIME,
        numbers=frozenset(filter(None, numbers)),
        lines=lines,
    )
