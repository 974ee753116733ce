"""A return here and in Shopify: what is still to be said there, one step at a time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fulfilhub.returns.rules import ReturnState
from fulfilhub.stores.adapters.goods import SeenStatus
from fulfilhub.stores.adapters.news import ReturnNews
from fulfilhub.stores.adapters.port import Refused

RESTOCKED, NOT_RESTOCKED, PROCESSING_REQUIRED, MISSING = "RESTOCKED", "NOT_RESTOCKED", "PROCESSING_REQUIRED", "MISSING"
OVER = frozenset({ReturnState.DECLINED, ReturnState.CANCELLED, ReturnState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Returnable:
    """Units of a fulfilment's line (`id`) of an order's line (`line`) that may come back."""

    id: str
    line: str
    quantity: int


@dataclass(frozen=True, slots=True)
class TheirLine:
    """A line of Shopify's return: of which order line and fulfilment's line, how many, and how many of them are done
    with. `stocked`: the shop counts it, so that it can be put back."""

    id: str
    line: str
    fulfilled: str
    quantity: int
    processed: int
    stocked: bool = True


@dataclass(frozen=True, slots=True)
class ReverseLine:
    """A line of what is to come back in Shopify's eyes, with the units that have their place already, by kind."""

    id: str
    fulfilled: str
    quantity: int
    disposed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReverseOrder:
    """What is to come back to one place, and the parcel it comes in (`delivery`), if one was told."""

    id: str
    open: bool
    lines: tuple[ReverseLine, ...]
    delivery: str = ""
    number: str = ""
    url: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A return as Shopify has it. `reverse` only where it is open."""

    id: str
    status: SeenStatus
    lines: tuple[TheirLine, ...]
    reverse: tuple[ReverseOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin the return: `asked` for, or agreed to already. (fulfilment's line, units, our word for the reason)."""

    asked: bool
    lines: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Approve, decline, cancel or close it."""

    verb: str
    id: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """Tell of the parcel it comes in; `delivery`: of one that was told with other numbers."""

    order: str
    delivery: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Units of a reverse line that have their place now."""

    reverse: str
    kind: str
    units: int


@dataclass(frozen=True, slots=True)
class Process:
    """Units of Shopify's lines that are done with: (line, units, where they went). `arrived`: they did come back."""

    id: str
    lines: tuple[tuple[str, int, tuple[Placed, ...]], ...]
    arrived: bool


Step = Begin | Move | Deliver | Process


def next_step(news: ReturnNews, theirs: Theirs | None, returnable: Sequence[Returnable]) -> Step | Refused | None:
    """What is to be said to Shopify next; None: it says all that we know. Refused: it can't be said, and why."""
    over = news.status in OVER
    if theirs is None:
        return None if over else _begin(news, returnable)
    match theirs.status:
        case SeenStatus.DECLINED | SeenStatus.CANCELLED:
            return None if over else Refused("return_ended", "Shopify has ended this return.")
        case SeenStatus.REQUESTED:
            return _answer(news, theirs)
        case SeenStatus.CLOSED:
            waits = not over and bool(_left(news, theirs))
            return Refused("return_closed", "The return was closed in Shopify: reopen it there.") if waits else None
        case SeenStatus.OPEN:
            return _end(theirs) if over else _advance(news, theirs)


def _begin(news: ReturnNews, returnable: Sequence[Returnable]) -> Begin | Refused:
    left = {each.id: each.quantity for each in returnable}
    lines: list[tuple[str, int, str]] = []
    for wanted in news.units:
        units = wanted.advised
        for each in returnable:
            taken = min(units, left[each.id]) if each.line == wanted.external_id else 0
            if taken:
                lines.append((each.id, taken, wanted.reason))
                left[each.id] -= taken
                units -= taken
    if not lines:
        return Refused("not_returnable", "Shopify has none of these units fulfilled and not in a return already.")
    return Begin(news.status == ReturnState.REQUESTED, tuple(lines))


def _answer(news: ReturnNews, theirs: Theirs) -> Move | None:
    if news.status == ReturnState.REQUESTED:
        return None
    if news.status == ReturnState.DECLINED:
        return Move("decline", theirs.id)
    return Move("cancel" if news.status in OVER else "approve", theirs.id)


def _end(theirs: Theirs) -> Move | Refused:
    if any(line.processed for line in theirs.lines):
        return Refused("return_begun", "Shopify has processed some of this return: close it there.")
    return Move("cancel", theirs.id)


def _advance(news: ReturnNews, theirs: Theirs) -> Step | None:
    if news.status == ReturnState.REQUESTED:
        return None  # approved in Shopify; we will hear of it
    for order in theirs.reverse:
        if order.open and _lacks_delivery(news, order):
            return Deliver(order.id, order.delivery)
    left = _left(news, theirs)
    for missing in (False, True):
        lines = _process(news, theirs, {key: units for key, units in left.items() if (key[1] == MISSING) is missing})
        if lines:
            return Process(theirs.id, lines, arrived=not missing)
    return Move("close", theirs.id) if news.status == ReturnState.COMPLETED else None


def _lacks_delivery(news: ReturnNews, order: ReverseOrder) -> bool:
    """Whether Shopify lacks the parcel, its number or its label. Shopify keeps labels at addresses of its own, so that
    of these only whether there is one can be compared."""
    return bool(news.tracking_number and order.number != news.tracking_number) or bool(
        news.label_url and not order.label
    )


def _left(news: ReturnNews, theirs: Theirs) -> Counter[tuple[str, str]]:
    """Units by (order line, kind) whose place Shopify does not know yet."""
    lines = {line.fulfilled: line for line in theirs.lines}
    wanted = Counter[tuple[str, str]]()
    for each in news.units:
        wanted[each.external_id, RESTOCKED] += each.restocked
        wanted[each.external_id, PROCESSING_REQUIRED] += each.quarantined
        wanted[each.external_id, NOT_RESTOCKED] += each.disposed
        if news.status == ReturnState.COMPLETED:
            wanted[each.external_id, MISSING] += each.advised - each.received
    known = Counter[tuple[str, str]]()
    for order in theirs.reverse:
        for reverse in order.lines:
            for kind, units in reverse.disposed.items():
                if reverse.fulfilled in lines:
                    known[lines[reverse.fulfilled].line, kind] += units
    for line_id in {line for line, _ in wanted}:
        # What was told as something else, because it could not be told as it is, is told nevertheless.
        spare = sum(max(known[line_id, kind] - wanted[line_id, kind], 0) for kind in _KINDS)
        for kind in _KINDS:
            lacking = max(wanted[line_id, kind] - known[line_id, kind], 0)
            taken = min(lacking, spare)
            spare -= taken
            wanted[line_id, kind] = lacking - taken
    return Counter({key: units for key, units in wanted.items() if units > 0})


_KINDS = (RESTOCKED, PROCESSING_REQUIRED, NOT_RESTOCKED, MISSING)


def _process(
    news: ReturnNews, theirs: Theirs, left: Mapping[tuple[str, str], int]
) -> tuple[tuple[str, int, tuple[Placed, ...]], ...]:
    free = {reverse.id: reverse.quantity - sum(reverse.disposed.values()) for reverse in _reverse_lines(theirs)}
    done: list[tuple[str, int, tuple[Placed, ...]]] = []
    still = dict(left)
    for line in theirs.lines:
        open_units, placed = line.quantity - line.processed, list[Placed]()
        for reverse in _reverse_lines(theirs):
            if reverse.fulfilled != line.fulfilled:
                continue
            for kind in _KINDS:
                units = min(open_units, free[reverse.id], still.get((line.line, kind), 0))
                if units > 0:
                    placed.append(Placed(reverse.id, _sayable(kind, line, news), units))
                    still[line.line, kind] -= units
                    free[reverse.id] -= units
                    open_units -= units
        if placed:
            done.append((line.id, sum(each.units for each in placed), tuple(placed)))
    return tuple(done)


def _sayable(kind: str, line: TheirLine, news: ReturnNews) -> str:
    """Shopify puts units back to stock at a location it is told, and only what it counts."""
    if kind != RESTOCKED:
        return kind
    if not line.stocked:
        return NOT_RESTOCKED
    return RESTOCKED if news.location else PROCESSING_REQUIRED


def _reverse_lines(theirs: Theirs) -> list[ReverseLine]:
    return [line for order in theirs.reverse for line in order.lines]
