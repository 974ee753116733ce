"""What of a store needs a person: kinds of failing items, and what a new try of each does. Pure."""

from __future__ import annotations

from enum import StrEnum


class FailingKind(StrEnum):
    """What failed. `message`: a delivery that can't be read. `order`: one that can't be fulfilled as it is.
    `assignment`: units that the store assigned to us, and whose order can't be followed. `store_return`: a return of
    the store's that can't be taken. The others are what the store would not be told, or could not be for too long."""

    MESSAGE = "message"
    ORDER = "order"
    ASSIGNMENT = "assignment"
    STORE_RETURN = "store_return"
    SHIPMENT = "shipment"
    STATE = "state"
    RETURN = "return"
    MILESTONE = "milestone"
    STOCK = "stock"


NEXT_STEPS: dict[FailingKind, str] = {
    FailingKind.MESSAGE: "Try again once what it says was put right: it is read anew.",
    FailingKind.ORDER: "Correct it in the shop and try again, which reads it anew; or correct it here.",
    FailingKind.ASSIGNMENT: "Put right what it says, then try again: what the shop assigned is read anew.",
    FailingKind.STORE_RETURN: "Put right what it says, then try again: the returns of its order are read anew.",
    FailingKind.SHIPMENT: "Put right what the shop says, then try again: what it shows already is not written twice.",
    FailingKind.STATE: "Put right what the shop says, then try again: the newest state is told.",
    FailingKind.RETURN: "Put right what the shop says, then try again: the newest state is told.",
    FailingKind.MILESTONE: "Put right what the shop says, then try again: where the parcel is now is told.",
    FailingKind.STOCK: "Check that the shop has this variant, then try again.",
}
"""What the merchant can do, per kind."""
