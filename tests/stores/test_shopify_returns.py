"""A return begun in a Shopify shop comes here once, one begun here appears there once, and both go the same way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text

from fulfilhub.inventory.rules.stock import Disposition
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Partner, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.returns import commands, queries
from fulfilhub.returns.commands import Asked, Inspected, ReturnShipping
from fulfilhub.returns.queries import ReturnRow
from fulfilhub.returns.rules import ReturnPolicy, ReturnReason
from fulfilhub.stores.commands import catching, hearing, lanes
from tests.fakes.shopify import fulfillments, orders
from tests.fakes.shopify import returns as theirs
from tests.fakes.shopify import suggesting as _suggesting  # noqa: F401 - registers what it answers
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.returns import Return
from tests.fakes.shopify.schema import needs_schema
from tests.fakes.shopify.things import Order
from tests.make.shipped import ShippedOrder, shipped_order
from tests.stores.trading import Trade, trading

pytestmark = needs_schema


@dataclass(slots=True)
class Sold:
    """Two mugs and a tea of one order, sent and delivered, in both places."""

    trade: Trade
    order: Order
    ours: ShippedOrder

    @property
    def sent(self) -> list[str]:
        """The fulfilment's lines, as Shopify names them."""
        return [line.id for each in self.order.fulfillments for line in each.fulfillment_line_items]

    def ask(self, *units: int, status: str = "REQUESTED") -> Return:
        """Ask in the shop for so many of each line (0: none of it)."""
        lines = [
            {"fulfillmentLineItemId": name, "quantity": count, "returnReason": "DEFECTIVE"}
            for name, count in zip(self.sent, units, strict=False)
            if count
        ]
        return theirs.request(self.trade.shop, self.order, lines, status=status)

    async def ask_here(self, *units: int) -> UUID:
        """Ask here for so many of each line."""
        asked = [
            Asked(line_id=line, quantity=count, reason=ReturnReason.TOO_SMALL)
            for line, count in zip(self.ours.lines, units, strict=False)
            if count
        ]
        async with self.trade.works.begin(self.trade.site.merchant) as work:
            return await commands.request(work, self.ours.order_id, asked)

    async def all(self) -> list[ReturnRow]:
        """The returns here."""
        async with self.trade.works.begin(self.trade.site.merchant) as work:
            return await queries.list_returns(work, None, None, None, 100)

    async def one(self) -> ReturnRow:
        (row,) = await self.all()
        return row

    async def inspect(self, return_id: UUID, *verdicts: tuple[int, Disposition, int]) -> None:
        """The warehouse gets it all, and finds so many units of each of its lines to be so."""
        partner = Partner(self.ours.operator_id)
        async with self.trade.works.begin(self.trade.site.merchant) as work:
            found = (await queries.lines_of(work, [return_id]))[return_id]
        by_line = {line.order_line_id: line.id for line in found}
        names = [by_line[line] for line in self.ours.lines if line in by_line]
        async with self.trade.works.begin(partner) as work:
            await commands.receive(work, return_id, None)
        async with self.trade.works.begin(partner) as work:
            await commands.inspect(
                work,
                return_id,
                [
                    Inspected(line_id=names[place], disposition=disposition, quantity=units)
                    for place, disposition, units in verdicts
                ],
            )

    def did(self, operation: str) -> int:
        """How often Shopify did what was asked of it under this name."""
        return sum(each["operation"] == operation and each["done"] for each in self.trade.shop.asked)


@pytest.fixture
async def sold(works: Works, worker_works: Works, vault: Vault, settings: Settings) -> AsyncIterator[Sold]:
    async with trading(works, worker_works, vault, settings, ["MUG", "TEA"]) as trade:
        mug, tea = trade.shop.add_product("MUG", "Mug", "8.50"), trade.shop.add_product("TEA", "Tea", "3.00")
        order = orders.place(trade.shop, [(mug, 2), (tea, 1)])
        waiting = order.fulfillment_orders[0]
        rows = [(row, row.total_quantity) for row in waiting.line_items]
        fulfillments.create(trade.shop, [(waiting, rows)], [])
        trade.shop.outbox.waiting.clear()
        ours = await shipped_order(
            worker_works,
            trade.site.merchant.account_id,
            (2, 1),
            store_id=trade.store_id,
            external_id=order.id,
            line_ids=[line.id for line in order.line_items],
        )
        await trade.settle()
        yield Sold(trade, order, ours)


async def test_a_return_begun_in_the_shop_comes_here_once_and_gets_our_policys_answer(sold: Sold) -> None:
    asked = sold.ask(1, 1)
    (message,) = sold.trade.shop.outbox.of("returns/request")
    await sold.trade.deliver()
    await sold.trade.deliver(message)
    await sold.trade.run(hearing.READ_RETURNS)
    row = await sold.one()
    assert (row.state, row.requested_by, row.decided_by) == ("approved", "customer", "policy")
    assert asked.status == "REQUESTED"
    await sold.trade.settle()
    assert asked.status == "OPEN"
    assert sold.did("FulfilHubApproveReturn") == 1
    (link,) = await sold.trade.returns()
    assert (link.begun, link.status, link.return_id, link.external_id) == ("store", "open", row.id, asked.id)
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        lines = (await queries.lines_of(work, [row.id]))[row.id]
    assert sorted((line.advised, line.reason) for line in lines) == [(1, "defective"), (1, "defective")]
    assert len(sold.order.returns) == 1


async def test_what_a_person_must_look_at_waits_and_is_declined_in_both_places(sold: Sold) -> None:
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.set_policy(work, ReturnPolicy(auto_approve=False), None, None)
    asked = sold.ask(1)
    await sold.trade.settle()
    row = await sold.one()
    assert (row.state, asked.status) == ("requested", "REQUESTED")
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.decline(work, row.id, "Worn and washed.", None)
    await sold.trade.settle()
    assert asked.status == "DECLINED"
    assert asked.decline is not None
    assert asked.decline["note"] == "Worn and washed."
    assert (await sold.trade.returns())[0].status == "declined"


async def test_what_our_policy_refuses_is_declined_in_the_shop(sold: Sold) -> None:
    async with sold.trade.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE parcels SET state_at = now() - interval '90 days'"))
    lines = [{"fulfillmentLineItemId": sold.sent[0], "quantity": 1, "returnReason": "UNWANTED"}]
    asked = theirs.request(sold.trade.shop, sold.order, lines)
    await sold.trade.settle()
    row = await sold.one()
    assert (row.state, row.decided_by, asked.status) == ("declined", "policy", "DECLINED")
    assert row.decline_reason == "The time for sending this back is over."


async def test_what_is_decided_in_the_shop_is_decided_here(sold: Sold) -> None:
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.set_policy(work, ReturnPolicy(auto_approve=False), None, None)
    first, second = sold.ask(1), sold.ask(1)
    await sold.trade.settle()
    theirs.approve(sold.trade.shop, first)
    theirs.decline(sold.trade.shop, second, note="No.")
    await sold.trade.settle()
    states = {row.state: row for row in await sold.all()}
    assert states.keys() == {"approved", "declined"}
    assert states["declined"].decline_reason == "No."
    made = sold.ask(0, 1, status="OPEN")
    await sold.trade.settle()
    assert [row.state for row in await sold.all()] == ["approved", "declined", "approved"]
    assert [each.status for each in sold.order.returns] == ["OPEN", "DECLINED", "OPEN"]
    assert made.status == "OPEN"
    assert sold.did("FulfilHubApproveReturn") + sold.did("FulfilHubCreateReturn") == 0, "they know it themselves"


@pytest.mark.parametrize("fault", [None, Fault.FAIL_AFTER])
async def test_a_return_begun_here_appears_in_the_shop_once(sold: Sold, fault: Fault | None) -> None:
    if fault is not None:
        sold.trade.shop.faults.next(fault, operation="FulfilHubCreateReturn")
    return_id = await sold.ask_here(2, 1)
    await sold.trade.settle()
    (made,) = sold.order.returns
    assert (made.status, made.total_quantity) == ("OPEN", 3)
    assert {row.return_reason for row in made.return_line_items} == {"SIZE_TOO_SMALL"}
    assert ids.RETURN.show(return_id) in made.return_line_items[0].return_reason_note
    (link,) = await sold.trade.returns()
    assert (link.begun, link.return_id, link.external_id, link.status) == ("here", return_id, made.id, "open")
    assert len(await sold.all()) == 1, "what Shopify told of it was known for our own"
    assert sold.did("FulfilHubCreateReturn") == 1


async def test_a_request_here_is_a_request_there(sold: Sold) -> None:
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.set_policy(work, ReturnPolicy(auto_approve=False), None, None)
    sold.trade.shop.faults.next(Fault.FAIL_AFTER, operation="FulfilHubRequestReturn")
    return_id = await sold.ask_here(1)
    await sold.trade.settle()
    (made,) = sold.order.returns
    assert made.status == "REQUESTED"
    assert (await sold.one()).state == "requested"
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.approve(work, return_id, None, None)
    await sold.trade.settle()
    assert made.status == "OPEN"
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.cancel(work, return_id)
    await sold.trade.settle()
    assert made.status == "CANCELED"
    assert (len(sold.order.returns), len(await sold.all())) == (1, 1)


async def test_the_way_back_is_shown_with_its_label(sold: Sold) -> None:
    return_id = await sold.ask_here(1)
    await sold.trade.settle()
    for number in ("RM1", "RM2", "RM2"):
        shipping = ReturnShipping(carrier="Royal Mail", tracking_number=number, label_url="https://labels.test/1.pdf")
        async with sold.trade.works.begin(sold.trade.site.merchant) as work:
            await commands.set_shipping(work, return_id, shipping, None)
        await sold.trade.settle()
    (delivery,) = sold.order.returns[0].reverse_fulfillment_orders[0].reverse_deliveries
    assert delivery.deliverable["tracking"]["number"] == "RM2"
    assert (sold.did("FulfilHubCreateReverseDelivery"), sold.did("FulfilHubUpdateReverseDelivery")) == (1, 1)


@pytest.mark.parametrize("fault", [None, Fault.FAIL_AFTER])
async def test_what_was_found_is_told_unit_by_unit_and_refunded_once(sold: Sold, fault: Fault | None) -> None:
    await sold.trade.set(refund_returns=True, stock_location=sold.trade.shop.primary.id)
    return_id = await sold.ask_here(2, 1)
    await sold.trade.settle()
    if fault is not None:
        sold.trade.shop.faults.next(fault, operation="FulfilHubProcessReturn")
    await sold.inspect(return_id, (0, Disposition.RESTOCK, 1), (0, Disposition.DISPOSE, 1))
    await sold.trade.settle()
    (made,) = sold.order.returns
    assert made.status == "OPEN"
    assert _places(made) == {"RESTOCKED": 1, "NOT_RESTOCKED": 1}
    partner = Partner(sold.ours.operator_id)
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        last = (await queries.lines_of(work, [return_id]))[return_id][-1]
    async with sold.trade.works.begin(partner) as work:
        await commands.inspect(
            work, return_id, [Inspected(line_id=last.id, disposition=Disposition.QUARANTINE, quantity=1)]
        )
    await sold.trade.settle()
    assert made.status == "CLOSED"
    assert _places(made) == {"RESTOCKED": 1, "NOT_RESTOCKED": 1, "PROCESSING_REQUIRED": 1}
    assert [row.processed_quantity for row in made.return_line_items] == [2, 1]
    assert sold.did("FulfilHubProcessReturn") == 2
    assert len(made.refunds) == 2, "one for what each look found"
    (link,) = await sold.trade.returns()
    assert (link.status, len(link.refunds)) == ("closed", 2)


def _places(made: Return) -> dict[str, int]:
    found: dict[str, int] = {}
    for order in made.reverse_fulfillment_orders:
        for line in order.line_items:
            for each in line.dispositions:
                found[each["type"]] = found.get(each["type"], 0) + each["quantity"]
    return found


async def test_what_never_came_is_missing_and_not_refunded(sold: Sold) -> None:
    await sold.trade.set(refund_returns=True)
    return_id = await sold.ask_here(2)
    await sold.trade.settle()
    partner = Partner(sold.ours.operator_id)
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        (line,) = (await queries.lines_of(work, [return_id]))[return_id]
    async with sold.trade.works.begin(partner) as work:
        await commands.receive(work, return_id, [commands.Arrived(line.id, 1)])
    async with sold.trade.works.begin(partner) as work:
        await commands.inspect(
            work, return_id, [Inspected(line_id=line.id, disposition=Disposition.DISPOSE, quantity=1)]
        )
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.complete(work, return_id, None)
    await sold.trade.settle()
    (made,) = sold.order.returns
    assert (made.status, _places(made)) == ("CLOSED", {"NOT_RESTOCKED": 1, "MISSING": 1})
    assert len(made.refunds) == 1


async def test_what_can_not_be_taken_yet_is_listed_and_taken_later(sold: Sold) -> None:
    async with sold.trade.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE order_lines SET delivered = 0"))
    asked = sold.ask(1)
    await sold.trade.settle()
    assert await sold.all() == []
    (link,) = await sold.trade.returns()
    assert (link.return_id, link.code, link.external_id) == (None, "not_delivered", asked.id)
    async with sold.trade.hand.works.begin(Platform("test")) as work:
        await work.db.execute(text("UPDATE order_lines SET delivered = shipped"))
        await work.enqueue_for(
            sold.trade.site.merchant.account_id,
            hearing.READ_RETURNS,
            {"store_id": sold.trade.store_id, "external_id": sold.order.id},
        )
    await sold.trade.run(hearing.READ_RETURNS)
    await sold.trade.settle()
    (link,) = await sold.trade.returns()
    assert (link.return_id, link.code) == ((await sold.one()).id, None)
    assert asked.status == "OPEN"


async def test_a_lost_webhook_is_made_up_for_by_the_sweep(sold: Sold) -> None:
    asked = sold.ask(1)
    sold.trade.shop.outbox.waiting.clear()
    async with sold.trade.hand.works.begin(Platform("test")) as work:
        await work.enqueue_for(sold.trade.site.merchant.account_id, catching.SWEEP, {"store_id": sold.trade.store_id})
    await sold.trade.run(catching.SWEEP)
    await sold.trade.run(hearing.READ_RETURNS)
    await sold.trade.settle()
    assert ((await sold.one()).state, asked.status) == ("approved", "OPEN")


async def test_a_shop_that_ends_a_return_under_way_is_heard(sold: Sold) -> None:
    return_id = await sold.ask_here(1)
    await sold.trade.settle()
    async with sold.trade.works.begin(sold.trade.site.merchant) as work:
        await commands.hand_over(work, return_id, None)
    await sold.trade.settle()
    (made,) = sold.order.returns
    made.status = "CANCELED"
    theirs._tell(sold.trade.shop, made, "cancel")
    await sold.trade.settle()
    (link,) = await sold.trade.returns()
    assert (link.status, link.code, (await sold.one()).state) == ("cancelled", "ended_there", "in_transit")
    assert await sold.trade.hand.waiting(lanes.TURN) == []
