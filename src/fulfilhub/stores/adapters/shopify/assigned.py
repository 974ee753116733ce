"""Fulfilment orders: which parts of an order Shopify assigned to which location, what it asks of us, and our answers.

Nothing is taken from a webhook or an answer to a mutation: an order's parts are always read whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import httpx

from fulfilhub.fulfilment.rules import RejectReason
from fulfilhub.orders.rules import HoldReason
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.assigning import (
    Answer,
    AnswerKind,
    Assigned,
    AssignedLine,
    AssignedParts,
    PlacedHold,
    Progress,
    Request,
    Waiting,
)
from fulfilhub.stores.adapters.port import Connection, Ended, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents, pages
from fulfilhub.stores.adapters.shopify.ids import is_order

AT_ONCE = 100
_MOST_PAGES = 100
_ASSIGNED = documents.read("FulfilHubAssigned")
_ORDERS_OF = documents.read("FulfilHubOrdersOfAssignments")
_PARTS = documents.read("FulfilHubAssignments")
_LINES = documents.read("FulfilHubAssignmentLines")
_ANSWERS: Mapping[AnswerKind, tuple[str, str]] = {
    AnswerKind.ACCEPT: (documents.read("FulfilHubAcceptRequest"), "fulfillmentOrderAcceptFulfillmentRequest"),
    AnswerKind.REFUSE: (documents.read("FulfilHubRefuseRequest"), "fulfillmentOrderRejectFulfillmentRequest"),
    AnswerKind.ACCEPT_RECALL: (documents.read("FulfilHubAcceptRecall"), "fulfillmentOrderAcceptCancellationRequest"),
    AnswerKind.REFUSE_RECALL: (documents.read("FulfilHubRefuseRecall"), "fulfillmentOrderRejectCancellationRequest"),
    AnswerKind.GIVE_UP: (documents.read("FulfilHubGiveUp"), "fulfillmentOrderClose"),
}
_PROGRESS = {
    "OPEN": Progress.OPEN,
    "IN_PROGRESS": Progress.OPEN,
    "ON_HOLD": Progress.OPEN,
    "SCHEDULED": Progress.SCHEDULED,
    "INCOMPLETE": Progress.INCOMPLETE,
    "CLOSED": Progress.DONE,
    "CANCELLED": Progress.CANCELLED,
}
_REQUEST = {
    "SUBMITTED": Request.ASKED,
    "ACCEPTED": Request.ACCEPTED,
    "REJECTED": Request.REFUSED,
    "CANCELLATION_REQUESTED": Request.ACCEPTED,
    "CANCELLATION_ACCEPTED": Request.RECALL_ACCEPTED,
    "CANCELLATION_REJECTED": Request.RECALL_REFUSED,
}
_HELD_FOR = {
    "AWAITING_PAYMENT": HoldReason.AWAITING_PAYMENT,
    "AWAITING_RETURN_ITEMS": HoldReason.AWAITING_RETURN_ITEMS,
    "HIGH_RISK_OF_FRAUD": HoldReason.FRAUD_RISK,
    "INCORRECT_ADDRESS": HoldReason.INCORRECT_ADDRESS,
    "INVENTORY_OUT_OF_STOCK": HoldReason.OUT_OF_STOCK,
    "ONLINE_STORE_POST_PURCHASE_CROSS_SELL": HoldReason.AWAITING_CONFIRMATION,
    "UNKNOWN_DELIVERY_DATE": HoldReason.UNKNOWN_DELIVERY_DATE,
}
#: Our reasons are Shopify's own, but for two.
_REASONS = {
    RejectReason.OUT_OF_STOCK: "INVENTORY_OUT_OF_STOCK",
    RejectReason.MERCHANT_SUSPENDED: "MERCHANT_BLOCKED_OR_SUSPENDED",
}
#: What Shopify says of an app without a fulfilment service, instead of an empty list.
_NO_SERVICE = "not associated with any fulfillment service"


async def waiting(http: httpx.AsyncClient, connection: Connection) -> Waiting | Refused | Retry:
    """See `AssignmentAdapter.waiting`."""
    found: dict[str, None] = {}
    for status in ("FULFILLMENT_REQUESTED", "CANCELLATION_REQUESTED"):
        after: str | None = None
        for _ in range(_MOST_PAGES):
            answer = await client.query(http, connection, _ASSIGNED, {"status": status, "after": after})
            if isinstance(answer, Missing):
                return Retry("The place in the list was lost.")
            if isinstance(answer, Refused) and _NO_SERVICE in answer.reason:
                return Waiting(())
            if isinstance(answer, Refused | Retry):
                return answer
            page = answer.get("assignedFulfillmentOrders")
            if not isinstance(page, dict):
                return Retry("Shopify gave no list of fulfilment orders.")
            found |= dict.fromkeys(_orders(reading.rows(page)))
            after = pages.next_page(page)
            if not after:
                break
    return Waiting(tuple(found))


async def orders_of(
    http: httpx.AsyncClient, connection: Connection, parts: Collection[str]
) -> Waiting | Refused | Retry:
    """See `AssignmentAdapter.orders_of`."""
    wanted, found = sorted(parts), dict[str, None]()
    for start in range(0, len(wanted), AT_ONCE):
        answer = await client.query(http, connection, _ORDERS_OF, {"ids": wanted[start : start + AT_ONCE]})
        if isinstance(answer, Missing):
            continue
        if isinstance(answer, Refused | Retry):
            return answer
        found |= dict.fromkeys(_orders(reading.rows({"nodes": answer.get("nodes")})))
    return Waiting(tuple(found))


def _orders(rows: Sequence[Mapping[str, object]]) -> list[str]:
    return [order for row in rows if is_order(order := reading.text(row.get("orderId")))]


async def parts(
    http: httpx.AsyncClient, connection: Connection, order: str
) -> AssignedParts | Missing | Refused | Retry:
    """See `AssignmentAdapter.parts`."""
    if not is_order(order):
        return Missing()
    answer = await client.query(http, connection, _PARTS, {"id": order, "after": None})
    if isinstance(answer, Missing | Refused | Retry):
        return answer
    found = answer.get("order")
    if not isinstance(found, dict):
        return Missing()
    first = found.get("fulfillmentOrders")
    if not isinstance(first, dict):
        return Retry("Shopify gave no list of fulfilment orders.")  # a null must never be read as an empty list
    rows = await pages.rest_of(http, connection, _PARTS, "order", order, "fulfillmentOrders", first)
    if isinstance(rows, Refused | Retry):
        return rows
    made: list[Assigned] = []
    for row in rows:
        owner = reading.text(row.get("id"))
        lines = await pages.rest_of(
            http, connection, _LINES, "fulfillmentOrder", owner, "lineItems", row.get("lineItems")
        )
        if isinstance(lines, Refused | Retry):
            return lines
        made.append(_assigned(row, lines))
    return AssignedParts(tuple(made))


def _assigned(row: Mapping[str, object], lines: Sequence[Mapping[str, object]]) -> Assigned:
    location = reading.table(reading.table(row.get("assignedLocation")).get("location"))
    actions = {action.get("action") for action in reading.rows(row.get("supportedActions"))}
    return Assigned(
        id=reading.text(row.get("id")),
        location=reading.text(location.get("id")),
        progress=_PROGRESS.get(reading.text(row.get("status")), Progress.SCHEDULED),
        request=_REQUEST.get(reading.text(row.get("requestStatus")), Request.NONE),
        changed_at=reading.moment(row.get("updatedAt")) or reading.UNKNOWN_TIME,
        lines=tuple(_line(line) for line in lines),
        recalls=len(reading.rows(row.get("merchantRequests"))),
        holds=tuple(_hold(hold) for hold in reading.rows(row.get("fulfillmentHolds"))),
        closable=reading.text(row.get("status")) == "IN_PROGRESS" and "CREATE_FULFILLMENT" in actions,
    )


def _line(row: Mapping[str, object]) -> AssignedLine:
    total = reading.quantity(row.get("totalQuantity")) or 0
    return AssignedLine(
        id=reading.text(row.get("id")),
        line=reading.text(reading.table(row.get("lineItem")).get("id")),
        total=total,
        remaining=min(reading.quantity(row.get("remainingQuantity")) or 0, total),
    )


def _hold(row: Mapping[str, object]) -> PlacedHold:
    return PlacedHold(
        id=reading.text(row.get("id")),
        reason=_HELD_FOR.get(reading.text(row.get("reason")), HoldReason.OTHER),
        name=reading.text(row.get("handle"))[:100],
        note=reading.text(row.get("reasonNotes"))[:500],
    )


async def answer(http: httpx.AsyncClient, connection: Connection, answers: Sequence[Answer]) -> Ended:
    """See `AssignmentAdapter.answer`."""
    remark = ""
    for each in answers:
        document, mutation = _ANSWERS[each.kind]
        variables: dict[str, object] = {"id": each.id, "message": each.message}
        if each.kind is AnswerKind.REFUSE:
            why = each.why or RejectReason.OTHER
            variables["reason"] = _REASONS.get(why, why.upper())
            variables["lines"] = [
                {"fulfillmentOrderLineItemId": line, "message": said} for line, said in each.lines.items()
            ]
        told = await client.mutate(http, connection, document, variables)
        if isinstance(told, Missing):
            continue
        if not isinstance(told, Mapping):
            return told
        remark = client.refusal(told.get(mutation)) or remark
    return Pushed(remark=remark)
