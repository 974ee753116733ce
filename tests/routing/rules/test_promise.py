"""The promise: zones, transit, delivery days, holidays at the destination."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.inventory.rules.warehouse import DeliveryDays, Service, Zone
from fulfilhub.routing.rules.promise import (
    Outlook,
    delivery_day,
    find_zone,
    is_delivery_day,
    is_kept,
    promise_of,
    zone_table,
)
from fulfilhub.routing.rules.terms import Promise
from tests.routing.rules.world import LEEDS, NOW, UK, service, site

MON_SAT, MON_FRI, EVERY_DAY = DeliveryDays.MON_SAT, DeliveryDays.MON_FRI, DeliveryDays.EVERY_DAY


@pytest.mark.parametrize(
    ("shipped", "transit", "days", "region", "arrives"),
    [
        ("2026-11-24", 1, MON_SAT, "GB-ENG", "2026-11-25"),
        ("2026-11-27", 1, MON_SAT, "GB-ENG", "2026-11-28"),  # Saturday
        ("2026-11-27", 1, MON_FRI, "GB-ENG", "2026-11-30"),
        ("2026-11-27", 2, MON_SAT, "GB-ENG", "2026-11-30"),
        ("2026-11-27", 2, EVERY_DAY, "GB-ENG", "2026-11-29"),
        ("2026-11-28", 0, MON_FRI, "GB-ENG", "2026-11-30"),
        ("2026-12-24", 1, MON_SAT, "GB-ENG", "2026-12-29"),  # Christmas, Boxing Day, Sunday, Boxing Day observed
        ("2027-03-27", 1, MON_SAT, "GB-ENG", "2027-03-30"),  # Easter Monday in England ...
        ("2027-03-27", 1, MON_SAT, "GB-SCT", "2027-03-29"),  # ... is a working day in Scotland
        ("2026-10-02", 1, MON_SAT, "DE", "2026-10-05"),  # German Unity Day is a Saturday
    ],
)
def test_the_day_of_arrival(shipped: str, transit: int, days: DeliveryDays, region: str, arrives: str) -> None:
    assert delivery_day(date.fromisoformat(shipped), transit, days, region) == date.fromisoformat(arrives)


@given(
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.integers(0, 20),
    st.sampled_from(DeliveryDays),
    st.sampled_from(["", "GB-SCT", "DE", "US"]),
)
def test_it_arrives_on_a_delivery_day_and_longer_transit_is_later(
    shipped: date, transit: int, days: DeliveryDays, region: str
) -> None:
    arrives = delivery_day(shipped, transit, days, region)
    assert is_delivery_day(arrives, days, region)
    assert arrives >= shipped + timedelta(days=transit)
    later = delivery_day(shipped, transit + 1, days, region)
    assert later > arrives or (transit == 0 and later == arrives > shipped)


@pytest.mark.parametrize(
    ("postcode", "days"),
    [("M1 1AA", 1), ("BT1 5GS", 3), ("IV1 1AA", 3), ("IV51 9XX", None), ("B1 1AA", 1), ("", 1)],
)
def test_the_longest_prefix_decides(postcode: str, days: int | None) -> None:
    zone = find_zone(zone_table(UK), "GB", postcode)
    assert zone is not None
    assert zone.transit_days == days


def test_elsewhere_is_what_no_zone_names() -> None:
    table = zone_table((Zone(countries=("GB",), transit_days=1), Zone(countries=("*",), transit_days=7)))
    found = find_zone(table, "NZ", "6011")
    assert found is not None
    assert found.transit_days == 7
    assert find_zone(zone_table(UK), "NZ", "6011") is None


def test_a_promise_from_click_to_doorstep() -> None:
    promise = promise_of(site(LEEDS, handling_days=1), "standard", "GB", "BT1 5GS", NOW)
    assert promise == Promise(
        ship_by=datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC),
        deliver_by=datetime(2026, 11, 28, 23, 59, 59, tzinfo=UTC),
    )
    assert promise_of(site(LEEDS), "standard", "GB", "IV51 9XX", NOW) is None
    assert promise_of(site(LEEDS), "express", "GB", "M1 1AA", NOW) is None


def test_delivery_ends_with_the_customers_day() -> None:
    to_germany = service(zones=(Zone(countries=("DE",), transit_days=3),))
    promise = promise_of(site(LEEDS, services=(to_germany,)), "standard", "DE", "10115", NOW)
    assert promise is not None
    assert promise.deliver_by == datetime(2026, 11, 27, 22, 59, 59, tzinfo=UTC)


def test_of_two_carriers_the_earlier_then_the_cheaper() -> None:
    slow = service(carrier="slow", zones=(Zone(countries=("GB",), transit_days=2, cost_minor=100),))
    dear = service(carrier="dear", zones=(Zone(countries=("GB",), transit_days=1, cost_minor=900),))
    cheap = service(carrier="cheap", zones=(Zone(countries=("GB",), transit_days=1, cost_minor=300),))
    reach = Outlook(site(LEEDS, services=(slow, dear, cheap)), NOW).reach("standard", "GB", "M1 1AA")
    assert [offer.service.carrier for offer in reach.offers] == ["cheap", "dear", "slow"]


def test_a_promise_is_kept_to_its_last_second() -> None:
    promise = Promise(NOW, NOW)
    assert is_kept(promise, NOW)
    assert not is_kept(promise, NOW + timedelta(seconds=1))


def test_services_are_read_from_json_and_their_faults_named() -> None:
    text = b"""[{"code": "standard", "carrier": "evri", "delivery_days": "mon_fri",
        "zones": [{"countries": ["GB"], "transit_days": 2}, {"countries": ["GB"], "postcode_prefixes": ["BT"]}]}]"""
    (read,) = msgspec.json.decode(text, type=tuple[Service, ...])
    assert read.zones[1].transit_days is None
    assert msgspec.json.decode(msgspec.json.encode(read), type=Service) == read
    with pytest.raises(msgspec.ValidationError, match="transit_days"):
        msgspec.json.decode(text.replace(b"2}", b"-2}"), type=tuple[Service, ...])
