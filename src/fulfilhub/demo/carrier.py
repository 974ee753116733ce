"""The carriers: parcels are scanned on their way, and most arrive. Scans come in any order, and some twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fulfilhub.demo.door import Door

JOURNEY = (
    ("picked_up", "Collected", "Depot"),
    ("in_transit", "Left the sorting centre", "Sorting centre"),
    ("out_for_delivery", "On the van", "Local depot"),
    ("delivered", "Handed to the customer", "Front door"),
)
LATE = (*JOURNEY[:3], ("attempt_failed", "Nobody was in", "Front door"))
BATCH = 100


@dataclass(frozen=True, slots=True)
class Journey:
    """One parcel, and whether it arrives."""

    carrier: str
    tracking_number: str
    city: str
    shipped_at: datetime
    scans: Sequence[tuple[str, str, str]]

    def events(self) -> list[dict[str, object]]:
        """Its scans as the API takes them, a second apart, since the whole story lasts no longer."""
        return [
            {
                "carrier": self.carrier,
                "tracking_number": self.tracking_number,
                "state": state,
                "occurred_at": (self.shipped_at + timedelta(milliseconds=100 * place)).isoformat(),
                "description": words,
                "location": where if where == "Front door" else f"{where}, {self.city}",
            }
            for place, (state, words, where) in enumerate(self.scans, 1)
        ]


async def report(merchant: Door, journeys: Sequence[Journey]) -> int:
    """Tell every scan: the last before the first for some parcels, and some twice. Returns how many were sent."""
    events: list[dict[str, object]] = []
    for place, journey in enumerate(journeys):
        told = journey.events()
        events += reversed(told) if place % 5 == 0 else told
        if place % 7 == 0:
            events.append(told[1])
    batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)]
    await asyncio.gather(*(merchant.post("/v1/tracking-events", {"events": batch}) for batch in batches))
    return len(events)
