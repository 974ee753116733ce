"""`limit_single`, `limit_batch`: what PostgreSQL itself can do, on bare connections with nothing around them.

The rows are not written down here: they are what the product's own transaction wrote for such an order, with fresh
ids. So the limit follows the product's tables, columns and sizes, whatever they become.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures
from benchmarks.load import connections, rate, request
from benchmarks.rig import Rig
from benchmarks.world import order
from fulfilhub.platform import ids

CONNECTIONS = (4, 8, 16)
BATCH_CONNECTIONS = (1, 2, 4)
ORDERS = 10_000
BATCHES = 500
"""Transactions at most."""

SECONDS = 2.0
BATCH = 100
"""Orders a transaction."""

A_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

TABLES = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY 1
"""
COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute AS a WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped
AND a.attgenerated = '' ORDER BY a.attnum
"""
WRITER = "SELECT xmin::text FROM orders WHERE external_id = $1"

Rows = list[list[object]]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table that a transaction wrote."""

    name: str
    columns: Sequence[str]
    types: Sequence[str]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Example:
    """All that one transaction of the product wrote. `token` stands in its external ids and Idempotency-Key."""

    tables: Sequence[Table]
    token: str

    def statement(self) -> str:
        """The same rows in one statement, which is the quickest way: one round trip, one commit."""
        parts, place = [], 0
        for number, table in enumerate(self.tables):
            wanted = ", ".join(table.columns)
            if _few(table):
                rows = []
                for _ in table.rows:
                    rows.append("(" + ", ".join(f"${place + n}" for n in range(1, len(table.columns) + 1)) + ")")
                    place += len(table.columns)
                source = f"VALUES {', '.join(rows)}"
            else:
                arrays = ", ".join(f"${place + n}::{kind}[]" for n, kind in enumerate(table.types, 1))
                place += len(table.columns)
                source = f"SELECT * FROM unnest({arrays})"  # noqa: S608 - names of types only
            parts.append(f"t{number} AS (INSERT INTO {table.name} ({wanted}) {source})")
        return f"WITH {', '.join(parts)} SELECT"

    def arguments(self) -> list[object]:
        """The rows with fresh ids."""
        fresh = _Fresh(self.own_ids(), self.token)
        made: list[object] = []
        for table in self.tables:
            rows = [[fresh.of(value) for value in row] for row in table.rows]
            if _few(table):
                made.extend(value for row in rows for value in row)
            else:
                made.extend(list(column) for column in zip(*rows, strict=True))
        return made

    def own_ids(self) -> Iterator[UUID]:
        """The ids that the transaction gave."""
        for table in self.tables:
            if "id" in table.columns:
                at = table.columns.index("id")
                yield from (value for row in table.rows if isinstance(value := row[at], UUID))


def _few(table: Table) -> bool:
    return len(table.rows) <= 2


class _Fresh:
    """Gives a row's value anew: ids of its transaction are other ones, all else is the same."""

    def __init__(self, old: Iterable[UUID], token: str) -> None:
        self._ids = {each: ids.new() for each in old}
        self._texts = {str(each): str(new) for each, new in self._ids.items()}
        self._token, self._new_token = token, secrets.token_hex(len(token) // 2)

    def of(self, value: object) -> object:
        if isinstance(value, UUID):
            return self._ids.get(value, value)
        if isinstance(value, str):
            with_token = value.replace(self._token, self._new_token)
            return (
                A_UUID.sub(lambda found: self._texts.get(found[0], found[0]), with_token)
                if "-" in value
                else with_token
            )
        return value


async def limit_single(bench: Bench) -> Figures:
    """Orders/s, one a transaction, at the number of connections that does best."""
    example = await _example(bench, 1)
    found = [await _best(bench.rig, example, connections, ORDERS) for connections in CONNECTIONS]
    return {"limit_single": max(found)}


async def limit_batch(bench: Bench) -> Figures:
    """Orders/s, a hundred a transaction."""
    example = await _example(bench, BATCH)
    found = [await _best(bench.rig, example, connections, BATCHES) for connections in BATCH_CONNECTIONS]
    return {"limit_batch": BATCH * max(found)}


async def _best(rig: Rig, example: Example, number: int, transactions: int) -> float:
    """Transactions/s over so many connections."""
    pool = [await asyncpg.connect(rig.owner_url) for _ in range(number)]
    try:
        prepared = [await connection.prepare(example.statement()) for connection in pool]
        waiting = [example.arguments() for _ in range(transactions)]

        async def write(statement: PreparedStatement) -> int:
            if not waiting:
                return 0
            await statement.fetch(*waiting.pop())
            return 1

        return await rate(prepared, write, SECONDS)
    finally:
        for connection in pool:
            await connection.close()
        await rig.forget_jobs()


async def _example(bench: Bench, size: int) -> Example:
    """Let the API take `size` orders, and read back everything that this wrote."""
    token = secrets.token_hex(8)
    orders = [order(f"{token}-{number}", bench.world.chance) for number in range(size)]
    body, path = orders[0], "/v1/orders"
    if size > 1:
        body, path = b'{"orders":[' + b",".join(orders) + b"]}", "/v1/orders/batch"
    async with connections(bench.rig.port, 1) as (connection,):
        answer = await connection.call(request(path, bench.world.merchant_key, body, once=token))
    if answer.status not in {200, 201}:
        raise Broken(f"POST {path} answered {answer.status}: {answer.body[:300]!r}")
    async with bench.rig.owner() as owner:
        writer = await owner.fetchval(WRITER, f"{token}-0")
        names = [row["relname"] for row in await owner.fetch(TABLES)]
        tables = [await _table(owner, name, writer) for name in names]
    return Example([table for table in tables if table.rows], token)


async def _table(owner: asyncpg.Connection, name: str, writer: str) -> Table:
    columns = await owner.fetch(COLUMNS, name)
    wanted = [row["name"] for row in columns]
    query = f"SELECT {', '.join(wanted)} FROM {name} WHERE xmin = $1::text::xid"  # noqa: S608 - the catalogue's names
    rows = [list(row) for row in await owner.fetch(query, writer)]
    return Table(name, wanted, [row["type"] for row in columns], rows)
