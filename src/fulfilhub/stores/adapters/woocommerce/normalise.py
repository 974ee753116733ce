"""A WooCommerce order (REST v3, the same shape in webhooks) in our words."""

from __future__ import annotations

from collections.abc import Mapping

from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder, StoreState
from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.methods import service_of
from fulfilhub.stores.adapters.port import StoreSettings, Unreadable
from fulfilhub.stores.adapters.problems import Problems

STATES = {
    "pending": StoreState.UNPAID,
    "failed": StoreState.UNPAID,
    "checkout-draft": StoreState.UNPAID,
    "on-hold": StoreState.UNPAID,
    "processing": StoreState.OPEN,
    "fh-partial": StoreState.OPEN,  # our plugin's own: some of its parcels have left
    "completed": StoreState.COMPLETED,
    "cancelled": StoreState.CANCELLED,
    "refunded": StoreState.CANCELLED,
    "trash": StoreState.CANCELLED,
}


def normalise(payload: Mapping[str, object], settings: StoreSettings) -> IncomingOrder:
    """See `StoreAdapter.normalise`.

    Money is in the order's one currency. A line's unit price is what the customer pays for one unit after
    discounts and before tax (`total` of the line through its quantity). Times are the store's GMT ones.
    Refunded units lower the wanted quantity when the payload has the refunds' lines, as `fetch_order` brings
    them; a webhook has only their totals, and an open order is then not read whole (`refunds_unread`).
    Nothing in the payload says that a product is virtual, so every line requires shipping.
    """
    external_id = reading.identifier(payload.get("id"))
    if not external_id or not {"status", "line_items"} & payload.keys():
        raise Unreadable("The payload is not a WooCommerce order.")
    problems = Problems()
    currency = problems.currency(payload.get("currency"))
    state = problems.state(reading.text(payload.get("status")), STATES, settings.states)
    refunded = _refunded_units(payload, state, problems)
    lines = _lines(payload, currency, refunded, problems)
    ship_to = _ship_to(payload)
    problems.sendable(state, lines, ship_to)
    methods = reading.rows(payload.get("shipping_lines"))
    changed_at = payload.get("date_modified_gmt") or payload.get("date_created_gmt")
    return IncomingOrder(
        external_id=external_id,
        number=reading.text(payload.get("number")) or external_id,
        currency=currency,
        placed_at=problems.date(payload.get("date_created_gmt"), "placed"),
        updated_at=problems.date(changed_at, "changed"),
        state=state,
        lines=lines,
        ship_to=ship_to,
        email=reading.text(reading.table(payload.get("billing")).get("email")),
        total_minor=problems.money(payload.get("total"), currency, "order's total") or 0,
        service=service_of(
            [reading.text(row.get(name)) for row in methods for name in ("method_title", "method_id")],
            settings.services,
        ),
        shipping_method=", ".join(filter(None, (reading.text(row.get("method_title")) for row in methods))),
        note=reading.text(payload.get("customer_note")),
        metadata=_metadata(payload),
        problems=tuple(problems.found),
    )


def _lines(
    payload: Mapping[str, object], currency: str, refunded: Mapping[str, int], problems: Problems
) -> tuple[IncomingLine, ...]:
    given = reading.rows(payload.get("line_items"))
    # A line without an id could not be matched when the order comes again.
    kept = [row for row in given if reading.identifier(row.get("id"))]
    if len(kept) < len(given):
        problems.add("bad_line", "A line of the order has no id.")
    return tuple(_line(row, currency, refunded, problems) for row in kept)


def _line(row: Mapping[str, object], currency: str, refunded: Mapping[str, int], problems: Problems) -> IncomingLine:
    external_id = reading.identifier(row.get("id"))
    ordered = problems.quantity(row.get("quantity"), external_id)
    total = reading.decimal(row.get("total"))
    unit_price = None
    if ordered and reading.currency_known(currency):
        if total is None or total < 0:
            problems.add("bad_money", f"The price of line {external_id} can't be read as an amount.")
        else:
            unit_price = reading.minor_units(total / ordered, currency)
    # Zero stands for "no variation"; the product is then what is sold.
    variants = (row.get("variation_id"), row.get("product_id"))
    return IncomingLine(
        external_id=external_id,
        sku=reading.text(row.get("sku")),
        title=reading.text(row.get("name")),
        quantity=max(ordered - refunded.get(external_id, 0), 0),
        variant_id=next(filter(None, map(reading.identifier, variants)), None),
        unit_price_minor=unit_price,
    )


def _refunded_units(payload: Mapping[str, object], state: StoreState, problems: Problems) -> Mapping[str, int]:
    """Units refunded per line id. WooCommerce counts them negative, on lines of their own that name the
    original."""
    units: dict[str, int] = {}
    for refund in reading.rows(payload.get("refunds")):
        if "line_items" not in refund and state is StoreState.OPEN:
            problems.add("refunds_unread", "The order has refunds whose units are unknown; read it again.")
        for row in reading.rows(refund.get("line_items")):
            count = reading.decimal(row.get("quantity"))
            fields = reading.rows(row.get("meta_data"))
            named = (field.get("value") for field in fields if field.get("key") == "_refunded_item_id")
            line = reading.identifier(next(named, None))
            if line and count is not None:
                units[line] = units.get(line, 0) + abs(int(count))
    return units


def _ship_to(payload: Mapping[str, object]) -> Address | None:
    """The shipping address, or the billing one when it is empty: stores that never ask for another leave it
    so."""
    billing = reading.table(payload.get("billing"))
    shipping = reading.table(payload.get("shipping"))
    placed = ("address_1", "address_2", "city", "postcode", "country")
    chosen = next((a for a in (shipping, billing) if any(reading.text(a.get(key)) for key in placed)), None)
    if chosen is None:
        return None
    part = {key: reading.text(value) for key, value in chosen.items()}
    return Address(
        name=f"{part.get('first_name', '')} {part.get('last_name', '')}".strip(),
        company=part.get("company", ""),
        line1=part.get("address_1", ""),
        line2=part.get("address_2", ""),
        city=part.get("city", ""),
        region=part.get("state", ""),
        postcode=part.get("postcode", ""),
        country=reading.country(chosen.get("country")),
        phone=part.get("phone", "") or reading.text(billing.get("phone")),
    )


def _metadata(payload: Mapping[str, object]) -> dict[str, str]:
    """What the store says that we have no word for. Not the order key: it opens the customer's pages."""
    named = {"store_status": "status", "payment_method": "payment_method", "created_via": "created_via"}
    return {ours: value for ours, theirs in named.items() if (value := reading.text(payload.get(theirs)))}
