"""The demo partner's two warehouses: their cut-offs, calendars and services."""

from __future__ import annotations

from collections.abc import Mapping


def _service(code: str, carrier: str, cost: int, near: int, islands: int, abroad: int) -> dict[str, object]:
    """A service with its transit days at home, to the islands and highlands, and to Ireland and near Europe."""
    far = ["BT", "IM", "GY", "JE", "HS", "ZE", "KW"]
    return {
        "code": code,
        "carrier": carrier,
        "zones": [
            {"countries": ["GB"], "transit_days": near, "cost_minor": cost},
            {"countries": ["GB"], "postcode_prefixes": far, "transit_days": islands, "cost_minor": cost + 150},
            {"countries": ["IE", "FR", "DE", "NL"], "transit_days": abroad, "cost_minor": cost + 600},
        ],
    }


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")

WAREHOUSES: tuple[Mapping[str, object], ...] = (
    {
        "code": "MAN1",
        "name": "Manchester",
        "address": {"line1": "Unit 4, Trafford Park", "city": "Manchester"},
        "country": "GB",
        "postcode": "M17 1AB",
        "timezone": "Europe/London",
        "currency": "GBP",
        "cutoffs": dict.fromkeys(WEEKDAYS, "15:00") | {"sat": "11:00"},
        "calendar": {"holiday_region": "GB-ENG", "closed_dates": ["2026-12-24"]},
        "handling_days": 0,
        "services": [_service("standard", "royal_mail", 320, 2, 3, 5), _service("express", "dpd", 690, 1, 2, 3)],
        "daily_capacity": 2000,
    },
    {
        "code": "LUT1",
        "name": "Luton",
        "address": {"line1": "12 Airport Way", "city": "Luton"},
        "country": "GB",
        "postcode": "LU2 9LY",
        "timezone": "Europe/London",
        "currency": "GBP",
        "cutoffs": dict.fromkeys(WEEKDAYS, "17:00"),
        "calendar": {"holiday_region": "GB-ENG", "closed_dates": []},
        "handling_days": 1,
        "services": [_service("standard", "evri", 290, 2, 4, 5), _service("express", "dpd", 690, 1, 2, 3)],
        "daily_capacity": 1500,
    },
)
