"""Orders that clients send one by one, taken together (see `platform.gathering`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from litestar import Response

from fulfilhub.orders import queries
from fulfilhub.orders.commands import Outcome, Taken, take_each
from fulfilhub.orders.commands.keeping import Sealed
from fulfilhub.orders.incoming import IncomingOrder
from fulfilhub.orders.queries import Whole
from fulfilhub.orders.schemas import OrderOut
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.gathering import Gathering
from fulfilhub.platform.idempotency import IdempotentOnce
from fulfilhub.platform.work import Work

Answered = Response[OrderOut]


@dataclass(frozen=True, slots=True)
class Told:
    """One order of one call. `answer` makes the answer of its verdict and the order as stored (which is missing when it
    differs), and keeps it under `once`; or it raises why there is none."""

    store_id: UUID
    order: IncomingOrder
    raw: Sealed
    once: IdempotentOnce | None
    answer: Callable[[Taken, Whole | None], Answered]


Intake = Gathering[Told, Answered]


async def take_together(work: Work, told: Sequence[Told]) -> list[Answered | FulfilHubError]:
    """Take the orders of several calls; an answer, or why there is none, for each."""
    taken = await take_each(work, [(each.store_id, each.order) for each in told], [each.raw for each in told])
    wholes = {each.order_id: each.whole for each in taken if each.whole is not None}
    known = {each.order_id for each in taken if each.outcome is Outcome.UNCHANGED} - wholes.keys()
    wholes |= await queries.get_orders(work, known)
    return [_answer(each, verdict, wholes) for each, verdict in zip(told, taken, strict=True)]


def _answer(told: Told, taken: Taken, wholes: Mapping[UUID, Whole]) -> Answered | FulfilHubError:
    try:
        return told.answer(taken, wholes.get(taken.order_id))
    except FulfilHubError as error:
        return error
