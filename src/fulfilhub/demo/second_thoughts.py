"""A customer has second thoughts after the partner took the work on: the merchant asks, and the partner answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fulfilhub.demo.door import Door, JsonObject, StepFailed, rows, until
from fulfilhub.demo.partner import number


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the order, the line of which a unit is to be cancelled, and the lease of its work."""

    order: JsonObject
    line_id: str
    lease: str


async def ask(ada: Door, partner: Door, warehouses: Mapping[str, str]) -> Asked:
    """Claim and accept the work of an order that came by API and has a line of several units, then ask for one unit
    back. Other work that was claimed on the way goes back. Raises StepFailed."""
    by_number = {str(order["number"]): order async for order in ada.every("/v1/orders") if order["store_id"] is None}
    leases: list[str] = []
    try:
        for warehouse_id in warehouses.values():
            while True:
                claim = await partner.post("/v1/work/claims", {"warehouse_id": warehouse_id, "limit": 1})
                batch = rows(claim["data"])
                if not batch:
                    break
                lease, work = str(claim["lease_id"]), batch[0]
                order = by_number.get(str(work["order_number"]))
                several = next((line for line in rows(work["lines"]) if number(line["quantity"]) > 1), None)
                if order is None or several is None:
                    leases.append(lease)
                    continue
                await partner.post(f"/v1/work/orders/{work['id']}/accept", {"lease_id": lease})
                return await _asked(ada, Asked(order, str(several["line_id"]), lease))
    finally:
        for each in leases:
            await partner.post(f"/v1/work/leases/{each}/release")
    raise StepFailed("No order by API with several units of a line waits for the partner.")


async def _asked(ada: Door, asked: Asked) -> Asked:
    body = {"lines": [{"line_id": asked.line_id, "quantity": 1}], "note": "One too many, says the customer."}
    order = await ada.post(f"/v1/orders/{asked.order['id']}/cancel", body)
    if [request["state"] for request in rows(order["requests"])] != ["requested"]:
        raise StepFailed(f"A cancel of work in hand was not asked of the partner: {order['requests']}")
    return asked


async def answered(ada: Door, partner: Door, asked: Asked, seconds: float) -> str:
    """Wait for the partner's answer and for what follows from it; then its work goes on. Raises StepFailed."""

    async def look() -> JsonObject | None:
        order = await ada.get(f"/v1/orders/{asked.order['id']}")
        return order if rows(order["requests"])[0]["state"] != "requested" else None

    order = await until(look, "Answering the request", seconds)
    (request,) = rows(order["requests"])
    line = next(line for line in rows(order["lines"]) if line["id"] == asked.line_id)
    if (request["state"], line["cancelled"]) != ("accepted", 1):
        raise StepFailed(f"The request was {request['state']}, and {line['cancelled']} units are cancelled.")
    await partner.post(f"/v1/work/leases/{asked.lease}/release")
    return f"order {order['number']}: the partner accepted, one unit is back in stock"
