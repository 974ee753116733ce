"""Charges over HTTP."""

from __future__ import annotations

from fulfilhub.billing.commands import charge_orders
from fulfilhub.billing.queries import shipped
from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Works
from tests.make.shipped import shipped_order
from tests.make.world import Client


async def test_charges_are_listed_filtered_and_summed(works: Works, worker_works: Works, merchant: Client) -> None:
    merchant_id = ids.ACCOUNT.find(merchant.account_id)
    orders = [await shipped_order(worker_works, merchant_id, external_id=str(place)) for place in range(3)]
    async with works.begin(Merchant(merchant_id)) as work:
        await charge_orders(work, await shipped(work, [order.shipments[0] for order in orders]))
    first = (await merchant.get("/v1/charges", limit=2)).json()
    rest = (await merchant.get("/v1/charges", limit=2, cursor=first["next_cursor"])).json()
    assert (len(first["data"]), len(rest["data"]), rest["has_more"]) == (2, 1, False)
    wanted = ids.ORDER.show(orders[1].order_id)
    (one,) = (await merchant.get("/v1/charges", order_id=wanted)).json()["data"]
    assert (one["order_id"], one["amount_minor"], one["formula"]) == (wanted, 25, "1 order x 0.25 GBP")
    assert (await merchant.get("/v1/charges", occurred_after=utc_now().isoformat())).json()["data"] == []
    occurred = {charge["occurred_at"][:7] for charge in first["data"] + rest["data"]}
    (month,) = occurred
    summary = (await merchant.get("/v1/charges/summary", month=month)).json()
    assert summary["sums"] == [{"kind": "order_fulfilled", "currency": "GBP", "count": 3, "amount_minor": 75}]
    assert (await merchant.get("/v1/charges/summary", month="1999-01")).json()["sums"] == []
    assert (await merchant.get("/v1/charges/summary", month="November")).status_code == 422
