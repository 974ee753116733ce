"""Moving stock: never below zero, the ledger always adds up to the level, and nobody deadlocks."""

from __future__ import annotations

import asyncio
import random
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fulfilhub.inventory import commands, queries
from fulfilhub.inventory.commands import Movement, ReceiptLine
from fulfilhub.inventory.rules.shortage import ShortOfStock
from fulfilhub.inventory.rules.stock import Level, MovementReason, NotEnoughStock
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Invalid, Stale
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.work import Works
from tests.inventory.world import allocated, make_products, make_world, received

PAPER = ids.new()
LEDGER_BREAKS = text(
    """
    SELECT count(*) FROM stock_levels AS l LEFT JOIN (
        SELECT merchant_id, product_id, warehouse_id, count(*) AS steps,
               sum(available) AS a, sum(allocated) AS b, sum(quarantined) AS c, sum(damaged) AS d, sum(incoming) AS e
        FROM stock_movements GROUP BY 1, 2, 3) AS s USING (merchant_id, product_id, warehouse_id)
    WHERE (l.available, l.allocated, l.quarantined, l.damaged, l.incoming, l.version)
          IS DISTINCT FROM (coalesce(a, 0), coalesce(b, 0), coalesce(c, 0), coalesce(d, 0), coalesce(e, 0),
                            coalesce(steps, 0))
    """
)


async def breaks(worker_works: Works) -> int:
    async with worker_works.begin(Platform("test")) as work:
        return int((await work.db.execute(LEDGER_BREAKS)).scalar_one())


async def level(works: Works, scope: Merchant, product: UUID, warehouse: UUID) -> Level:
    async with works.begin(scope) as work:
        return (await queries.lock_levels(work, [product]))[product, warehouse]


async def test_receiving_makes_the_level_and_tells_the_ledger(works: Works, worker_works: Works) -> None:
    world = await make_world(works)
    mug, cup = await make_products(works, world.merchant, "MUG", "CUP")
    async with works.begin(world.merchant) as work:
        lines = [ReceiptLine("MUG", 10), ReceiptLine("CUP", 5), ReceiptLine("MUG", 1)]
        receipt = await commands.receive(work, world.warehouse_id, lines, "PO 7")
    async with works.begin(world.merchant) as work:
        levels = {row.sku: row.available for row in await queries.list_levels(work, None, 9)}
        ledger = await queries.list_movements(work, None, 9, document_id=receipt.id)
        told = (await work.db.execute(text("SELECT data FROM events WHERE type = 'stock.received'"))).scalars().all()
    assert levels == {"MUG": 11, "CUP": 5}
    assert [(row.sku, row.available, row.available_after, row.note, row.actor) for row in ledger] == [
        ("MUG", 10, 10, "PO 7", "key_m"),
        ("CUP", 5, 5, "PO 7", "key_m"),
        ("MUG", 1, 11, "PO 7", "key_m"),
    ]
    assert {(row["product_id"], row["quantity"]) for row in told} == {(str(mug.id), 11), (str(cup.id), 5)}
    assert await breaks(worker_works) == 0


async def test_unknown_skus_are_named_and_nothing_is_booked(works: Works) -> None:
    world = await make_world(works)
    await make_products(works, world.merchant, "MUG")
    with pytest.raises(Invalid) as refused:
        async with works.begin(world.merchant) as work:
            await commands.receive(
                work, world.warehouse_id, [ReceiptLine("X", 1), ReceiptLine("MUG", 1), ReceiptLine("Y", 1)]
            )
    assert [fault.pointer for fault in refused.value.fields] == ["/lines/0/sku", "/lines/2/sku"]
    async with works.begin(world.merchant) as work:
        assert await queries.list_levels(work, None, 9) == []


async def test_a_shortage_names_sku_and_warehouse_and_moves_nothing(works: Works, worker_works: Works) -> None:
    world = await make_world(works)
    mug, cup = await make_products(works, world.merchant, "MUG", "CUP")
    async with works.begin(world.merchant) as work:
        await commands.move(work, [received(mug.id, world.warehouse_id, 5), received(cup.id, world.warehouse_id, 5)])
        with pytest.raises(ShortOfStock, match=r"4 available of MUG wanted at Leeds North, but only 3 there") as short:
            await commands.move(
                work, [allocated(cup.id, world.warehouse_id, 1), allocated(mug.id, world.warehouse_id, 2),
                       allocated(mug.id, world.warehouse_id, 4)]
            )  # fmt: skip
    assert (short.value.product_id, short.value.wanted, short.value.had) == (mug.id, 4, 3)
    assert await level(works, world.merchant, mug.id, world.warehouse_id) == Level(available=5)
    assert await level(works, world.merchant, cup.id, world.warehouse_id) == Level(available=5)
    assert await breaks(worker_works) == 0


async def test_steps_of_one_level_happen_in_their_order(works: Works, worker_works: Works) -> None:
    world = await make_world(works)
    (mug,) = await make_products(works, world.merchant, "MUG")
    up, down = received(mug.id, world.warehouse_id, 3), allocated(mug.id, world.warehouse_id, 3)
    with pytest.raises(ShortOfStock):
        async with works.begin(world.merchant) as work:
            await commands.move(work, [down, up])
    async with works.begin(world.merchant) as work:
        await commands.move(work, [up, down])
        ledger = await queries.list_movements(work, None, 9, product_id=mug.id)
    assert [(row.available_after, row.allocated_after) for row in ledger] == [(3, 0), (0, 3)]
    assert await level(works, world.merchant, mug.id, world.warehouse_id) == Level(allocated=3)
    assert await breaks(worker_works) == 0


async def test_any_number_of_movements_is_two_statements(works: Works) -> None:
    world = await make_world(works)
    products = await make_products(works, world.merchant, *(f"P{n:03}" for n in range(200)))
    async with works.begin(world.merchant) as work:  # the driver learns each connection's types once
        await commands.move(work, [received(p.id, world.warehouse_id, 1) for p in products[:2]])
    for size in (1, 200):
        async with works.begin(world.merchant) as work:
            sent: list[str] = []
            raw = (await work.db.get_raw_connection()).driver_connection
            assert raw is not None
            with raw.query_logger(lambda record, sent=sent: sent.append(record.query)):
                await commands.move(work, [received(p.id, world.warehouse_id, 1) for p in products[:size]])
                await asyncio.sleep(0)  # the driver tells its loggers one step of the loop later
            assert [" ".join(query.split()[:2]) for query in sent] == ["INSERT INTO", "WITH steps"]


@pytest.mark.parametrize(
    ("reason", "deltas"),
    [
        (MovementReason.SHIPPED, {"available": -1}),
        (MovementReason.ALLOCATED, {"available": -2, "allocated": 1}),
        (MovementReason.RECEIVED, {"available": 1, "damaged": 1}),
        (MovementReason.ADJUSTED, {}),
    ],
)
def test_a_movement_that_its_reason_does_not_allow_is_a_bug(reason: MovementReason, deltas: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="move"):
        Movement(
            product_id=ids.new(),
            warehouse_id=ids.new(),
            reason=reason,
            document="order",
            document_id=ids.new(),
            **cast("dict[str, Any]", deltas),
        )


async def test_the_ledger_can_only_grow(works: Works, worker_works: Works) -> None:
    world = await make_world(works)
    (mug,) = await make_products(works, world.merchant, "MUG")
    async with works.begin(world.merchant) as work:
        await commands.move(work, [received(mug.id, world.warehouse_id, 3)])
    for scope, chosen in ((world.merchant, works), (Platform("test"), worker_works)):
        for statement in ("UPDATE stock_movements SET available = 9, note = ''", "DELETE FROM stock_movements"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with chosen.begin(scope) as work:
                    await work.db.execute(text(statement))


async def test_the_database_itself_refuses_less_than_nothing(works: Works) -> None:
    world = await make_world(works)
    (mug,) = await make_products(works, world.merchant, "MUG")
    async with works.begin(world.merchant) as work:
        await commands.move(work, [received(mug.id, world.warehouse_id, 3)])
    for bucket in ("available", "allocated", "quarantined", "damaged", "incoming"):
        with pytest.raises(DBAPIError, match=f"ck_stock_levels_{bucket}"):
            async with works.begin(world.merchant) as work:
                await work.db.execute(text(f"UPDATE stock_levels SET {bucket} = -1"))  # noqa: S608


async def test_stock_is_a_merchants_own(works: Works) -> None:
    world, other = await make_world(works), await make_world(works)
    (mug,) = await make_products(works, world.merchant, "MUG")
    async with works.begin(world.merchant) as work:
        await commands.move(work, [received(mug.id, world.warehouse_id, 3)])
    async with works.begin(other.merchant) as work:
        assert await queries.lock_levels(work, [mug.id]) == {}
        assert await queries.list_movements(work, None, 9) == []
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_stock_levels_product"):
        async with works.begin(other.merchant) as work:
            await commands.move(work, [received(mug.id, world.warehouse_id, 3)])
    with pytest.raises(DBAPIError, match="permission denied"):
        async with works.begin(world.partner) as work:
            await work.db.execute(text("SELECT * FROM stock_levels"))


async def test_sixteen_at_once_never_oversell_and_never_deadlock(works: Works, worker_works: Works) -> None:
    """100 units each of 4 products, wanted in ever other orders by 16 tasks that together want far more."""
    world = await make_world(works)
    products = [row.id for row in await make_products(works, world.merchant, "A", "B", "C", "D")]
    async with works.begin(world.merchant) as work:
        await commands.move(work, [received(product, world.warehouse_id, 100) for product in products])

    async def shopper(seed: int) -> dict[UUID, int]:
        chance, got = random.Random(seed), dict.fromkeys(products, 0)
        for _ in range(12):
            wanted = {product: chance.randint(1, 5) for product in chance.sample(products, 3)}
            try:
                async with works.begin(world.merchant) as work:
                    await commands.move(work, [allocated(p, world.warehouse_id, n) for p, n in wanted.items()])
            except ShortOfStock:
                continue
            for product, units in wanted.items():
                got[product] += units
        return got

    taken = await asyncio.gather(*(shopper(seed) for seed in range(16)))
    async with works.begin(world.merchant) as work:
        levels = await queries.lock_levels(work, products)
    for product in products:
        sold = sum(got[product] for got in taken)
        assert levels[product, world.warehouse_id] == Level(available=100 - sold, allocated=sold)
        assert 60 < sold <= 100
    assert await breaks(worker_works) == 0


async def test_sixteen_at_once_make_the_same_new_levels(works: Works, worker_works: Works) -> None:
    world = await make_world(works)
    products = [row.id for row in await make_products(works, world.merchant, *"ABCDEFGH")]

    async def book(seed: int) -> None:
        chance = random.Random(seed)
        async with works.begin(world.merchant) as work:
            chosen = chance.sample(products, len(products))
            await commands.move(work, [received(product, world.warehouse_id, 1) for product in chosen])

    await asyncio.gather(*(book(seed) for seed in range(16)))
    async with works.begin(world.merchant) as work:
        levels = await queries.lock_levels(work, products)
    assert set(levels.values()) == {Level(available=16)}
    assert await breaks(worker_works) == 0


class TestAdjust:
    async def test_a_count_changes_available_and_is_told(self, works: Works, worker_works: Works) -> None:
        world = await make_world(works)
        (mug,) = await make_products(works, world.merchant, "MUG")
        key = (mug.id, world.warehouse_id)
        async with works.begin(world.merchant) as work:
            await commands.move(work, [received(*key, 10), allocated(*key, 4)])
            up = await commands.adjust(work, *key, adjustment_id=PAPER, reason="found", on_hand=12, expected_on_hand=10)
            down = await commands.adjust(work, *key, adjustment_id=PAPER, reason="lost", delta=-5)
            same = await commands.adjust(work, *key, adjustment_id=PAPER, reason="count", on_hand=7)
        assert (up.delta, down.delta, same.delta) == (2, -5, 0)
        assert same.level == Level(available=3, allocated=4)
        async with works.begin(world.merchant) as work:
            notes = [row.note for row in await queries.list_movements(work, None, 9)]
            told = await work.db.execute(text("SELECT count(*) FROM events WHERE type = 'stock.adjusted'"))
            assert told.scalar_one() == 2
        assert notes == ["", "", "found", "lost"]
        assert await breaks(worker_works) == 0

    async def test_below_what_is_allocated_it_says_how_much_to_free_and_keeps_no_lock(self, works: Works) -> None:
        world = await make_world(works)
        (mug,) = await make_products(works, world.merchant, "MUG")
        key = (mug.id, world.warehouse_id)
        async with works.begin(world.merchant) as work:
            await commands.move(work, [received(*key, 10), allocated(*key, 8)])
        async with works.begin(world.merchant) as work:
            told = await commands.adjust(work, *key, adjustment_id=PAPER, reason="count", on_hand=5)
            assert (told.shortfall, told.delta) == (3, 0)
            async with works.begin(world.merchant) as beside:
                await beside.db.execute(text("SET LOCAL lock_timeout = '1s'"))
                assert await queries.lock_levels(beside, [mug.id]) == {key: Level(available=2, allocated=8)}
            await commands.move(work, [allocated(*key, -3)])
            done = await commands.adjust(work, *key, adjustment_id=PAPER, reason="count", on_hand=5)
        assert (done.shortfall, done.delta) == (0, -5)
        assert await level(works, world.merchant, *key) == Level(available=0, allocated=5)

    async def test_it_refuses_what_changed_meanwhile_and_what_can_not_be(self, works: Works) -> None:
        world = await make_world(works)
        (mug,) = await make_products(works, world.merchant, "MUG")
        key = (mug.id, world.warehouse_id)
        damaged = Movement(
            product_id=mug.id, warehouse_id=world.warehouse_id, reason=MovementReason.DAMAGED, document="inspection",
            document_id=ids.new(), available=-3, damaged=3,
        )  # fmt: skip
        async with works.begin(world.merchant) as work:
            await commands.move(work, [received(*key, 5), damaged])
            with pytest.raises(Stale):
                await commands.adjust(work, *key, adjustment_id=PAPER, reason="c", on_hand=9, expected_on_hand=4)
            with pytest.raises(NotEnoughStock):
                await commands.adjust(work, *key, adjustment_id=PAPER, reason="c", on_hand=2)

    async def test_the_first_count_of_a_product_makes_its_level(self, works: Works, worker_works: Works) -> None:
        world = await make_world(works)
        (mug,) = await make_products(works, world.merchant, "MUG")
        key = (mug.id, world.warehouse_id)
        async with works.begin(world.merchant) as work:
            done = await commands.adjust(
                work, *key, adjustment_id=PAPER, reason="opening", on_hand=6, expected_on_hand=0
            )
        assert done.level == Level(available=6)
        assert await level(works, world.merchant, *key) == Level(available=6)
        assert await breaks(worker_works) == 0
