"""The carriers: parcels are scanned on their way, and most arrive. Scans come in any order, and some twice.

One of them calls FulfilHub itself, signed and in its own words; of the others a program with an API key tells."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from fulfilhub.demo.door import Door, StepFailed

JOURNEY = (
    ("picked_up", "Collected", "Depot"),
    ("in_transit", "Left the sorting centre", "Sorting centre"),
    ("out_for_delivery", "On the van", "Local depot"),
    ("delivered", "Handed to the customer", "Front door"),
)
LATE = (*JOURNEY[:3], ("attempt_failed", "Nobody was in", "Front door"))
BATCH = 100
CALLS = "evri"
"""The carrier that calls a door of its own."""

WORDS = {
    "COLL": "picked_up",
    "HUB": "in_transit",
    "VAN": "out_for_delivery",
    "POD": "delivered",
    "CARD": "attempt_failed",
    "INFO": None,
}
"""Its codes, as the merchant's connection reads them."""


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


async def report(merchant: Door, journeys: Sequence[Journey]) -> tuple[int, int]:
    """Tell every scan: the last before the first for some parcels, and some twice. Returns how many were sent by key,
    and how many the carrier sent itself."""
    calls = _told([journey for journey in journeys if journey.carrier == CALLS])
    others = _told([journey for journey in journeys if journey.carrier != CALLS])
    await asyncio.gather(
        *(merchant.post("/v1/tracking-events", {"events": batch}) for batch in _batches(others)),
        _call(merchant, _batches(calls)),
    )
    return len(others), len(calls)


def _told(journeys: Sequence[Journey]) -> list[dict[str, object]]:
    events: list[dict[str, object]] = []
    for place, journey in enumerate(journeys):
        told = journey.events()
        events += reversed(told) if place % 5 == 0 else told
        if place % 7 == 0:
            events.append(told[1])
    return events


def _batches(events: Sequence[dict[str, object]]) -> list[Sequence[dict[str, object]]]:
    return [events[start : start + BATCH] for start in range(0, len(events), BATCH)]


async def _call(merchant: Door, batches: Sequence[Sequence[dict[str, object]]]) -> None:
    """The carrier's own server at work: each delivery is signed, and sent again as if no answer had come. Raises
    StepFailed when one is not taken."""
    made = await merchant.post("/v1/carriers", {"name": "Evri's webhook", "carrier": CALLS, "statuses": WORDS})
    connection, secret = made["carrier"], Webhook(str(made["secret"]))
    if not isinstance(connection, dict):
        raise StepFailed("The new carrier connection came without itself.")
    url = urlsplit(str(connection["webhook_url"])).path
    codes = {state: code for code, state in WORDS.items()}
    for batch in batches:
        told = [
            {
                "tracking_number": event["tracking_number"],
                "occurred_at": event["occurred_at"],
                "code": codes[str(event["state"])],
                "text": event["description"],
                "location": event["location"],
            }
            for event in batch
        ]
        body, name = json.dumps(told), f"evri-{secrets.token_hex(8)}"
        for repeated in (False, True):
            at = datetime.now(UTC)
            headers = {
                "webhook-id": name,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": secret.sign(name, at, body),
            }
            answer = await merchant.http.post(url, content=body, headers=headers)
            if answer.status_code != 200 or answer.json()["repeated"] is not repeated:
                raise StepFailed(f"The carrier's delivery was answered {answer.status_code}: {answer.text[:200]}")
