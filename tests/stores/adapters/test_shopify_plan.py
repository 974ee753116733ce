"""Which units still have to be told to Shopify, and where: nothing twice, nothing beyond what is open."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fulfilhub.stores.adapters.news import ShipmentNews, ShippedLine
from fulfilhub.stores.adapters.shopify.plan import OpenLine, Told, plan, shows

LEFT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def news(*lines: tuple[str, int], numbers: tuple[str, ...] = ("T1",), **more: object) -> ShipmentNews:
    return ShipmentNews(
        reference="shp_1",
        order_external_id="gid://shopify/Order/1",
        lines=tuple(ShippedLine(*line) for line in lines),
        carrier="Royal Mail",
        shipped_at=LEFT,
        tracking_numbers=numbers,
        **more,  # type: ignore[arg-type]
    )


def told(name: str, *numbers: str, lines: dict[str, int], at: datetime = LEFT) -> Told:
    return Told(name, at, frozenset(numbers), lines)


def waits(line: str, remaining: int, order: str = "fo1", location: str = "loc1") -> OpenLine:
    return OpenLine(order, location, f"{order}-{line}", line, remaining)


def test_what_a_fulfilment_with_our_number_has_is_not_told_again() -> None:
    work = plan(news(("a", 2), ("b", 1)), [told("f1", "T1", lines={"a": 2})], [waits("a", 1), waits("b", 1)])
    assert [one.id for one in work.already] == ["f1"]
    assert work.create == {"loc1": ((waits("b", 1), 1),)}
    assert work.left_out == ()


def test_lines_at_two_locations_are_two_calls() -> None:
    here, there = waits("a", 1), waits("b", 1, "fo2", "loc2")
    assert plan(news(("a", 1), ("b", 1)), [], [here, there]).create == {"loc1": ((here, 1),), "loc2": ((there, 1),)}


def test_what_nobody_waits_for_is_left_out() -> None:
    assert plan(news(("a", 3)), [], [waits("a", 2)]).left_out == (ShippedLine("a", 1),)


def test_by_the_name_the_store_gave_it() -> None:
    one = told("f1", "OLD", lines={"a": 1})
    assert shows(one, news(("a", 1), told_as=("f1",)))
    assert not shows(one, news(("a", 1)))


def test_another_shipments_fulfilment_is_never_ours() -> None:
    assert not shows(told("f1", "T1", lines={"a": 1}), news(("a", 1), others=frozenset({"f1"})))


def test_without_a_number_time_and_lines_decide() -> None:
    untracked = news(("a", 1), numbers=())
    assert shows(told("f1", lines={"a": 1}), untracked)
    assert not shows(told("f1", lines={"a": 1}, at=LEFT - timedelta(hours=1)), untracked)
    assert shows(told("f1", lines={"a": 1}, at=LEFT - timedelta(minutes=1)), untracked), "clocks differ"
    assert not shows(told("f1", lines={"a": 2}), untracked)
    assert not shows(told("f1", "T9", lines={"a": 1}), untracked)


LINES = st.sampled_from(["a", "b", "c"])
UNITS = st.dictionaries(LINES, st.integers(1, 4), max_size=3)


@settings(deadline=None)
@given(
    wanted=UNITS,
    done=st.lists(st.tuples(st.sampled_from(["T1", "T2"]), UNITS), max_size=3),
    open_lines=st.lists(st.tuples(LINES, st.integers(0, 4), st.sampled_from(["loc1", "loc2"])), max_size=5),
)
def test_units_add_up(
    wanted: dict[str, int], done: list[tuple[str, dict[str, int]]], open_lines: list[tuple[str, int, str]]
) -> None:
    fulfilments = [told(f"f{n}", number, lines=lines) for n, (number, lines) in enumerate(done)]
    waiting = [waits(line, left, f"fo{n}", place) for n, (line, left, place) in enumerate(open_lines)]
    work = plan(news(*wanted.items()), fulfilments, waiting)
    covered: Counter[str] = Counter()
    for number, lines in done:
        covered.update(lines if number == "T1" else {})
    created: Counter[str] = Counter()
    for place, chosen in work.create.items():
        for candidate, units in chosen:
            assert candidate.location == place
            assert 0 < units <= candidate.remaining
            created[candidate.line] += units
    missing = Counter({one.external_id: one.quantity for one in work.left_out})
    for line in "abc":
        assert created[line] + missing[line] == max(wanted.get(line, 0) - covered[line], 0)
        assert created[line] == min(
            max(wanted.get(line, 0) - covered[line], 0), sum(left for own, left, _ in open_lines if own == line)
        )
