"""Every user error that Shopify was ever seen to give, replayed through the verb of ours that sends the mutation: each
ends in an outcome of ours that says why, and none passes for success."""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse

from fulfilhub.stores.adapters import adapter_for, assigns
from fulfilhub.stores.adapters.assigning import Answer, AnswerKind
from fulfilhub.stores.adapters.milestones import Milestone, MilestoneNews
from fulfilhub.stores.adapters.news import (
    ReturnedLine,
    ReturnedUnits,
    ReturnNews,
    ShipmentNews,
    ShippedLine,
    StockNews,
    StockOutcome,
)
from fulfilhub.stores.adapters.port import Connection, InDoubt, Pushed, Refused, Retry, Stocked, StoreSettings
from fulfilhub.stores.adapters.shopify import client
from tests.fakes.serving import in_memory
from tests.fakes.shopify import fulfillments, orders, returns, services
from tests.fakes.shopify.api import shopify
from tests.fakes.shopify.schema import needs_schema
from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.things import FulfillmentService, Order, ProductVariant
from tests.stores.adapters.samples import SHOPIFY, needs_shopify_samples
from tests.stores.adapters.test_shopify_documents import DOCUMENTS

pytestmark = [needs_schema, needs_shopify_samples]


def observed() -> dict[str, list[dict[str, Any]]]:
    """The user errors seen of each operation."""
    file = SHOPIFY / "recordings" / "observed_user_errors.json"
    found: dict[str, list[dict[str, Any]]] = json.loads(file.read_text()) if file.is_file() else {}
    for errors in found.values():
        for error in errors:
            error["field"] = ast.literal_eval(error["field"]) if error["field"] else None
    return found


OBSERVED = observed()
EVERY = [(name, error) for name, errors in OBSERVED.items() for error in errors]


def sent() -> set[str]:
    """The mutations that our documents send."""
    found: set[str] = set()
    for text in DOCUMENTS.values():
        for node in parse(text).definitions:
            if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION:
                found |= {each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)}
    return found


@dataclass
class Rig:
    """A shop with a fulfilment service of ours: an order that was sent from there, one that waits, one asked for."""

    shop: Shop
    http: httpx.AsyncClient
    service: FulfillmentService
    mug: ProductVariant
    gone: Order
    waiting: Order

    @property
    def connection(self) -> Connection:
        return Connection(
            platform="shopify",
            base_url=f"https://{self.shop.domain}",
            credentials={"access_token": "shpat_1"},
            settings=StoreSettings(stock_location=self.shop.primary.id),
        )

    async def ship(self, order: Order, number: str, told_as: tuple[str, ...] = ()) -> object:
        (line,) = order.line_items
        news = ShipmentNews(
            reference="shp_1",
            order_external_id=order.id,
            lines=(ShippedLine(line.id, line.quantity),),
            carrier="Royal Mail",
            shipped_at=self.shop.now(),
            tracking_numbers=(number,),
            told_as=told_as,
        )
        return await adapter_for("shopify").push_shipment(self.http, self.connection, news)

    async def stock(self, variant: ProductVariant, location: str = "") -> object:
        news = StockNews(reference="stk_1", variant_id=variant.id, available=33, location=location)
        return await adapter_for("shopify").push_stock(self.http, self.connection, [news])

    async def milestone(self) -> object:
        (made,) = self.gone.fulfillments
        news = MilestoneNews(reference="shp_1", told_as=(made.id,), milestone=Milestone.IN_TRANSIT, at=self.shop.now())
        return await adapter_for("shopify").push_milestone(self.http, self.connection, news)

    async def register(self, name: str, callback: str) -> object:
        return await assigns("shopify").register(self.http, self.connection, name, callback)

    async def answer(self, kind: AnswerKind) -> object:
        (part,) = self.waiting.fulfillment_orders
        said = Answer(id=part.id, kind=kind, message="So it is.")
        return await assigns("shopify").answer(self.http, self.connection, [said])

    async def give_back(self, status: str, told_as: str = "", **news: Any) -> object:
        (line,) = self.gone.line_items
        units = ReturnedUnits(line.id, 1, int(status == "completed"), int(status == "completed"), 0, 0)
        told = ReturnNews(
            reference="ret_1",
            order_external_id=self.gone.id,
            status=status,
            lines=(ReturnedLine(line.id, 1, restock=True),),
            note="",
            units=(units,),
            location=self.shop.primary.id,
            told_as=told_as,
            **news,
        )
        return await adapter_for("shopify").push_return(self.http, self.connection, told)

    def requested(self) -> str:
        """A return that a customer asked for in the shop."""
        (made,) = self.gone.fulfillments
        (line,) = made.fulfillment_line_items
        asked = {"fulfillmentLineItemId": line.id, "quantity": 1, "returnReason": "OTHER"}
        return returns.request(self.shop, self.gone, [asked]).id

    def approved(self) -> str:
        """... and that was agreed to."""
        made = self.requested()
        returns.approve(self.shop, self.gone.returns[-1])
        return made


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    shop = Shop()
    service = services.register(shop, "North", "https://fulfilhub.test/shopify/services/n")
    mug = shop.add_product("MUG", "Mug", "8.50", at=service.location)
    shop.stock(mug, shop.primary, 5)
    gone, waiting = [orders.place(shop, [(mug, 2)], at=[service.location], request=False) for _ in range(2)]
    (part,) = gone.fulfillment_orders
    fulfillments.create(shop, [(part, [(part.line_items[0], 2)])], [])
    async with in_memory(shopify(shop)) as http:
        yield Rig(shop, http, service, mug, gone, waiting)


async def _other_variant(rig: Rig) -> object:
    other = rig.shop.add_product("TEE", "Tee", "8.50", at=rig.service.location)
    return await rig.stock(other, rig.shop.primary.id)


VERBS: dict[str, Callable[[Rig], Awaitable[object]]] = {
    "fulfillmentCreate": lambda rig: rig.ship(rig.waiting, "T2"),
    "fulfillmentEventCreate": lambda rig: rig.milestone(),
    "fulfillmentOrderClose": lambda rig: rig.answer(AnswerKind.GIVE_UP),
    "fulfillmentServiceCreate": lambda rig: rig.register("South", "https://fulfilhub.test/shopify/services/s"),
    "fulfillmentServiceUpdate": lambda rig: rig.register("North", "https://fulfilhub.test/shopify/services/new"),
    "fulfillmentServiceDelete": lambda rig: assigns("shopify").unregister(rig.http, rig.connection, rig.service.id),
    "inventoryActivate": _other_variant,
    "inventorySetQuantities": lambda rig: rig.stock(rig.mug),
    "returnCreate": lambda rig: rig.give_back("approved"),
    "returnApproveRequest": lambda rig: rig.give_back("approved", rig.requested()),
    "returnCancel": lambda rig: rig.give_back("cancelled", rig.approved()),
    "returnClose": lambda rig: rig.give_back("completed", rig.approved()),
    "returnDeclineRequest": lambda rig: rig.give_back("declined", rig.requested(), declined="other"),
    "returnProcess": lambda rig: rig.give_back("completed", rig.approved()),
    "returnRequest": lambda rig: rig.give_back("requested"),
    "reverseDeliveryCreateWithShipping": lambda rig: rig.give_back("approved", rig.approved(), tracking_number="R1"),
    "reverseFulfillmentOrderDispose": lambda rig: rig.give_back("completed", rig.approved()),
}
#: Answered as if done: the service that could not be found is the one that was to go.
DONE = {"Fulfillment service could not be found."}


@pytest.mark.parametrize(("name", "error"), EVERY)
def test_every_error_is_a_sentence(name: str, error: dict[str, Any]) -> None:
    assert client.refusal({"userErrors": [error]}) == error["message"][:200]


def test_every_mutation_that_was_ever_refused_is_tried() -> None:
    untried = {"reverseDeliveryShippingUpdate"}  # sent when a label changes: the same code as its creation
    assert (sent() & OBSERVED.keys()) - VERBS.keys() <= untried


@pytest.mark.parametrize(
    ("name", "error"), [(name, error) for name, error in EVERY if name in VERBS and name in sent()]
)
async def test_a_refused_mutation_ends_in_an_outcome_that_says_why(rig: Rig, name: str, error: dict[str, Any]) -> None:
    rig.shop.faults.refusals[name] = [error]
    outcome = await VERBS[name](rig)
    told = error["message"][:60]
    if isinstance(outcome, Stocked):
        assert outcome.trouble or [each for each in outcome.told if each.outcome is not StockOutcome.SET]
        said = [each.reason for each in outcome.told] + [getattr(outcome.trouble, "reason", "")]
        assert any(told in each for each in said) or isinstance(outcome.trouble, Retry)
    elif isinstance(outcome, Pushed):
        assert error["message"] in DONE or told in outcome.remark
    else:
        assert isinstance(outcome, Refused | Retry | InDoubt)
        assert told in outcome.reason
