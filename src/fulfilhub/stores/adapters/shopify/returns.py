"""Returns in Shopify: reading those of an order, and telling of ours step by step. Shopify knows no key for these
writes, so what is there is read before each; a return that we began is found again by our reference in its lines'
notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from fulfilhub.returns.rules import ReturnReason
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.goods import OrderReturns, ReturnSeen, SeenLine, SeenStatus
from fulfilhub.stores.adapters.news import ReturnNews
from fulfilhub.stores.adapters.port import Changed, Connection, Ended, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages, returnsteps
from fulfilhub.stores.adapters.shopify.ids import is_order
from fulfilhub.stores.adapters.shopify.returning import (
    Returnable,
    ReverseLine,
    ReverseOrder,
    TheirLine,
    Theirs,
    next_step,
)

ORDER_RETURNS = documents.read("FulfilHubOrderReturns")
RETURN_LINES = documents.read("FulfilHubReturnLines")
REVERSE_ORDERS = documents.read("FulfilHubReverseOrders")
REVERSE_LINES = documents.read("FulfilHubReverseLines")
RETURNABLE = documents.read("FulfilHubReturnable")
ORDERS_WITH_RETURNS = documents.read("FulfilHubOrdersWithReturns")

MOST_STEPS = 8
_REFERENCE = re.compile(r"\bret_[0-7][0-9a-hjkmnp-tv-z]{25}\b")
_STATUS = {
    "REQUESTED": SeenStatus.REQUESTED,
    "OPEN": SeenStatus.OPEN,
    "DECLINED": SeenStatus.DECLINED,
    "CANCELED": SeenStatus.CANCELLED,
    "CLOSED": SeenStatus.CLOSED,
}
_REASONS = {
    "COLOR": ReturnReason.COLOUR,
    "DEFECTIVE": ReturnReason.DEFECTIVE,
    "NOT_AS_DESCRIBED": ReturnReason.NOT_AS_DESCRIBED,
    "SIZE_TOO_LARGE": ReturnReason.TOO_LARGE,
    "SIZE_TOO_SMALL": ReturnReason.TOO_SMALL,
    "STYLE": ReturnReason.STYLE,
    "UNWANTED": ReturnReason.CHANGED_MIND,
    "WRONG_ITEM": ReturnReason.WRONG_ITEM,
}
_GONE = Refused("order_missing", "The store no longer has this order.")


async def fetch_returns(
    http: httpx.AsyncClient, connection: Connection, order_external_id: str
) -> OrderReturns | Missing | Refused | Retry:
    """See `GoodsAdapter.fetch_returns`."""
    rows = await _returns(http, connection, order_external_id)
    if isinstance(rows, Missing | Refused | Retry):
        return rows
    return OrderReturns(order_external_id, tuple(each for row in rows if (each := _seen(row)) is not None))


async def orders_with_returns(
    http: httpx.AsyncClient, connection: Connection, since: datetime, cursor: str | None
) -> Changed | Refused | Retry:
    """See `GoodsAdapter.orders_with_returns`."""
    start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    variables = {"query": f"updated_at:>='{start}'", "after": cursor}
    answer = await client.query(http, connection, ORDERS_WITH_RETURNS, variables)
    if isinstance(answer, Missing):
        return Retry("The place in the list was lost.")
    if isinstance(answer, Refused | Retry):
        return answer
    page = answer.get("orders")
    if not isinstance(page, dict):
        return Retry("Shopify gave no list of orders.")
    found = tuple(
        (name, reading.moment(row.get("updatedAt")) or reading.UNKNOWN_TIME)
        for row in reading.rows(page)
        if (name := reading.text(row.get("id"))) and row.get("returnStatus") not in (None, "NO_RETURN")
    )
    return Changed(found, pages.next_page(page) or None)


async def push_return(http: httpx.AsyncClient, connection: Connection, news: ReturnNews) -> Ended:
    """See `StoreAdapter.push_return`. Each step is followed by another look, so that what somebody did in Shopify
    meanwhile is seen, and a lost answer leads to no second return."""
    if not is_order(news.order_external_id):
        return _GONE
    known = news.told_as
    for _ in range(MOST_STEPS):
        theirs = await _theirs(http, connection, news, known)
        if isinstance(theirs, Missing):
            return _GONE
        if isinstance(theirs, Refused | Retry):
            return theirs
        returnable = await _returnable(http, connection, news.order_external_id) if theirs is None else []
        if isinstance(returnable, Refused | Retry):
            return returnable
        step = next_step(news, theirs, returnable)
        if isinstance(step, Refused):
            return step
        if step is None:
            return Pushed((theirs.id,)) if theirs is not None else Pushed()
        done = await returnsteps.take(http, connection, news, step)
        if not isinstance(done, Pushed):
            return done
        known = known or next(iter(done.external_ids), "")
    return Retry("The return keeps changing in Shopify.", 30.0)


async def _returns(
    http: httpx.AsyncClient, connection: Connection, order_id: str
) -> list[Mapping[str, object]] | Missing | Refused | Retry:
    """An order's returns, each with all of its lines (`returnLineItems`, as a list)."""
    if not is_order(order_id):
        return Missing()
    answer = await client.query(http, connection, ORDER_RETURNS, {"id": order_id, "after": None})
    if isinstance(answer, Missing | Refused | Retry):
        return answer
    order = answer.get("order")
    if not isinstance(order, dict):
        return Missing()
    rows = await pages.rest_of(http, connection, ORDER_RETURNS, "order", order_id, "returns", order.get("returns"))
    if isinstance(rows, Refused | Retry):
        return rows
    whole: list[Mapping[str, object]] = []
    for row in rows:
        lines = await pages.rest_of(
            http,
            connection,
            RETURN_LINES,
            "return",
            reading.text(row.get("id")),
            "returnLineItems",
            row.get("returnLineItems"),
        )
        if isinstance(lines, Refused | Retry):
            return lines
        whole.append({**row, "returnLineItems": lines})
    return whole


async def _theirs(
    http: httpx.AsyncClient, connection: Connection, news: ReturnNews, known: str
) -> Theirs | Missing | Refused | Retry | None:
    """Our return as Shopify has it; None when it has none."""
    rows = await _returns(http, connection, news.order_external_id)
    if isinstance(rows, Missing | Refused | Retry):
        return rows
    ours = [
        row for row in rows if reading.text(row.get("id")) == known or (not known and _reference(row) == news.reference)
    ]
    if not ours:
        return Refused("return_missing", "Shopify no longer has this return.") if known else None
    row = ours[0]
    status = _STATUS.get(reading.text(row.get("status")))
    if status is None:
        return Refused("unknown_status", "Shopify gives the return a status that FulfilHub does not know.")
    theirs_id = reading.text(row.get("id"))
    reverse: list[ReverseOrder] = []
    if status in (SeenStatus.OPEN, SeenStatus.CLOSED):
        found = await _reverse(http, connection, theirs_id)
        if isinstance(found, Refused | Retry):
            return found
        reverse = found
    lines = tuple(_their_line(line) for line in reading.rows(row.get("returnLineItems")))
    return Theirs(theirs_id, status, lines, tuple(reverse))


async def _reverse(
    http: httpx.AsyncClient, connection: Connection, return_id: str
) -> list[ReverseOrder] | Refused | Retry:
    answer = await client.query(http, connection, REVERSE_ORDERS, {"id": return_id, "after": None})
    if isinstance(answer, Missing):
        return Retry("The return changed while it was read.")
    if isinstance(answer, Refused | Retry):
        return answer
    first = reading.table(answer.get("return")).get("reverseFulfillmentOrders")
    rows = await pages.rest_of(http, connection, REVERSE_ORDERS, "return", return_id, "reverseFulfillmentOrders", first)
    if isinstance(rows, Refused | Retry):
        return rows
    found: list[ReverseOrder] = []
    for row in rows:
        own = reading.text(row.get("id"))
        lines = await pages.rest_of(
            http, connection, REVERSE_LINES, "reverseFulfillmentOrder", own, "lineItems", row.get("lineItems")
        )
        if isinstance(lines, Refused | Retry):
            return lines
        delivery = next(iter(reading.rows(row.get("reverseDeliveries"))), {})
        shipped = reading.table(delivery.get("deliverable"))
        found.append(
            ReverseOrder(
                id=own,
                open=row.get("status") == "OPEN",
                lines=tuple(_reverse_line(line) for line in lines),
                delivery=reading.text(delivery.get("id")),
                number=reading.text(reading.table(shipped.get("tracking")).get("number")),
                url=reading.text(reading.table(shipped.get("tracking")).get("url")),
                label=reading.text(reading.table(shipped.get("label")).get("publicFileUrl")),
            )
        )
    return found


async def _returnable(
    http: httpx.AsyncClient, connection: Connection, order_id: str
) -> list[Returnable] | Refused | Retry:
    found: list[Returnable] = []
    after: str | None = None
    while True:
        answer = await client.query(http, connection, RETURNABLE, {"id": order_id, "after": after})
        if isinstance(answer, Missing):
            return _GONE
        if isinstance(answer, Refused | Retry):
            return answer
        page = answer.get("returnableFulfillments")
        for row in reading.rows(page):
            for line in reading.rows(row.get("returnableFulfillmentLineItems")):
                sent = reading.table(line.get("fulfillmentLineItem"))
                ordered = reading.text(reading.table(sent.get("lineItem")).get("id"))
                units = reading.quantity(line.get("quantity")) or 0
                found.append(Returnable(reading.text(sent.get("id")), ordered, units))
        after = pages.next_page(page)
        if not after:
            return found


def _their_line(row: Mapping[str, object]) -> TheirLine:
    sent = reading.table(row.get("fulfillmentLineItem"))
    ordered = reading.table(sent.get("lineItem"))
    return TheirLine(
        id=reading.text(row.get("id")),
        line=reading.text(ordered.get("id")),
        fulfilled=reading.text(sent.get("id")),
        quantity=reading.quantity(row.get("quantity")) or 0,
        processed=reading.quantity(row.get("processedQuantity")) or 0,
        stocked=isinstance(ordered.get("variant"), Mapping),
    )


def _reverse_line(row: Mapping[str, object]) -> ReverseLine:
    disposed: dict[str, int] = {}
    for each in reading.rows(row.get("dispositions")):
        kind = reading.text(each.get("type"))
        disposed[kind] = disposed.get(kind, 0) + (reading.quantity(each.get("quantity")) or 0)
    return ReverseLine(
        id=reading.text(row.get("id")),
        fulfilled=reading.text(reading.table(row.get("fulfillmentLineItem")).get("id")),
        quantity=reading.quantity(row.get("totalQuantity")) or 0,
        disposed=disposed,
    )


def _seen(row: Mapping[str, object]) -> ReturnSeen | None:
    name, status = reading.text(row.get("id")), _STATUS.get(reading.text(row.get("status")))
    if not name or status is None:
        return None
    lines: list[SeenLine] = []
    for line in reading.rows(row.get("returnLineItems")):
        ordered = reading.table(reading.table(line.get("fulfillmentLineItem")).get("lineItem"))
        note = reading.text(line.get("customerNote")) or reading.text(line.get("returnReasonNote"))
        reason = _REASONS.get(reading.text(line.get("returnReason")), ReturnReason.OTHER)
        units = reading.quantity(line.get("quantity")) or 0
        lines.append(SeenLine(reading.text(ordered.get("id")), units, reason, note[:500]))
    return ReturnSeen(
        external_id=name,
        status=status,
        name=reading.text(row.get("name"))[:100],
        reference=_reference(row),
        lines=tuple(lines),
        decline_note=reading.text(reading.table(row.get("decline")).get("note"))[:500],
        refunds=tuple(reading.text(each.get("id")) for each in reading.rows(row.get("refunds"))),
    )


def _reference(row: Mapping[str, object]) -> str:
    """Our id of a return that we began, which stands in the note of each of its lines."""
    for line in reading.rows(row.get("returnLineItems")):
        for name in ("returnReasonNote", "customerNote"):
            found = _REFERENCE.search(reading.text(line.get(name)))
            if found is not None:
                return found[0]
    return ""
