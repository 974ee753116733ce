"""Orders that clients send one by one, taken together: one transaction for those of a key that arrive while another is
under way. Each has its own Idempotency-Key, verdict and answer; a bad one keeps none of its neighbours back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from fulfilhub.platform.idempotency import IdempotentEach, IdempotentOnce
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.work import Work, Works

MOST = 100
"""Orders a transaction: more of them would not cost less each, and its locks are held longer."""

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


class Intake:
    """The API's way in for single orders, one per process."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._gathering: Gathering[Merchant, Told, Answered] = Gathering(self._take, most=MOST)

    async def take(self, scope: Merchant, told: Told) -> Answered:
        """Take one order; answered after the COMMIT that holds it. Raises what `told.answer` raises, Replayed, and
        what a key can be refused for (see `platform.idempotency`)."""
        return await self._gathering.call(scope, told)

    async def _take(self, scope: Merchant, together: Sequence[Told]) -> list[Answered | Exception]:
        keys = IdempotentEach([each.once for each in together])
        async with self._works.begin(scope, keys) as work:
            going = [each for place, each in enumerate(together) if place not in keys.refused]
            taken = await take_each(work, [(each.store_id, each.order) for each in going], [each.raw for each in going])
            wholes = await _wholes(work, taken)
            answers = iter([_answer(each, verdict, wholes) for each, verdict in zip(going, taken, strict=True)])
            return [keys.refused.get(place) or next(answers) for place in range(len(together))]


async def _wholes(work: Work, taken: Sequence[Taken]) -> dict[UUID, Whole]:
    """The orders as stored: those just made are known, others are read."""
    made = {each.order_id: each.whole for each in taken if each.whole is not None}
    known = {each.order_id for each in taken if each.outcome is Outcome.UNCHANGED} - made.keys()
    return made | await queries.get_orders(work, known)


def _answer(told: Told, taken: Taken, wholes: dict[UUID, Whole]) -> Answered | FulfilHubError:
    try:
        return told.answer(taken, wholes.get(taken.order_id))
    except FulfilHubError as error:
        return error
