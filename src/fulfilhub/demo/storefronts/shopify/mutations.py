"""What the Shopify shop lets an app change, with the refusals recorded from the real API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import GraphQLError, GraphQLResolveInfo

from fulfilhub.demo.storefronts.shopify.orders import Json, Line, Order, Sent, Variant, Waiting, graph_sent
from fulfilhub.demo.storefronts.shopify.shop import LOCATION, ShopifyShop

Info = GraphQLResolveInfo[object]


class _No(Exception):
    """Becomes the mutation's `userErrors`."""


@dataclass(slots=True)
class Mutations:
    """Resolvers of the mutations."""

    shop: ShopifyShop

    def create(self, _info: Info, *, fulfillment: Json, message: str = "") -> Json:
        """fulfillmentCreate: all or nothing, one order and one location in a call."""
        try:
            order, chosen = self._chosen(fulfillment)
        except _No as no:
            return {"fulfillment": None, "userErrors": [{"field": ["fulfillment"], "message": str(no)}]}
        for waiting, own, units in chosen:
            waiting.lines = [(i, ln, left - units if i == own else left) for i, ln, left in waiting.lines]
        lines = [(self._line(waiting, own), units) for waiting, own, units in chosen]
        for line, units in lines:
            line.sent += units
        sent = Sent(self.shop.next_gid("Fulfillment"), self.shop.now(), _tracking(fulfillment), lines)
        order.sent.append(sent)
        self.shop.touch(order)
        return {"fulfillment": graph_sent(sent), "userErrors": []}

    def _chosen(self, fulfillment: Json) -> tuple[Order, list[tuple[Waiting, str, int]]]:
        chosen: list[tuple[Waiting, str, int]] = []
        owners: dict[str, Order] = {}
        for group in _rows(fulfillment["lineItemsByFulfillmentOrder"]):
            order, waiting = self._waiting(str(group["fulfillmentOrderId"]))
            owners[order.id] = order
            if not waiting.open:
                number = waiting.id.rpartition("/")[2]
                raise _No(f"Fulfillment order {number} has an unfulfillable status= closed.")
            everything = [{"id": own, "quantity": left} for own, _, left in waiting.lines if left]
            for row in _rows(group.get("fulfillmentOrderLineItems")) or everything:
                own, units = str(row["id"]), int(str(row["quantity"]))
                left = next((n for i, _, n in waiting.lines if i == own), None)
                if units < 1:
                    raise _No("Quantity must be greater than 0")
                if left is None:
                    raise _No("Fulfillment order line item does not exist.")
                if units > left:
                    raise _No("Invalid fulfillment order line item quantity requested.")
                chosen.append((waiting, own, units))
        if len(owners) != 1:
            raise _No("All fulfillment orders must belong to the same order.")
        if len({waiting.location for waiting, _, _ in chosen}) > 1:
            raise _No("All fulfillment orders must be assigned to a single location.")
        return next(iter(owners.values())), chosen

    def _waiting(self, wanted: str) -> tuple[Order, Waiting]:
        for order in self.shop.orders.values():
            for waiting in order.waiting:
                if waiting.id == wanted:
                    return order, waiting
        raise _No("Fulfillment order does not exist.")

    @staticmethod
    def _line(waiting: Waiting, own: str) -> Line:
        return next(line for i, line, _ in waiting.lines if i == own)

    def update(self, _info: Info, **given: object) -> Json:
        """fulfillmentTrackingInfoUpdate: replaces all tracking of a fulfilment."""
        for order in self.shop.orders.values():
            for sent in order.sent:
                if sent.id == given["fulfillmentId"]:
                    sent.tracking = _tracking({"trackingInfo": given["trackingInfoInput"]})
                    self.shop.touch(order)
                    return {"fulfillment": graph_sent(sent), "userErrors": []}
        told = [{"field": ["fulfillmentId"], "message": "Fulfillment does not exist."}]
        return {"fulfillment": None, "userErrors": told}

    def tell(self, _info: Info, **given: Json) -> Json:
        """fulfillmentEventCreate: one more event of a fulfilment."""
        told_of = given["fulfillmentEvent"]
        for order in self.shop.orders.values():
            for sent in order.sent:
                if sent.id == told_of["fulfillmentId"]:
                    event = {"id": self.shop.next_gid("FulfillmentEvent"), **told_of}
                    sent.events.append(event)
                    return {"fulfillmentEvent": event, "userErrors": []}
        told = [{"field": ["fulfillmentEvent"], "message": "Fulfillment does not exist."}]
        return {"fulfillmentEvent": None, "userErrors": told}

    def set_stock(self, info: Info, *, input: Json) -> Json:
        """inventorySetQuantities: asks for an idempotency key and for the quantities it starts from; all or nothing.
        The same key gives the same answer, and none with other quantities."""
        directives = {one.name.value: one for node in info.field_nodes for one in node.directives or ()}
        if "idempotent" not in directives:
            told = "The @idempotent directive is required for this mutation but was not provided."
            raise GraphQLError(told, extensions={"code": "BAD_REQUEST"})
        key = str(info.variable_values.coerced["key"])
        if key in self.shop.stock_keys:
            known, answer = self.shop.stock_keys[key]
            return (
                answer if known == input else _stock_refusal(None, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "Other input.")
            )
        answer = self._set_stock(input)
        if not answer["userErrors"]:
            self.shop.stock_keys[key] = input, answer
        return answer

    def _set_stock(self, input: Json) -> Json:
        chosen: list[tuple[Variant, int]] = []
        for place, row in enumerate(_rows(input["quantities"])):
            if "changeFromQuantity" not in row:
                told = "InventoryQuantityInput must include the following argument: changeFromQuantity."
                raise GraphQLError(told, extensions={"code": "INVALID_FIELD_ARGUMENTS"})
            variants = [v for v in self.shop.variants.values() if v.item == row["inventoryItemId"]]
            if not variants or row["locationId"] != LOCATION:
                return _stock_refusal(place, "INVALID_INVENTORY_ITEM", "The specified item could not be found.")
            if variants[0].available != row["changeFromQuantity"]:
                return _stock_refusal(place, "CHANGE_FROM_QUANTITY_STALE", "The quantity is not what you say it is.")
            chosen.append((variants[0], int(str(row["quantity"]))))
        for variant, quantity in chosen:
            variant.available = quantity
        return {"inventoryAdjustmentGroup": {"id": self.shop.next_gid("InventoryAdjustmentGroup")}, "userErrors": []}


def _rows(value: object) -> Sequence[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _tracking(fulfillment: Json) -> list[Json]:
    """One entry for each number, with the address at the same place in its list."""
    info = fulfillment.get("trackingInfo")
    if not isinstance(info, dict):
        return []
    numbers = info.get("numbers") or [number for number in [info.get("number")] if number]
    urls = info.get("urls") or [info.get("url")]
    return [
        {"company": info.get("company"), "number": number, "url": urls[n] if n < len(urls) else None}
        for n, number in enumerate(numbers)
    ]


def _stock_refusal(place: int | None, code: str, message: str) -> Json:
    field = ["input"] if place is None else ["input", "quantities", str(place), "changeFromQuantity"]
    told = {"code": code, "field": field, "message": message}
    return {"inventoryAdjustmentGroup": None, "userErrors": [told]}
