"""The arithmetic of stock: movements conserve units, and no bucket falls below zero."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.inventory.rules.stock import (
    PATHS,
    Bucket,
    Deltas,
    Disposition,
    Level,
    Movement,
    MovementReason,
    NotEnoughStock,
    apply,
    disposition_moves,
    move,
    recount,
    replay,
)
from fulfilhub.platform.errors import Stale

units = st.integers(0, 50)
levels = st.builds(Level, available=units, allocated=units, quarantined=units, damaged=units, incoming=units)
paths = st.sampled_from([(reason, *path) for reason, all_paths in PATHS.items() for path in sorted(all_paths, key=str)])
movements = st.builds(lambda path, quantity: move(path[0], quantity, path[1], path[2]), paths, st.integers(1, 20))


@pytest.mark.parametrize(
    ("reason", "source", "target", "after"),
    [
        (MovementReason.RECEIVED, None, Bucket.AVAILABLE, Level(available=13, allocated=5)),
        (MovementReason.ALLOCATED, Bucket.AVAILABLE, Bucket.ALLOCATED, Level(available=7, allocated=8)),
        (MovementReason.DEALLOCATED, Bucket.ALLOCATED, Bucket.AVAILABLE, Level(available=13, allocated=2)),
        (MovementReason.SHIPPED, Bucket.ALLOCATED, None, Level(available=10, allocated=2)),
        (
            MovementReason.SHORT_PICKED,
            Bucket.ALLOCATED,
            Bucket.QUARANTINED,
            Level(available=10, allocated=2, quarantined=3),
        ),
    ],
)
def test_three_units_move(reason: MovementReason, source: Bucket | None, target: Bucket | None, after: Level) -> None:
    assert apply(Level(available=10, allocated=5), move(reason, 3, source, target).deltas) == after


def test_what_is_not_there_cannot_be_taken() -> None:
    with pytest.raises(NotEnoughStock) as refused:
        apply(Level(available=2), move(MovementReason.ALLOCATED, 3, Bucket.AVAILABLE, Bucket.ALLOCATED).deltas)
    assert refused.value.more == {"bucket": "available", "wanted": 3, "had": 2}


def test_a_reason_moves_only_along_its_paths() -> None:
    with pytest.raises(ValueError, match="does not move"):
        move(MovementReason.SHIPPED, 1, Bucket.AVAILABLE, None)
    with pytest.raises(ValueError, match="does not move"):
        move(MovementReason.ADJUSTED, 1, None, Bucket.AVAILABLE)
    with pytest.raises(ValueError, match="at least one"):
        move(MovementReason.SHIPPED, 0, Bucket.ALLOCATED, None)


@pytest.mark.parametrize(
    ("counted", "deltas", "deallocated"),
    [
        (25, Deltas(available=5), 0),
        (17, Deltas(available=-3), 0),
        (10, Deltas(available=-10), 0),
        (7, Deltas(available=-10, allocated=-3), 3),
        (2, Deltas(available=-10, allocated=-8), 8),
    ],
)
def test_a_count_takes_from_available_first(counted: int, deltas: Deltas, deallocated: int) -> None:
    level = Level(available=10, allocated=8, quarantined=1, damaged=1, incoming=9)
    change = recount(level, counted)
    assert change is not None
    assert change.movement == Movement(MovementReason.ADJUSTED, deltas)
    assert change.deallocated == deallocated
    assert apply(level, deltas).on_hand == counted


def test_a_count_that_agrees_changes_nothing() -> None:
    assert recount(Level(available=1, damaged=2), 3, expected=3) is None


def test_a_count_made_of_an_old_level_is_refused() -> None:
    with pytest.raises(Stale) as refused:
        recount(Level(available=4), 3, expected=5)
    assert refused.value.code == "stale_quantity"


def test_a_count_cannot_go_below_what_is_set_aside() -> None:
    with pytest.raises(NotEnoughStock):
        recount(Level(available=4, quarantined=3), 2)


@pytest.mark.parametrize(
    ("disposition", "after"),
    [
        (Disposition.RESTOCK, Level(available=2)),
        (Disposition.QUARANTINE, Level(quarantined=2)),
        (Disposition.DISPOSE, Level()),
    ],
)
def test_what_came_back_goes_to_its_bucket(disposition: Disposition, after: Level) -> None:
    rows = disposition_moves(disposition, 2)
    assert replay(row.deltas for row in rows) == after
    assert rows[0].reason is MovementReason.RETURNED  # and so the ledger shows it, scrapped or not
    assert rows[0].deltas.on_hand == 2


@given(levels, st.lists(movements, max_size=30))
def test_no_bucket_is_ever_negative_and_the_ledger_adds_up(level: Level, rows: list[Movement]) -> None:
    done = Deltas()
    now = level
    for row in rows:
        try:
            now = apply(now, row.deltas)
        except NotEnoughStock:
            continue
        done = done + row.deltas
    assert all(value >= 0 for value in asdict(now).values())
    assert {b: getattr(level, b) + getattr(done, b) for b in Bucket} == {b: getattr(now, b) for b in Bucket}
    assert now.on_hand == level.on_hand + done.on_hand


@given(movements)
def test_only_goods_that_come_or_go_change_what_is_on_hand(row: Movement) -> None:
    inside = {MovementReason.ALLOCATED, MovementReason.DEALLOCATED, MovementReason.SHORT_PICKED,
              MovementReason.QUARANTINED, MovementReason.RELEASED, MovementReason.DAMAGED}  # fmt: skip
    assert (row.deltas.on_hand == 0) == (row.reason in inside or row.reason is MovementReason.ANNOUNCED)


@given(levels, st.integers(0, 250))
def test_a_count_is_made_true_or_refused(level: Level, counted: int) -> None:
    aside = level.quarantined + level.damaged
    if counted < aside:
        with pytest.raises(NotEnoughStock):
            recount(level, counted)
        return
    change = recount(level, counted)
    if change is None:
        assert counted == level.on_hand
        return
    after = apply(level, change.movement.deltas)
    assert after.on_hand == counted
    assert level.allocated - after.allocated == change.deallocated >= 0
    assert change.deallocated == 0 or after.available == 0
