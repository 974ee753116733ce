"""Where a shipment is, told to its shop: our words for a parcel's journey in the few that shops have. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fulfilhub.shipping.rules import TrackingState
from fulfilhub.stores.adapters.milestones import Milestone

MILESTONES: dict[TrackingState, Milestone] = {
    TrackingState.PICKED_UP: Milestone.PICKED_UP,
    TrackingState.IN_TRANSIT: Milestone.IN_TRANSIT,
    TrackingState.CUSTOMS: Milestone.IN_TRANSIT,
    TrackingState.DELAYED: Milestone.DELAYED,
    TrackingState.OUT_FOR_DELIVERY: Milestone.OUT_FOR_DELIVERY,
    TrackingState.ATTEMPT_FAILED: Milestone.ATTEMPTED,
    TrackingState.READY_FOR_PICKUP: Milestone.READY_FOR_PICKUP,
    TrackingState.EXCEPTION: Milestone.FAILED,
    TrackingState.RETURNED: Milestone.FAILED,
    TrackingState.DELIVERED: Milestone.DELIVERED,
}
"""What shops show; of the rest (a label, silence, a way back) they have no word, or it is no news."""


def milestone_of(parcels: Sequence[tuple[TrackingState, datetime]]) -> tuple[Milestone, datetime] | None:
    """The milestone of a shipment of these parcels, as (state, since when): that of the parcel which is furthest
    behind, so that nothing is called delivered while a part is on its way. None while there is nothing to say."""
    if not parcels:
        return None
    state, since = min(parcels, key=lambda each: (each[0].rank, each[1]))
    found = MILESTONES.get(state)
    return None if found is None else (found, since)
