"""A merchant's own changes of an order: corrections that take it out of review, edits until everything was sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fulfilhub.orders import queries
from fulfilhub.orders.commands.revising import as_told, unique_lines
from fulfilhub.orders.commands.taking import revise_stored
from fulfilhub.orders.incoming import Address, IncomingLine, IncomingOrder
from fulfilhub.orders.queries import LineRow, LockedWhole
from fulfilhub.orders.rules import Editable, OrderAction, OrderStatus, order_actions, what_can_be_edited
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.machines import Who
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEdit:
    """A change of one line; None leaves it. A `quantity` of zero takes the line away."""

    line_id: UUID
    quantity: int | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to change; None leaves it. `accept_problems`: what could not be read in the store's telling is settled."""

    ship_to: Address | None = None
    email: str | None = None
    service: str | None = None
    note: str | None = None
    metadata: Mapping[str, str] | None = None
    lines: Sequence[LineEdit] | None = None
    accept_problems: bool = False


class NotEditable(Conflict):
    """The order has been sent, or has ended."""

    code = "not_editable"
    title = "Too late to change this"


ADDRESS_PROBLEMS = ("no_address", "address_incomplete", "customer_data_withheld")
"""What adapters say of an address (see `stores.adapters.problems`)."""

PART_OF = {
    "ship_to": (Editable.SHIP_TO, "ship_to"),
    "email": (Editable.CONTACT, "contact"),
    "service": (Editable.SERVICE, "service"),
    "note": (Editable.NOTE, "note"),
    "metadata": (Editable.NOTE, "metadata"),
    "lines": (Editable.LINES, "lines"),
}


async def edit(
    work: Work, order_id: UUID, changes: Changes, expected_version: int | None = None, *, at_once: bool = False
) -> None:
    """Change an order, check it again, and let it go on if nothing is wrong any more. What a warehouse was given keeps
    its address and service: new ones are `wanted`, unless `at_once` says that none stands in the way.

    Raises NotFound, Stale, NotEditable naming what can still be changed, and Invalid for lines that are not its own.
    """
    found = await queries.lock_wholes(work, [order_id])
    if not found:
        raise queries.no_order(order_id)
    known = found[0]
    check_version(expected_version, known.order.version)
    named = [name for name in PART_OF if getattr(changes, name) is not None]
    _check_editable(known.order.status, named)
    told = _edited(known, changes)
    settles = told.problems != tuple(known.order.store_problems)
    parts = [PART_OF[name][1] for name in named] + (["problems"] if settles else [])
    await revise_stored(work, [(known, told, parts)], at_once=at_once)


async def check_again(work: Work, order_ids: Collection[UUID]) -> None:
    """Look again at orders in review (a product may be there now); those that are complete go on."""
    found = await queries.lock_wholes(work, order_ids)
    in_review = [known for known in found if known.order.status is OrderStatus.NEEDS_REVIEW]
    await revise_stored(work, [(known, as_told(known), []) for known in in_review])


def _check_editable(status: OrderStatus, named: Sequence[str]) -> None:
    can = what_can_be_edited(status)
    refused = [name for name in named if PART_OF[name][0] not in can]
    if refused:
        left = sorted(name for name, (part, _) in PART_OF.items() if part in can)
        raise NotEditable(
            f"This order is {status}: {', '.join(refused)} can't be changed any more; {', '.join(left)} still can.",
            more={
                "state": str(status),
                "actions": [str(each) for each in order_actions(status, Who.MERCHANT) if each is not OrderAction.EDIT],
                "editable": left,
            },
        )


def _edited(known: LockedWhole, changes: Changes) -> IncomingOrder:
    told = as_told(known)
    return replace(
        told,
        ship_to=changes.ship_to if changes.ship_to is not None else told.ship_to,
        email=changes.email if changes.email is not None else told.email,
        service=changes.service if changes.service is not None else told.service,
        note=changes.note if changes.note is not None else told.note,
        metadata=dict(changes.metadata) if changes.metadata is not None else told.metadata,
        lines=_edited_lines(known.lines, told.lines, changes.lines or ()),
        problems=_left(told.problems, changes),
    )


def _left(problems: Sequence[str], changes: Changes) -> tuple[str, ...]:
    """What of the store's telling still can't be read: a new address settles what was said of the old one."""
    if changes.accept_problems:
        return ()
    settled = ADDRESS_PROBLEMS if changes.ship_to is not None else ()
    return tuple(each for each in problems if each.partition(":")[0] not in settled)


def _edited_lines(
    known: Sequence[LineRow], told: Sequence[IncomingLine], edits: Sequence[LineEdit]
) -> tuple[IncomingLine, ...]:
    """The lines after the edits. Raises Invalid naming every edit that can't be."""
    by_external = {line.external_id: line for line in known}
    edit_of = {each.line_id: (place, each) for place, each in enumerate(edits)}
    faults = [
        FieldError(f"/lines/{place}/line_id", "Is there twice: give each line once.")
        for place, each in enumerate(edits)
        if edit_of[each.line_id][0] != place
    ]
    made = []
    # Lines with a repeated external id get ids of their own here, so each edit finds its line.
    for line in unique_lines(told):
        row = by_external[line.external_id]
        place, change = edit_of.pop(row.id, (0, None))
        if change is None:
            made.append(line)
            continue
        gone = row.cancelled + row.shipped
        if change.quantity is not None and change.quantity < gone:
            faults.append(FieldError(f"/lines/{place}/quantity", f"{gone} are shipped or cancelled already."))
        quantity = line.quantity if change.quantity is None else change.quantity + line.fulfilled
        made.append(replace(line, quantity=quantity, sku=change.sku if change.sku is not None else line.sku))
    faults += [FieldError(f"/lines/{place}/line_id", "Is not a line of this order.") for place, _ in edit_of.values()]
    if faults:
        raise Invalid("Some lines can't be changed so.", fields=faults)
    return tuple(made)
