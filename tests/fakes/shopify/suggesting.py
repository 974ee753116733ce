"""What Shopify suggests to pay back for units of a return: their price, by the transaction the order was paid with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.fakes.shopify.engine import Call, field
from tests.fakes.shopify.returns import Return
from tests.fakes.shopify.things import Json


@field("Return", "suggestedFinancialOutcome")
def _outcome(call: Call, one: Return) -> Json:
    lines = {row.id: row for row in one.return_line_items}
    amount = sum(
        (
            lines[each["id"]].fulfillment_line_item.line_item.price * each["quantity"]
            for each in call.args["returnLineItems"]
        ),
        Decimal(),
    )
    money: Any = {"amount": f"{amount:.2f}", "currencyCode": "GBP"}
    paid = {"__typename": "OrderTransaction", "id": f"gid://shopify/OrderTransaction/{one.order.number}"}
    transaction = {"amountSet": {"presentmentMoney": money, "shopMoney": money}, "parentTransaction": paid}
    return {"financialTransfer": {"__typename": "RefundReturnOutcome", "suggestedTransactions": [transaction]}}
