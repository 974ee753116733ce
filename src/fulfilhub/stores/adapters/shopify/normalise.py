"""A Shopify order in our words, from a webhook or from our own GraphQL document, which is aliased to the same
shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.methods import service_of
from fulfilhub.stores.adapters.port import StoreSettings, Unreadable
from fulfilhub.stores.adapters.problems import Problems
from fulfilhub.stores.adapters.shopify.client import WITHHELD
from fulfilhub.stores.adapters.shopify.ids import gid

#: Payment status -> ours. `authorized` is not paid; a merchant who captures on dispatch maps it to `open`.
STATES = {
    "pending": StoreState.UNPAID,
    "authorized": StoreState.UNPAID,
    "partially_paid": StoreState.UNPAID,
    "expired": StoreState.UNPAID,
    "voided": StoreState.UNPAID,
    "paid": StoreState.OPEN,
    "partially_refunded": StoreState.OPEN,
    "refunded": StoreState.CANCELLED,
}
_NEVER_HAPPENED = {"cancelled", "error", "failure"}


def normalise(payload: Mapping[str, object], settings: StoreSettings) -> IncomingOrder:
    """See `StoreAdapter.normalise`.

    Ids are GIDs (a number may have been rounded on its way). Money is in the shop's currency, not the
    customer's presentment currency, which is in the metadata when it differs. A line's unit price is after
    discounts and before tax. A line's quantity is what is still to be sent plus what was sent already, so
    removing or refunding an unsent unit lowers it and refunding a sent one does not. A null address or e-mail
    is not an error by itself; an order that needs the address then has `no_address`, and where Shopify keeps
    it from us (no access to protected customer data) `customer_data_withheld` before that.
    """
    external_id = gid("Order", payload.get("admin_graphql_api_id") or payload.get("id"))
    if not external_id or not {"line_items", "financial_status"} & payload.keys():
        raise Unreadable("The payload is not a Shopify order.")
    problems = Problems()
    currency = problems.currency(payload.get("currency"))
    state = _state(payload, settings, problems)
    lines = _lines(payload, currency, problems)
    ship_to = _ship_to(payload)
    if state in (StoreState.OPEN, StoreState.UNPAID) and _withheld(payload, lines, ship_to):
        problems.add("customer_data_withheld", "Shopify does not show FulfilHub where the order goes.")
    problems.sendable(state, lines, ship_to)
    methods = [m for m in reading.rows(payload.get("shipping_lines")) if m.get("is_removed") is not True]
    return IncomingOrder(
        external_id=external_id,
        number=reading.text(payload.get("name")) or reading.text(payload.get("order_number")) or external_id,
        currency=currency,
        placed_at=problems.date(payload.get("created_at"), "placed"),
        updated_at=problems.date(payload.get("updated_at") or payload.get("created_at"), "changed"),
        state=state,
        lines=lines,
        ship_to=ship_to,
        email=reading.text(payload.get("email")) or reading.text(payload.get("contact_email")),
        locale=reading.text(payload.get("customer_locale")),
        total_minor=problems.money(_total(payload), currency, "order's total") or 0,
        service=service_of(
            [reading.text(row.get(name)) for row in methods for name in ("title", "code")], settings.services
        ),
        shipping_method=", ".join(filter(None, (reading.text(row.get("title")) for row in methods))),
        note=reading.text(payload.get("note")),
        tags=_tags(payload.get("tags")),
        metadata=_metadata(payload, currency, settings),
        problems=tuple(problems.found),
    )


def _state(payload: Mapping[str, object], settings: StoreSettings, problems: Problems) -> StoreState:
    """Cancelling and sending stand above payment. GraphQL has the statuses in capitals."""
    if payload.get("cancelled_at"):
        return StoreState.CANCELLED
    if reading.text(payload.get("fulfillment_status")).lower() == "fulfilled":
        return StoreState.COMPLETED
    paid = reading.text(payload.get("financial_status")).lower()
    state = problems.state(paid, STATES, settings.states)
    testing = payload.get("test") is True and not settings.accept_test_orders
    if testing and state in (StoreState.OPEN, StoreState.UNPAID):
        problems.add("test_order", "It is a test order; nothing is sent for one unless you allow it.")
    return state


def _lines(payload: Mapping[str, object], currency: str, problems: Problems) -> tuple[IncomingLine, ...]:
    sent = _sent_units(payload)
    made = []
    for row in reading.rows(payload.get("line_items")):
        external_id = gid("LineItem", row.get("admin_graphql_api_id") or row.get("id"))
        if not external_id:
            problems.add("bad_line", "A line of the order has no id.")
            continue
        made.append(_line(row, external_id, sent.get(external_id, 0), payload, currency, problems))
    return tuple(made)


def _line(
    row: Mapping[str, object],
    external_id: str,
    sent: int,
    order: Mapping[str, object],
    currency: str,
    problems: Problems,
) -> IncomingLine:
    ordered = problems.quantity(row.get("quantity"), external_id)
    left = _unsent(row, sent, ordered)
    variant = row.get("variant_id") or reading.table(row.get("variant")).get("admin_graphql_api_id")
    return IncomingLine(
        external_id=external_id,
        sku=reading.text(row.get("sku")),
        title=reading.text(row.get("name")) or reading.text(row.get("title")),
        quantity=min(left + sent, ordered),
        fulfilled=min(sent, ordered),
        variant_id=gid("ProductVariant", variant) or None,
        unit_price_minor=_unit_price(row, external_id, ordered, order, currency, problems),
        # A gift card is a line that "requires shipping" in some shops; nothing of it can be picked.
        requires_shipping=row.get("requires_shipping") is not False and row.get("gift_card") is not True,
    )


def _unsent(row: Mapping[str, object], sent: int, ordered: int) -> int:
    """Units still to be sent. What may be fulfilled leaves out units on hold, and the current quantity those that were
    sent and refunded, so the larger of the two counts."""
    fulfillable, current = (reading.quantity(row.get(name)) for name in ("fulfillable_quantity", "current_quantity"))
    told = [units for units in (fulfillable, None if current is None else current - sent) if units is not None]
    return max(0, *told) if told else ordered


def _sent_units(payload: Mapping[str, object]) -> Mapping[str, int]:
    """Units per line in the store's fulfilments, whoever made them."""
    units: dict[str, int] = {}
    for fulfilment in reading.rows(payload.get("fulfillments")):
        if reading.text(fulfilment.get("status")).lower() in _NEVER_HAPPENED:
            continue
        for row in reading.rows(fulfilment.get("line_items")):
            named = reading.table(row.get("line_item")) or row
            line = gid("LineItem", named.get("admin_graphql_api_id") or named.get("id"))
            units[line] = units.get(line, 0) + (reading.quantity(row.get("quantity")) or 0)
    return units


def _shop_money(value: object) -> Decimal | None:
    return reading.decimal(reading.table(reading.table(value).get("shop_money")).get("amount"))


def _unit_price(
    row: Mapping[str, object],
    external_id: str,
    ordered: int,
    order: Mapping[str, object],
    currency: str,
    problems: Problems,
) -> int | None:
    """Discounts and taxes are told for the whole line as ordered, so the line is reckoned and then
    divided."""
    if not ordered or not reading.currency_known(currency):
        return None
    price = _shop_money(row.get("price_set"))
    if price is None:
        price = reading.decimal(row.get("price"))
    if price is None or price < 0:
        problems.add("bad_money", f"The price of line {external_id} can't be read as an amount.")
        return None
    taken_off = [_shop_money(a.get("amount_set")) for a in reading.rows(row.get("discount_allocations"))]
    if order.get("taxes_included") is True:
        taken_off += [_shop_money(tax.get("price_set")) for tax in reading.rows(row.get("tax_lines"))]
    line = price * ordered - sum((amount for amount in taken_off if amount is not None), Decimal())
    return max(reading.minor_units(line / ordered, currency), 0)


def _total(payload: Mapping[str, object]) -> object:
    """What the order comes to after edits and refunds; before there were any, what it came to."""
    in_shop_money = _shop_money(payload.get("current_total_price_set"))
    if in_shop_money is not None:
        return format(in_shop_money, "f")
    return payload.get("current_total_price") or payload.get("total_price")


def _ship_to(payload: Mapping[str, object]) -> Address | None:
    """Only the shipping address: Shopify leaves it out on purpose where there is nothing to ship, so the
    billing address is no stand-in. One whose parts are all null or blank counts as none."""
    given = reading.table(payload.get("shipping_address"))
    part = {name: reading.text(value) for name, value in given.items()}
    placed = ("address1", "address2", "city", "zip", "country_code")
    if not any(part.get(name) for name in placed):
        return None
    full_name = f"{part.get('first_name', '')} {part.get('last_name', '')}".strip()
    return Address(
        name=part.get("name", "") or full_name,
        company=part.get("company", ""),
        line1=part.get("address1", ""),
        line2=part.get("address2", ""),
        city=part.get("city", ""),
        region=part.get("province_code", "") or part.get("province", ""),
        postcode=part.get("zip", ""),
        country=reading.country(part.get("country_code")),
        phone=part.get("phone", ""),
    )


def _withheld(payload: Mapping[str, object], lines: Sequence[IncomingLine], ship_to: Address | None) -> bool:
    """Whether Shopify keeps from us where an order goes that is to be sent: it said so, or it has left out what every
    shipped order has. By a shop's plan it may leave just the country and the region."""
    if not any(line.requires_shipping and line.quantity > 0 for line in lines):
        return False
    said = payload.get(WITHHELD)
    if isinstance(said, list) and any(str(path).startswith("order.shipping_address") for path in said):
        return True
    if ship_to is not None:
        return not (ship_to.name or ship_to.line1 or ship_to.phone or ship_to.company)
    known = any(reading.text(payload.get(name)) for name in ("email", "contact_email", "phone"))
    return bool(reading.rows(payload.get("shipping_lines"))) and not known


def _tags(value: object) -> tuple[str, ...]:
    """One text with commas in webhooks, a list in GraphQL."""
    given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(filter(None, (reading.text(tag) for tag in given)))


def _metadata(payload: Mapping[str, object], currency: str, settings: StoreSettings) -> dict[str, str]:
    """What the store says that we have no word for. Whose the order is, and the random number that confirmed it, let
    its customer see it in the shop (`storefront.queries.customers`)."""
    presentment = reading.text(payload.get("presentment_currency"))
    customer = reading.table(payload.get("customer")) if settings.customers else {}
    found = {
        "store_status": reading.text(payload.get("financial_status")).lower(),
        "source": reading.text(payload.get("source_name")),
        "presentment_currency": presentment if presentment != currency else "",
        "test": "true" if payload.get("test") is True else "",
        "customer_id": gid("Customer", customer.get("admin_graphql_api_id") or customer.get("id")),
        "confirmation_number": reading.text(payload.get("confirmation_number")),
    }
    return {name: value for name, value in found.items() if value}
