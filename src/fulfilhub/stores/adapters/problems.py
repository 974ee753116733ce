"""Why an order can't be read whole: the reasons both normalisers find, each `code: sentence`, and the shared
checks.

Codes: no_lines, bad_line, no_sku, zero_quantity, bad_quantity, no_address, address_incomplete, bad_date,
unknown_currency, bad_money, status_unknown, refunds_unread, test_order, customer_data_withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fulfilhub.orders.incoming import Address, IncomingLine, StoreState
from fulfilhub.stores.adapters import reading


@dataclass(slots=True)
class Problems:
    """Collects reasons while an order is read; each is kept once."""

    found: list[str] = field(default_factory=list)

    def add(self, code: str, sentence: str) -> None:
        reason = f"{code}: {sentence}"
        if reason not in self.found:
            self.found.append(reason)

    def money(self, value: object, currency: str, what: str) -> int | None:
        """Minor units of an amount that must be there and not negative; None and a reason otherwise.
        An unknown currency is one reason for the whole order, not one for each amount."""
        amount = reading.decimal(value)
        if amount is None or amount < 0:
            self.add("bad_money", f"The {what} can't be read as an amount.")
            return None
        return reading.minor_units(amount, currency) if reading.currency_known(currency) else None

    def currency(self, value: object) -> str:
        """The currency code in capitals, with a reason when it is not one."""
        code = reading.text(value).upper()
        if not reading.currency_known(code):
            self.add("unknown_currency", "The order's currency is not one of ISO 4217.")
        return code[:3]

    def date(self, value: object, what: str) -> datetime:
        """A time that must be there; `reading.UNKNOWN_TIME` and a reason otherwise."""
        found = reading.moment(value)
        if found is None:
            self.add("bad_date", f"The time the order was {what} can't be read.")
            return reading.UNKNOWN_TIME
        return found

    def quantity(self, value: object, line: str) -> int:
        """Units ordered of a line, at least one; 0 and a reason otherwise."""
        found = reading.quantity(value)
        if found is None:
            self.add("bad_quantity", f"The quantity of line {line} is not a whole number of units.")
        elif found == 0:
            self.add("zero_quantity", f"Line {line} asks for nothing.")
        return found or 0

    def state(self, status: str, known: Mapping[str, StoreState], adjusted: Mapping[str, str]) -> StoreState:
        """The store's status in our words. One that nobody mapped is held as unpaid, with a reason."""
        given = adjusted.get(status)
        if given in set(StoreState):
            return StoreState(given)
        if status in known:
            return known[status]
        self.add("status_unknown", f"The store's status {status[:40] or '(none)'} is not mapped to ours.")
        return StoreState.UNPAID

    def sendable(self, state: StoreState, lines: tuple[IncomingLine, ...], ship_to: Address | None) -> None:
        """What sending the lines needs. Nothing is asked of an order that is done with."""
        if state in (StoreState.CANCELLED, StoreState.COMPLETED):
            return
        if not lines:
            self.add("no_lines", "The order has no lines.")
        wanted = [line for line in lines if line.requires_shipping and line.quantity > 0]
        for line in wanted:
            if not line.sku:
                self.add("no_sku", f"Line {line.external_id} has no SKU.")
        if wanted and ship_to is None:
            self.add("no_address", "The order has no shipping address.")
        elif wanted and ship_to is not None:
            # Some places have no town (Singapore), others no postcode (much of Ireland); one of the two is
            # enough.
            place = ship_to.city or ship_to.postcode
            needed = {"street": ship_to.line1, "town or postcode": place, "country": ship_to.country}
            if missing := [name for name, value in needed.items() if not value]:
                self.add("address_incomplete", f"The shipping address has no {' and no '.join(missing)}.")
