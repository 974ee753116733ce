"""One step of telling Shopify of a return: one write, and what its end means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.news import ReturnNews
from fulfilhub.stores.adapters.port import Connection, InDoubt, Missing, Pushed, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents
from fulfilhub.stores.adapters.shopify.returning import RESTOCKED, Begin, Deliver, Move, Placed, Process, Step

REQUEST_RETURN = documents.read("FulfilHubRequestReturn")
CREATE_RETURN = documents.read("FulfilHubCreateReturn")
CREATE_REVERSE_DELIVERY = documents.read("FulfilHubCreateReverseDelivery")
UPDATE_REVERSE_DELIVERY = documents.read("FulfilHubUpdateReverseDelivery")
PROCESS_RETURN = documents.read("FulfilHubProcessReturn")
SUGGESTED_REFUND = documents.read("FulfilHubSuggestedRefund")
MOVES = {
    "approve": (documents.read("FulfilHubApproveReturn"), "returnApproveRequest"),
    "decline": (documents.read("FulfilHubDeclineReturn"), "returnDeclineRequest"),
    "cancel": (documents.read("FulfilHubCancelReturn"), "returnCancel"),
    "close": (documents.read("FulfilHubCloseReturn"), "returnClose"),
}
_REASONS = {
    "changed_mind": "UNWANTED",
    "too_small": "SIZE_TOO_SMALL",
    "too_large": "SIZE_TOO_LARGE",
    "colour": "COLOR",
    "style": "STYLE",
    "damaged": "DEFECTIVE",
    "defective": "DEFECTIVE",
    "not_as_described": "NOT_AS_DESCRIBED",
    "wrong_item": "WRONG_ITEM",
}
#: Reasons that mean that the return changed between our reading and our writing; reading again settles it.
_CHANGED_MEANWHILE = {"INVALID_STATE", "NOT_FOUND", "INVALID"}


async def take(
    http: httpx.AsyncClient, connection: Connection, news: ReturnNews, step: Step
) -> Pushed | InDoubt | Refused | Retry:
    """Take one step. What became of it is read again by the caller."""
    match step:
        case Begin():
            return await _begin(http, connection, news, step)
        case Move(verb, theirs):
            document, field = MOVES[verb]
            more = {"reason": "OTHER", "note": (news.declined or "Declined.")[:500]} if verb == "decline" else {}
            return await _write(http, connection, document, {"id": theirs, **more}, field)
        case Deliver():
            return await _deliver(http, connection, news, step)
        case Process():
            return await _process(http, connection, news, step)


async def _begin(
    http: httpx.AsyncClient, connection: Connection, news: ReturnNews, step: Begin
) -> Pushed | InDoubt | Refused | Retry:
    noted = "customerNote" if step.asked else "returnReasonNote"
    lines = [
        {
            "fulfillmentLineItemId": sent,
            "quantity": units,
            "returnReason": _REASONS.get(reason, "OTHER"),
            noted: f"FulfilHub {news.reference}",
        }
        for sent, units, reason in step.lines
    ]
    wanted = {"orderId": news.order_external_id, "returnLineItems": lines}
    if step.asked:
        return await _write(http, connection, REQUEST_RETURN, {"input": wanted}, "returnRequest")
    return await _write(http, connection, CREATE_RETURN, {"input": wanted}, "returnCreate")


async def _deliver(
    http: httpx.AsyncClient, connection: Connection, news: ReturnNews, step: Deliver
) -> Pushed | InDoubt | Refused | Retry:
    tracking: dict[str, str] | None = None
    if news.tracking_number:
        tracking = {"number": news.tracking_number} | ({"url": news.tracking_url} if news.tracking_url else {})
    told = {"tracking": tracking, "label": {"fileUrl": news.label_url} if news.label_url else None}
    if step.delivery:
        variables = {"id": step.delivery, **told}
        return await _write(http, connection, UPDATE_REVERSE_DELIVERY, variables, "reverseDeliveryShippingUpdate")
    variables = {"order": step.order, **told}
    return await _write(http, connection, CREATE_REVERSE_DELIVERY, variables, "reverseDeliveryCreateWithShipping")


async def _process(
    http: httpx.AsyncClient, connection: Connection, news: ReturnNews, step: Process
) -> Pushed | InDoubt | Refused | Retry:
    wanted: dict[str, object] = {
        "returnId": step.id,
        "note": f"FulfilHub {news.reference}",
        "returnLineItems": [
            {"id": line, "quantity": units, "dispositions": [_placed(each, news) for each in placed]}
            for line, units, placed in step.lines
        ],
    }
    if news.refund and step.arrived:
        money = await _suggested(http, connection, step)
        if isinstance(money, Refused | Retry):
            return money
        if money:
            wanted["financialTransfer"] = {"issueRefund": {"orderTransactions": money}}
    return await _write(http, connection, PROCESS_RETURN, {"input": wanted}, "returnProcess")


async def _suggested(
    http: httpx.AsyncClient, connection: Connection, step: Process
) -> list[dict[str, object]] | Refused | Retry:
    """What Shopify itself would refund for these units, by the transaction it was paid with."""
    lines = [{"id": line, "quantity": units} for line, units, _ in step.lines]
    answer = await client.query(http, connection, SUGGESTED_REFUND, {"id": step.id, "lines": lines})
    if isinstance(answer, Missing):
        return Retry("The return changed while it was read.")
    if isinstance(answer, Refused | Retry):
        return answer
    outcome = reading.table(reading.table(answer.get("return")).get("suggestedFinancialOutcome"))
    rows = reading.rows(reading.table(outcome.get("financialTransfer")).get("suggestedTransactions"))
    return _transactions(rows)


def _transactions(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for row in rows:
        parent = reading.text(reading.table(row.get("parentTransaction")).get("id"))
        money = reading.table(reading.table(row.get("amountSet")).get("presentmentMoney"))
        amount, currency = reading.text(money.get("amount")), reading.text(money.get("currencyCode"))
        if parent and (reading.decimal(amount) or 0) > 0:
            found.append({"parentId": parent, "transactionAmount": {"amount": amount, "currencyCode": currency}})
    return found


def _placed(each: Placed, news: ReturnNews) -> dict[str, object]:
    placed: dict[str, object] = {
        "reverseFulfillmentOrderLineItemId": each.reverse,
        "quantity": each.units,
        "dispositionType": each.kind,
    }
    return placed | ({"locationId": news.location} if each.kind == RESTOCKED else {})


async def _write(
    http: httpx.AsyncClient, connection: Connection, document: str, variables: Mapping[str, object], field: str
) -> Pushed | InDoubt | Refused | Retry:
    answer = await client.mutate(http, connection, document, variables)
    if isinstance(answer, Missing):
        return Retry("The return changed while it was read.")
    if isinstance(answer, InDoubt | Refused | Retry):
        return answer
    payload = reading.table(answer.get(field))
    if reason := client.refusal(payload):
        code = reading.text(reading.rows(payload.get("userErrors"))[0].get("code"))
        return Retry(reason, 5.0) if code in _CHANGED_MEANWHILE else Refused("rejected", reason)
    made = reading.text(reading.table(payload.get("return")).get("id"))
    return Pushed((made,) if made else ())
