"""The pure rules of fulfilment: the work order's states and verbs, leases, rejections and short picks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from fulfilhub.accounts.rules import Contact
from fulfilhub.inventory.rules.stock import Bucket
from fulfilhub.orders.rules.requests import ChangeState
from fulfilhub.orders.rules.status import HoldReason
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Machine, Who, to


class WorkState(StrEnum):
    """A work order's states. A claim is not one of them: it is a lease beside the state."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    PICKING = "picking"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class WorkVerb(StrEnum):
    """What can be done with a work order. `finish_pick`, `give_up`, `expire`, `call_off` and `unpack` are the system's
    own; the last two follow when its operator agrees to a change of what it has in hand."""

    ACCEPT = "accept"
    PICK = "pick"
    PICK_SHORT = "pick_short"
    FINISH_PICK = "finish_pick"
    GIVE_UP = "give_up"
    PACK = "pack"
    SHIP = "ship"
    REJECT = "reject"
    RELEASE = "release"
    EXPIRE = "expire"
    CANCEL = "cancel"
    CALL_OFF = "call_off"
    UNPACK = "unpack"


_S, _V = WorkState, WorkVerb
_PARTNER, _SYSTEM = Who.PARTNER, Who.SYSTEM
_IN_HAND = (_S.ACCEPTED, _S.PICKING, _S.PICKED, _S.PACKED)

WORK: Machine[WorkState, WorkVerb] = Machine(
    "work order",
    {
        (_S.QUEUED, _V.ACCEPT): to(_S.ACCEPTED, _PARTNER),
        (_S.ACCEPTED, _V.PICK): to(_S.PICKING, _PARTNER),
        (_S.ACCEPTED, _V.PICK_SHORT): to(_S.PICKING, _PARTNER),
        (_S.PICKING, _V.PICK): to(_S.PICKING, _PARTNER),
        (_S.PICKING, _V.PICK_SHORT): to(_S.PICKING, _PARTNER),
        (_S.PICKING, _V.FINISH_PICK): to(_S.PICKED, _SYSTEM),
        (_S.PICKING, _V.GIVE_UP): to(_S.CANCELLED, _SYSTEM),
        (_S.PICKED, _V.PACK): to(_S.PACKED, _PARTNER),
        (_S.PACKED, _V.SHIP): to(_S.SHIPPED, _PARTNER),
        **{(state, _V.REJECT): to(_S.REJECTED, _PARTNER) for state in (_S.QUEUED, *_IN_HAND)},
        # Back to the queue, by choice or because the lease ran out; what was picked counts no more.
        **{(state, _V.RELEASE): to(_S.QUEUED, _PARTNER) for state in (_S.QUEUED, *_IN_HAND)},
        **{(state, _V.EXPIRE): to(_S.QUEUED, _SYSTEM) for state in (_S.QUEUED, *_IN_HAND)},
        # Nobody's work is taken out of their hands: once accepted, its partner rejects it or agrees to a request.
        (_S.QUEUED, _V.CANCEL): to(_S.CANCELLED, Who.MERCHANT, _SYSTEM),
        **{(state, _V.CALL_OFF): to(_S.CANCELLED, _SYSTEM) for state in (_S.QUEUED, *_IN_HAND)},
        (_S.PACKED, _V.UNPACK): to(_S.PICKED, _SYSTEM),
    },
)
"""The one table of a work order. Verbs of a claimed one also need its live lease (`check_lease`)."""

ENDED = frozenset({WorkState.SHIPPED, WorkState.REJECTED, WorkState.CANCELLED})
NEEDS_LEASE = frozenset(WorkVerb) - {WorkVerb.EXPIRE, WorkVerb.CANCEL, WorkVerb.CALL_OFF, WorkVerb.UNPACK}
"""Verbs that only the holder of the live lease may use."""


# Rejecting -------------------------------------------------------------------------------------------------


class RejectReason(StrEnum):
    """Why a partner cannot do the work. The same fourteen reasons a Shopify fulfilment service may give."""

    OUT_OF_STOCK = "out_of_stock"
    INCORRECT_ADDRESS = "incorrect_address"
    UNDELIVERABLE_DESTINATION = "undeliverable_destination"
    INTERNATIONAL_SHIPPING_UNAVAILABLE = "international_shipping_unavailable"
    MISSING_CUSTOMS_INFO = "missing_customs_info"
    INVALID_CONTACT_INFORMATION = "invalid_contact_information"
    INVALID_SKU = "invalid_sku"
    INCORRECT_PRODUCT_INFO = "incorrect_product_info"
    INELIGIBLE_PRODUCT = "ineligible_product"
    ORDER_TOO_LARGE = "order_too_large"
    PACKAGE_PREFERENCE_NOT_SET = "package_preference_not_set"
    PAYMENT_DECLINED = "payment_declined"
    MERCHANT_SUSPENDED = "merchant_suspended"
    OTHER = "other"


HOLD_AFTER: dict[RejectReason, HoldReason] = {
    RejectReason.INCORRECT_ADDRESS: HoldReason.INCORRECT_ADDRESS,
    RejectReason.INVALID_CONTACT_INFORMATION: HoldReason.INCORRECT_ADDRESS,
    RejectReason.MISSING_CUSTOMS_INFO: HoldReason.AWAITING_DOCUMENTATION,
    RejectReason.INCORRECT_PRODUCT_INFO: HoldReason.QUERY_RAISED,
    RejectReason.PAYMENT_DECLINED: HoldReason.AWAITING_PAYMENT,
}


class RejectedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one line that can't be done; `quantity` units of it went elsewhere."""

    line_id: UUID
    reason: RejectReason
    message: str = ""
    quantity: int = 0


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator said when it refused work: wholly, for a `reason`, or only some lines (`reason` is None)."""

    reason: RejectReason | None = None
    note: str = ""
    lines: tuple[RejectedLine, ...] = ()


def hold_after_rejection(reason: RejectReason) -> HoldReason | None:
    """The hold that a rejection puts on the order, where the fault lies in the order itself and any other
    warehouse would refuse it too; None when it is to be routed elsewhere at once."""
    return HOLD_AFTER.get(reason)


# Negotiating -----------------------------------------------------------------------------------------------


class Negotiation(StrEnum):
    """Where merchant and operator stand about a piece of work, beside where the work itself is: Shopify's second axis.
    `withdrawn`: the merchant took it back before anybody had it in hand."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_ACCEPTED = "cancellation_accepted"
    CANCELLATION_REFUSED = "cancellation_refused"
    WITHDRAWN = "withdrawn"


NO_ANSWER = frozenset({None, ChangeState.WITHDRAWN, ChangeState.OVERTAKEN, ChangeState.SUPERSEDED})
"""How a request to cancel ends without anybody having agreed or refused."""


def negotiation(state: WorkState, cancel: str | None, *, carried_out: bool) -> Negotiation:
    """Follows from the work's state and the last request to cancel some of it: its state, and whether it was done."""
    if state is WorkState.REJECTED:
        return Negotiation.REJECTED
    if cancel == ChangeState.REQUESTED:
        return Negotiation.CANCELLATION_REQUESTED
    if state is WorkState.QUEUED:
        return Negotiation.SUBMITTED
    if cancel not in NO_ANSWER:
        return Negotiation.CANCELLATION_ACCEPTED if carried_out else Negotiation.CANCELLATION_REFUSED
    return Negotiation.WITHDRAWN if state is WorkState.CANCELLED else Negotiation.ACCEPTED


class Late(StrEnum):
    """What a contract asks for in vain: to be accepted in time, or to leave by the cut-off."""

    ACCEPT = "accept"
    SHIP = "ship"


def lateness(
    now: datetime,
    accept_by: datetime | None,
    accepted_at: datetime | None,
    leave_by: datetime | None,
    ended_at: datetime | None,
    state: WorkState,
) -> list[Late]:
    """What is or was late. Work that was shipped at once was accepted then; what was taken back or rejected in time is
    never late."""
    found = []
    if accept_by is not None and (accepted_at or ended_at or now) > accept_by:
        found.append(Late.ACCEPT)
    gone = state in {WorkState.REJECTED, WorkState.CANCELLED}
    if leave_by is not None and not gone and (ended_at or now) > leave_by:
        found.append(Late.SHIP)
    return found


def address_for(ship_to: Mapping[str, str], contact: Collection[str] | None) -> dict[str, str]:
    """The address as an operator may see it: without the phone number, unless the `contact` that its contract allows
    (None: everything) names it."""
    if contact is None or Contact.PHONE in contact:
        return dict(ship_to)
    return {name: value for name, value in ship_to.items() if name != "phone"}


# Picking ---------------------------------------------------------------------------------------------------


class ShortPickReason(StrEnum):
    """Why fewer were picked than wanted."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    WRONG_ITEM = "wrong_item"
    FAILED_QUALITY = "failed_quality"
    OTHER = "other"


def bucket_after_short_pick(reason: ShortPickReason) -> Bucket:
    """Where the units that could not be picked go: damaged if they are, else quarantined until somebody has
    counted, so that they are not promised again."""
    return Bucket.DAMAGED if reason is ShortPickReason.DAMAGED else Bucket.QUARANTINED


@dataclass(frozen=True, slots=True)
class PickLine:
    """One line of a work order: how many are wanted, picked, reported as short, and taken off by agreement."""

    quantity: int
    picked: int
    short: int
    cancelled: int = 0

    @property
    def left(self) -> int:
        """Units neither picked, nor reported short, nor taken off yet."""
        return self.quantity - self.picked - self.short - self.cancelled


def after_cut(state: WorkState, lines: Iterable[PickLine]) -> WorkState:
    """Where work in hand is after units were taken off it (some are left): what was packed is to be packed anew, and
    what was being picked is picked when nothing more is missing."""
    if state is WorkState.PACKED:
        return WORK.next(state, WorkVerb.UNPACK, Who.SYSTEM)
    follows = after_pick(lines) if state is WorkState.PICKING else None
    return WORK.next(state, follows, Who.SYSTEM) if follows is WorkVerb.FINISH_PICK else state


def after_pick(lines: Iterable[PickLine]) -> WorkVerb | None:
    """What follows a pick: None while units are left, FINISH_PICK when the rest can be packed, GIVE_UP when
    every unit was short and nothing is left to send."""
    every = list(lines)
    if any(line.left > 0 for line in every):
        return None
    return WorkVerb.FINISH_PICK if any(line.picked for line in every) else WorkVerb.GIVE_UP


@dataclass(frozen=True, slots=True)
class KitShortage:
    """What follows when a component of kits is not all there: whole kits are left, and the stock of the others goes.

    `kits` can still be sent, `missing` units of the component were not there, `freed` are units by product that are
    there but make no kit any more.
    """

    kits: int
    missing: int
    freed: Mapping[UUID, int]


def short_of_component(kits: int, made_of: Mapping[UUID, int], product_id: UUID, found: int) -> KitShortage:
    """Only `found` units of a component are there for so many kits (fewer than they need): no half kit is ever sent."""
    each = made_of[product_id]
    left = found // each
    freed = {other: (kits - left) * units for other, units in made_of.items()} | {product_id: found - left * each}
    return KitShortage(left, kits * each - found, {other: units for other, units in freed.items() if units})


class OverPicked(Conflict):
    """More units reported than the line has left."""

    code = "over_picked"
    title = "More than the line wants"


def check_pick(line: PickLine, quantity: int) -> None:
    """Raises OverPicked when `quantity` more units cannot be picked or reported short."""
    if quantity > line.left:
        raise OverPicked(
            f"Only {line.left} of {line.quantity} are left to pick.",
            more={"left": line.left, "asked": quantity},
        )


# Packing ---------------------------------------------------------------------------------------------------


class PackingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a merchant wants of everybody who packs for it: `instructions` and `inserts` for each parcel, and how its
    packing slips look. `brand_colour` is `#rrggbb`; an empty `brand_name` is the account's own."""

    brand_name: str = ""
    brand_colour: str = ""
    slip_message: str = ""
    instructions: str = ""
    inserts: tuple[str, ...] = ()


class WeightReason(StrEnum):
    """Why a parcel weighs something else than what it holds should."""

    EXTRA_PACKAGING = "extra_packaging"
    LESS_PACKAGING = "less_packaging"
    PRODUCT_WEIGHT_WRONG = "product_weight_wrong"
    SCALE_INACCURATE = "scale_inaccurate"
    CHECKED_BY_HAND = "checked_by_hand"


class WeightOff(Conflict):
    """A parcel's weight is not what its contents weigh, and nobody said why."""

    code = "weight_off"
    title = "The weight is not as expected"


class BoxOverloaded(Conflict):
    """A parcel is heavier than its box may be."""

    code = "box_overloaded"
    title = "Too heavy for the box"


def expected_grams(contents: Mapping[UUID, int], unit_grams: Mapping[UUID, int | None], tare_grams: int) -> int | None:
    """What a parcel should weigh: its contents (units by line) and its box; None when a weight is not known."""
    total = tare_grams
    for line_id, units in contents.items():
        each = unit_grams.get(line_id)
        if each is None:
            return None
        total += units * each
    return total


# Leases ----------------------------------------------------------------------------------------------------

LEASE_SECONDS = 900
SHORTEST_LEASE_SECONDS = 1
SHORTEST_ASKED_SECONDS = 30
LONGEST_LEASE_SECONDS = 14_400
"""Who claims may ask for a lease within the last two; WORK_LEASE_SECONDS, for those who do not, may be shorter."""


class LeaseLost(Conflict):
    """The lease the caller names is not the work order's live one."""

    code = "lease_lost"
    title = "The lease is no longer yours"


def lease_expired(now: datetime, until: datetime | None) -> bool:
    """True when there is no lease or it has run out. It runs out at `until` itself."""
    return until is None or until <= now


def lease_until(now: datetime, seconds: int = LEASE_SECONDS) -> datetime:
    """When a lease taken or renewed now ends; `seconds` is brought within the shortest and the longest."""
    return now + timedelta(seconds=min(max(seconds, SHORTEST_LEASE_SECONDS), LONGEST_LEASE_SECONDS))


def check_lease(
    now: datetime, lease_id: UUID | None, until: datetime | None, given: UUID | None, at: datetime | None = None
) -> None:
    """Raises LeaseLost unless `given` is the live lease. Late work with an old lease is refused unharmed.

    What was done while the lease lived may be reported later, by its own time `at`, as long as nobody else has claimed
    the work since: a scanner that was offline loses nothing.
    """
    if given is None or given != lease_id:
        raise LeaseLost("This work is not leased to you: claim it first, and send the lease you were given.")
    if lease_expired(min(now, at or now), until):
        raise LeaseLost("The lease has run out and the work may be somebody else's: claim it again.")


CLOCKS_DIFFER = timedelta(minutes=2)


def check_time(now: datetime, at: datetime | None, since: datetime) -> None:
    """Raises Invalid for what was done before the work was claimed (`since`), or lies ahead by more than clocks
    differ."""
    if at is None or since - CLOCKS_DIFFER <= at <= now + CLOCKS_DIFFER:
        return
    detail = "Lies ahead: send the time at which it was done." if at > now else "Lies before you claimed the work."
    raise Invalid(detail, fields=[FieldError("/occurred_at", detail)])
