"""The simulated partner's choices: the same for the same orders, and no more than its habits allow."""

from __future__ import annotations

from fulfilhub.demo.door import JsonObject
from fulfilhub.demo.partner import (
    Done,
    Habits,
    chance_of,
    scans,
    short_line,
    short_pick,
    tracking_number,
    wants_to_reject,
)

NUMBERS = [str(number) for number in range(1000, 1100)]


def test_chances_are_the_same_every_time_and_differ_by_seed() -> None:
    assert [chance_of(1, n) for n in NUMBERS] == [chance_of(1, n) for n in NUMBERS]
    assert [chance_of(1, n) for n in NUMBERS] != [chance_of(2, n) for n in NUMBERS]
    assert all(0 <= chance_of(1, n) < 100 for n in NUMBERS)


def test_it_rejects_no_more_than_its_habit_and_no_order_twice() -> None:
    habits, done, refused = Habits(rejects=3), Done(), set[str]()
    for number in [*NUMBERS, *NUMBERS]:
        if wants_to_reject(habits, number, done, refused):
            done.rejected += 1
            assert number not in refused
            refused.add(number)
    assert done.rejected == 3
    assert len(refused) == 3


def test_only_a_line_of_several_units_is_picked_short() -> None:
    one, two = {"line_id": "a", "quantity": 1}, {"line_id": "b", "quantity": 2}
    found = [short_line(Habits(), number, [one, two], Done()) for number in NUMBERS]
    assert two in found
    assert one not in found
    assert all(short_line(Habits(), number, [one], Done()) is None for number in NUMBERS)
    assert all(short_line(Habits(shorts=1), number, [two], Done(short=1)) is None for number in NUMBERS)


KIT: JsonObject = {
    "line_id": "kit",
    "sku": "SET",
    "barcodes": [],
    "quantity": 3,
    "components": [
        {"product_id": "prd_mug", "sku": "MUG", "barcodes": ["501", "502"], "units": 2, "quantity": 6},
        {"product_id": "prd_tea", "sku": "TEA", "barcodes": [], "units": 1, "quantity": 3},
    ],
}
PLAIN: JsonObject = {"line_id": "cup", "sku": "CUP", "barcodes": ["503"], "quantity": 2, "components": None}


def test_a_kit_is_scanned_and_picked_short_as_its_components() -> None:
    assert scans(KIT, 2) == ["501"] * 4 + ["TEA"] * 2
    assert scans(PLAIN, 2) == ["503"] * 2
    assert short_pick(KIT) == {"line_id": "kit", "product_id": "prd_mug", "found": 5, "reason": "not_found"}
    assert short_pick(PLAIN) == {"line_id": "cup", "found": 1, "reason": "not_found"}


def test_a_work_order_keeps_its_tracking_number() -> None:
    assert tracking_number(1, "wko_1", "dpd") == tracking_number(1, "wko_1", "dpd")
    assert tracking_number(1, "wko_1", "dpd") != tracking_number(1, "wko_2", "dpd")
    assert tracking_number(1, "wko_1", "evri").startswith("H0")
