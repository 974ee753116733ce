"""Which cartons a work order's units go into.

First fit, biggest first, by extreme points (T. G. Crainic, G. Perboli, R. Tadei, "Extreme point-based heuristics for
three-dimensional bin packing", 2008), exact in whole millimetres and grams. What nothing is known of is named and never
packed; the answer is a proposal, which whoever packs may overrule.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, permutations

MOST_UNITS = 500
"""Of orders bigger than this no proposal is made: they are packed by pallets and by people who know them."""
MOST_TRIED = 6
"""Boxes that are filled to see which takes the most, where no single one takes everything."""

Size = tuple[int, int, int]
Point = tuple[int, int, int]


class WhyNotPacked(StrEnum):
    """Why units are in no carton of the proposal."""

    NO_SIZE = "no_size"
    NO_WEIGHT = "no_weight"
    TOO_BIG = "too_big"
    TOO_HEAVY = "too_heavy"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """So many units of one thing. `key` is whatever the caller knows it by; millimetres, grams. `upright`: the height
    stays the height. Nothing is put on what is `fragile`. `dangerous` names what makes it so: only units with just the
    same text share a carton."""

    key: Hashable
    quantity: int
    size: Size | None
    grams: int | None
    upright: bool = False
    fragile: bool = False
    dangerous: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A kind of carton: inner millimetres, its own weight, and the heaviest it may be with its contents. Of boxes that
    will do, the lowest `rank` is taken, then the smallest."""

    key: Hashable
    size: Size
    tare_grams: int
    max_grams: int
    rank: int = 0

    @property
    def volume(self) -> int:
        """Cubic millimetres inside."""
        return self.size[0] * self.size[1] * self.size[2]


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit in a carton: the corner nearest the origin, and the unit's size as it lies there."""

    key: Hashable
    at: Point
    size: Size


@dataclass(frozen=True, slots=True)
class Carton:
    """A box with units in it; `grams` with the box itself."""

    box: Box
    placed: tuple[Placed, ...]
    grams: int


@dataclass(frozen=True, slots=True)
class NotPacked:
    """Units that the proposal leaves out."""

    key: Hashable
    quantity: int
    reason: WhyNotPacked


@dataclass(frozen=True, slots=True)
class Plan:
    """The proposal."""

    cartons: tuple[Carton, ...]
    left_out: tuple[NotPacked, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """One unit to be placed; `ways` are the sizes it may lie in."""

    key: Hashable
    grams: int
    fragile: bool
    ways: tuple[Size, ...]
    volume: int


def cartonise(items: Sequence[Item], boxes: Sequence[Box]) -> Plan:
    """The cartons for these items: as few as are found, and of those the lowest ranks.

    Every unit is either in one carton or named in `left_out`. Nothing overlaps, nothing sticks out, no carton is
    heavier than its box may be; dangerous things are apart from all others, and nothing lies above a fragile one.
    """
    chosen = sorted(boxes, key=lambda box: (box.rank, box.volume, box.size, str(box.key)))
    good: list[Item] = []
    left_out: list[NotPacked] = []
    for item in items:
        reason = _fault(item, chosen)
        if item.quantity > 0 and reason is not None:
            left_out.append(NotPacked(item.key, item.quantity, reason))
        elif item.quantity > 0:
            good.append(item)
    if sum(item.quantity for item in good) > MOST_UNITS:
        left_out += [NotPacked(item.key, item.quantity, WhyNotPacked.TOO_MANY) for item in good]
        good = []
    good.sort(key=lambda item: item.dangerous)
    cartons: list[Carton] = []
    for _, together in groupby(good, key=lambda item: item.dangerous):
        cartons += _pack(_units(together), chosen)
    return Plan(tuple(cartons), tuple(left_out))


def _fault(item: Item, boxes: Sequence[Box]) -> WhyNotPacked | None:
    if item.size is None:
        return WhyNotPacked.NO_SIZE
    if item.grams is None:
        return WhyNotPacked.NO_WEIGHT
    roomy = [box for box in boxes if any(_inside(way, box.size) for way in _ways(item))]
    if not roomy:
        return WhyNotPacked.TOO_BIG
    if not any(box.tare_grams + item.grams <= box.max_grams for box in roomy):
        return WhyNotPacked.TOO_HEAVY
    return None


def _ways(item: Item) -> tuple[Size, ...]:
    """The sizes an item may lie in, flattest first: a low pile leaves the most room above it."""
    length, width, height = item.size or (0, 0, 0)
    turns: Iterable[Size] = (
        [(length, width, height), (width, length, height)]
        if item.upright
        else [(a, b, c) for a, b, c in permutations((length, width, height))]
    )
    return tuple(sorted(set(turns), key=lambda way: (way[2], way[1], way[0])))


def _inside(size: Size, room: Size) -> bool:
    return size[0] <= room[0] and size[1] <= room[1] and size[2] <= room[2]


def _units(items: Iterable[Item]) -> list[_Unit]:
    """Every unit, those that others may lie on first, then the biggest first; like ones stay together."""
    kinds = []
    for place, item in enumerate(items):
        length, width, height = item.size or (0, 0, 0)
        volume = length * width * height
        unit = _Unit(item.key, item.grams or 0, item.fragile, _ways(item), volume)
        kinds.append(((item.fragile, -volume, -max(length, width, height), place), unit, item.quantity))
    kinds.sort(key=lambda kind: kind[0])
    return [unit for _, unit, many in kinds for _ in range(many)]


def _pack(units: Sequence[_Unit], boxes: Sequence[Box]) -> Iterator[Carton]:
    """Cartons for units that may be together; each of them fits some box alone."""
    left = list(units)
    while left:
        carton = _whole(left, boxes)
        if carton is not None:
            yield carton
            return
        filled = _fullest(left, boxes)
        taken, left = filled.taken, filled.left
        yield _whole(taken, boxes) or filled.carton()


def _whole(units: Sequence[_Unit], boxes: Sequence[Box]) -> Carton | None:
    """The first box that takes all of them, packed."""
    volume, grams = sum(unit.volume for unit in units), sum(unit.grams for unit in units)
    for box in boxes:
        if box.volume >= volume and box.tare_grams + grams <= box.max_grams:
            filling = _Filling(box)
            if all(filling.add(unit) for unit in units):
                return filling.carton()
    return None


def _fullest(units: Sequence[_Unit], boxes: Sequence[Box]) -> _Filling:
    """Of the roomiest boxes that take the first unit, the one that takes the most of all."""
    first = units[0]
    fitting = [
        box
        for box in boxes
        if box.tare_grams + first.grams <= box.max_grams and any(_inside(way, box.size) for way in first.ways)
    ]
    fitting.sort(key=lambda box: (-box.volume, -box.max_grams, box.rank))
    filled = []
    for box in fitting[:MOST_TRIED]:
        filling = _Filling(box)
        for unit in units:
            if not filling.add(unit):
                filling.left.append(unit)
        filled.append(filling)
    return max(filled, key=lambda each: (len(each.taken), each.volume, -each.box.rank, -each.box.volume))


@dataclass(slots=True)
class _Filling:
    """A box being filled. `dead` are, by kind of unit, the points where one was tried: a box only ever gets fuller."""

    box: Box
    points: list[Point] = field(default_factory=lambda: [(0, 0, 0)])
    placed: list[tuple[Point, Size, bool]] = field(default_factory=list)
    taken: list[_Unit] = field(default_factory=list)
    left: list[_Unit] = field(default_factory=list)
    grams: int = 0
    volume: int = 0
    dead: dict[Hashable, set[Point]] = field(default_factory=dict)
    known: dict[Point, None] = field(default_factory=dict)

    def add(self, unit: _Unit) -> bool:
        """Place the unit at the lowest point where it fits, if there is one."""
        if self.box.tare_grams + self.grams + unit.grams > self.box.max_grams:
            return False
        if self.volume + unit.volume > self.box.volume:
            return False
        tried = self.dead.setdefault((unit.ways, unit.fragile), set())
        for point in self.points:
            if point in tried:
                continue
            tried.add(point)
            for way in unit.ways:
                if self._fits(point, way, unit.fragile):
                    self._put(unit, point, way)
                    return True
        return False

    def carton(self) -> Carton:
        """As it is now."""
        placed = tuple(Placed(unit.key, at, size) for unit, (at, size, _) in zip(self.taken, self.placed, strict=True))
        return Carton(self.box, placed, self.box.tare_grams + self.grams)

    def _fits(self, at: Point, size: Size, fragile: bool) -> bool:
        x, y, z = at
        right, back, top = x + size[0], y + size[1], z + size[2]
        room = self.box.size
        if right > room[0] or back > room[1] or top > room[2]:
            return False
        for (ox, oy, oz), (ol, ow, oh), other_fragile in self.placed:
            if x < ox + ol and ox < right and y < oy + ow and oy < back:
                if z < oz + oh and oz < top:
                    return False
                if (other_fragile and z >= oz + oh) or (fragile and oz >= top):
                    return False
        return True

    def _put(self, unit: _Unit, at: Point, size: Size) -> None:
        self.taken.append(unit)
        self.placed.append((at, size, unit.fragile))
        self.grams += unit.grams
        self.volume += unit.volume
        for point in self._corners(at, size):
            self.known[point] = None
        self.known.pop(at, None)
        self.points = sorted(self.known, key=lambda point: (point[2], point[1], point[0]))

    def _corners(self, at: Point, size: Size) -> Iterator[Point]:
        """The extreme points a unit adds: three of its corners, each let slide along both other axes until it meets
        something."""
        for axis in range(3):
            corner = list(at)
            corner[axis] += size[axis]
            if corner[axis] >= self.box.size[axis]:
                continue
            for along in range(3):
                if along != axis:
                    yield self._slide((corner[0], corner[1], corner[2]), along)

    def _slide(self, point: Point, along: int) -> Point:
        stop = 0
        one, two = (axis for axis in range(3) if axis != along)
        for at, size, _ in self.placed:
            end = at[along] + size[along]
            if (
                stop < end <= point[along]
                and at[one] <= point[one] < at[one] + size[one]
                and at[two] <= point[two] < at[two] + size[two]
            ):
                stop = end
        slid = list(point)
        slid[along] = stop
        return (slid[0], slid[1], slid[2])
