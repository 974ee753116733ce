"""Handovers that partners report one by one, kept together (see `platform.gathering`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from litestar import Response

from fulfilhub.platform import ids
from fulfilhub.platform.errors import FulfilHubError
from fulfilhub.platform.gathering import Gathering
from fulfilhub.platform.idempotency import IdempotentOnce
from fulfilhub.platform.work import Work
from fulfilhub.shipping.commands import handover
from fulfilhub.shipping.commands.handover import ToShip, Verdict
from fulfilhub.shipping.schemas import ShippedOut
from fulfilhub.web.replies import ok

Answered = Response[ShippedOut]


@dataclass(frozen=True, slots=True)
class Leaving:
    """One call: what left, and its key."""

    item: ToShip
    once: IdempotentOnce | None


Dispatch = Gathering[Leaving, Answered]


def work_of(leaving: Leaving) -> UUID:
    """Two calls about the same work order are a first one and its repeat: never in one transaction."""
    return leaving.item.work_id


async def ship_together(work: Work, leaving: Sequence[Leaving]) -> list[Answered | FulfilHubError]:
    """Ship the work of several calls; an answer, or why there is none, for each."""
    verdicts = await handover.ship(work, [each.item for each in leaving])
    return [_answer(each, verdict) for each, verdict in zip(leaving, verdicts, strict=True)]


def _answer(leaving: Leaving, verdict: Verdict) -> Answered | FulfilHubError:
    if isinstance(verdict, FulfilHubError):
        return verdict
    return ok(
        leaving.once,
        ShippedOut(
            work_order_id=ids.WORK_ORDER.show(verdict.work_id),
            shipment_id=ids.SHIPMENT.show(verdict.shipment_id),
            parcel_ids=[ids.PARCEL.show(each) for each in verdict.parcel_ids],
            repeated=verdict.repeated,
        ),
    )
