"""The walls around a merchant in the middle of its day: every table and every endpoint, from every stranger's side.

A table that the populated world leaves empty, an endpoint without a key, or a path parameter that is not known here
fails the walk: fill it in `tests/make/populated.py`, or say in the registries below why it stands apart.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fulfilhub.app import contract
from fulfilhub.catalogue_of_tables import METADATA
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Customer, Merchant, Operator, Partner, Platform, Scope
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.populated import IDS, Populated, populate
from tests.make.scene import HALL
from tests.make.world import Client, account
from tests.test_tenancy import CLASSES
from tests.test_walls import SOME_ID

TABLES = sorted(table for table in METADATA.tables if CLASSES[table] in {"merchant", "account"})

# What the platform's own staff may see of everybody: who there is, their keys (never the secret), and what is broken.
OPERATORS: dict[str, str] = {"accounts": "true", "api_keys": "true", "jobs": "state = 'dead'"}
MAKES = {"accounts", "api_keys"}

# How a customer's own rows are known where there is no column `order_id`; all other tables are shut.
CUSTOMERS: dict[str, str] = {
    "accounts": "account_id = :merchant",
    "events": "subject_id = :order",
    "orders": "id = :order",
    "tracking_events": "parcel_id IN (SELECT id FROM parcels WHERE order_id = :order)",
}

# Operations without a key: what lets their callers in instead.
OPEN: dict[str, str] = {
    "GET /health/live": "nothing to protect",
    "GET /health/ready": "nothing to protect",
    "POST /shopify/connect": "a session token of the shop, and a one-time code",
    "POST /shopify/session": "a session token of the shop",
    "POST /shopify/webhooks": "the app's signature",
    "POST /v1/carriers/{carrier_id}/webhook": "the connection's signature",
    "POST /v1/stores/connect": "a one-time code",
    "POST /v1/stores/woocommerce-authorisations/callback": "a one-time code",
    "POST /v1/stores/{store_id}/deliveries": "the store's signature",
    "POST /v1/stores/{store_id}/webhooks/shopify": "the store's signature",
    "POST /v1/stores/{store_id}/webhooks/woocommerce": "the store's signature",
}

# What a stranger may be told of: the test twin knows whose twin it is.
TOLD: dict[str, Callable[[Populated], set[str]]] = {
    "neighbour": lambda world: {world.merchant.account_id},  # whom it has a contract with
    "twin": lambda world: {world.merchant.account_id},
}

# Kinds of ids that no answer holds: a service's is in the address that its shop calls, which only the shop is told.
UNTOLD = {ids.SESSION.prefix, ids.STORE_SERVICE.prefix}

# What answers a caller with ids that it sent itself before, in vain.
ECHOES = {"GET /v1/audit-log"}

# Operations that a stranger may call with another's id in the path, because nothing is told and nothing done.
HARMLESS = {"POST /v1/work/leases/{lease_id}/release"}


@pytest.fixture
async def world(http: httpx.AsyncClient, platform_key: str, worker_works: Works, settings: Settings) -> Populated:
    return await populate(http, platform_key, worker_works, settings)


def mine(table: str) -> str:
    """Which rows are the merchant's, or its partner's."""
    columns = METADATA.tables[table].columns
    named = [f"{name} IN (:merchant, :partner)" for name in ("account_id", "merchant_id") if name in columns]
    return f"({' OR '.join(named)})"


async def prints(world: Populated) -> dict[str, str]:
    """A digest of the merchant's and its partner's rows, by table."""
    found = {}
    async with world.works.begin(Platform("test")) as work:
        for table in TABLES:
            query = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"  # noqa: S608
            found[table] = (await work.db.execute(text(f"{query} WHERE {mine(table)}"), world.names)).scalar_one()
    return found


# Tables ------------------------------------------------------------------------------------------------------


async def _attempt(works: Works, scope: Scope, statement: str, values: dict[str, object]) -> int | None:
    """How many rows the statement gave or touched; None when the scope may not even try. All is undone."""
    try:
        async with works.begin(scope) as work:
            touched = (await work.db.execute(text(statement), values)).all()
            await work.execute_raw("ROLLBACK")
            await work.execute_raw("BEGIN")
            return len(touched)
    except DBAPIError as error:
        if "permission denied" not in str(error) and "row-level security" not in str(error):
            raise
        return None


async def _copies(world: Populated) -> dict[str, str]:
    """A row of the merchant's from each table, as JSON."""
    found = {}
    async with world.works.begin(Platform("test")) as work:
        for table in TABLES:
            query = f"SELECT to_jsonb(t)::text FROM {table} AS t WHERE {mine(table)} LIMIT 1"  # noqa: S608
            row = (await work.db.execute(text(query), world.names)).scalar_one_or_none()
            assert row is not None, f"{table} is empty in the populated world: fill it in tests/make/populated.py"
            found[table] = str(row)
    return found


def _insert(table: str) -> str:
    columns = [column.name for column in METADATA.tables[table].columns if column.computed is None]
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} "  # noqa: S608
        f"FROM jsonb_populate_record(NULL::{table}, cast(:row AS jsonb)) RETURNING 1"
    )


def _account(client: Client) -> UUID:
    return ids.ACCOUNT.find(client.account_id)


async def test_no_row_of_any_table_is_reached_from_outside(world: Populated, works: Works) -> None:
    copies = await _copies(world)
    await _strangers_reach_nothing(world, works, copies)
    await _staff_sees_no_business(world, works, copies)
    await _a_customer_sees_one_order_and_changes_nothing(world, works)


async def _strangers_reach_nothing(world: Populated, works: Works, copies: dict[str, str]) -> None:
    strangers: list[Scope] = [
        Merchant(_account(world.other_merchant)),
        Merchant(_account(world.twin)),
        Merchant(_account(world.other_partner)),
        Partner(_account(world.other_partner)),
        Partner(_account(world.other_merchant)),
        Partner(_account(world.twin)),
        Customer(_account(world.other_merchant), ids.ORDER.find(world.made["delivered"])),
    ]
    for scope, table in itertools.product(strangers, TABLES):
        named = (type(scope).__name__, table)
        lead = METADATA.tables[table].primary_key.columns.values()[0].name
        for statement in (
            f"SELECT 1 FROM {table} WHERE {mine(table)}",  # noqa: S608
            f"UPDATE {table} SET {lead} = {lead} WHERE {mine(table)} RETURNING 1",  # noqa: S608
            f"DELETE FROM {table} WHERE {mine(table)} RETURNING 1",  # noqa: S608
        ):
            assert not await _attempt(works, scope, statement, world.names), (*named, statement)
        assert await _attempt(works, scope, _insert(table), {"row": copies[table]}) is None, (*named, "INSERT")


async def _staff_sees_no_business(world: Populated, works: Works, copies: dict[str, str]) -> None:
    staff = Operator(ids.new())
    for table in TABLES:
        unseen = f"{mine(table)} AND NOT ({OPERATORS.get(table, 'false')})"
        lead = METADATA.tables[table].primary_key.columns.values()[0].name
        for statement in (
            f"SELECT 1 FROM {table} WHERE {unseen}",  # noqa: S608
            f"UPDATE {table} SET {lead} = {lead} WHERE {unseen} RETURNING 1",  # noqa: S608
            f"DELETE FROM {table} WHERE {mine(table)} RETURNING 1",  # noqa: S608
        ):
            assert not await _attempt(works, staff, statement, world.names), (table, statement)
        if table not in MAKES:
            assert await _attempt(works, staff, _insert(table), {"row": copies[table]}) is None, table


async def _a_customer_sees_one_order_and_changes_nothing(world: Populated, works: Works) -> None:
    order = ids.ORDER.find(world.made["delivered"])
    values = {**world.names, "order": order}
    seen = set()
    for table in TABLES:
        columns = METADATA.tables[table].columns
        own = CUSTOMERS.get(table, "order_id = :order" if "order_id" in columns else "false")
        scope, key = Customer(world.merchant_id, order), columns.keys()[0]
        every = await _attempt(works, scope, f"SELECT {key} FROM {table}", {})  # noqa: S608
        theirs = await _attempt(works, scope, f"SELECT {key} FROM {table} WHERE {own}", values)  # noqa: S608
        assert every == theirs, table
        seen |= {table} if every else set()
        for statement in (
            f"UPDATE {table} SET {key} = {key} RETURNING 1",  # noqa: S608
            f"DELETE FROM {table} RETURNING 1",  # noqa: S608
        ):
            assert not await _attempt(works, scope, statement, {}), (table, statement)
        nobody = Customer(world.merchant_id, ids.new())
        assert table == "accounts" or not await _attempt(works, nobody, f"SELECT {key} FROM {table}", {}), table  # noqa: S608
    assert {"accounts", "orders", "order_lines", "parcels", "returns", "tracking_events"} <= seen


# Endpoints ---------------------------------------------------------------------------------------------------

CONTRACT: dict[str, Any] = msgspec.json.decode(contract())
AN_ID = re.compile(r"\b([a-z]{2,4})_([0-9a-hjkmnp-tv-z]{26})\b")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, what the contract tells) of every operation."""
    for path, methods in CONTRACT["paths"].items():
        for method, told in methods.items():
            yield method.upper(), path, told


def test_who_gets_in_without_a_key_is_known() -> None:
    unlocked = {f"{method} {path}" for method, path, told in operations() if not told.get("security")}
    assert unlocked == set(OPEN)


def test_every_kind_of_id_is_known_to_the_walk() -> None:
    kinds = {value for value in vars(ids).values() if isinstance(value, ids.Kind)}
    assert kinds == set(IDS), "say in tests/make/populated.py where these ids are"
    parameters = {name for _, path, _ in operations() for name in re.findall(r"{(\w+)}", path)}
    assert parameters <= set(SOME_ID), "say in tests/test_walls.py what kind of id this is"


class Walk:
    """Every call that can be made with the world's own ids."""

    def __init__(self, known: dict[ids.Kind, list[str]]) -> None:
        self._known = known
        self._by_prefix = {kind.prefix: values for kind, values in known.items()}
        self.own = {value for values in known.values() for value in values}

    def calls(self, path: str) -> list[str]:
        """The path filled so that each id is used at least once."""
        names = re.findall(r"{(\w+)}", path)
        lists = [self._known[SOME_ID[name]] for name in names]
        for name, values in zip(names, lists, strict=True):
            assert values, f"the populated world has no {name}"
        size = max((len(values) for values in lists), default=1)
        found = []
        for place in range(size):
            filled = path
            for name, values in zip(names, lists, strict=True):
                filled = filled.replace(f"{{{name}}}", values[place % len(values)])
            found.append(filled)
        return found

    def body(self, told: dict[str, Any], place: int) -> Any:
        """The contract's own example, its ids replaced by the world's."""
        content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
        example = content.get("example", next((each["value"] for each in content.get("examples", {}).values()), None))

        def ours(found: re.Match[str]) -> str:
            values = self._by_prefix.get(found[1])
            return values[place % len(values)] if values else found[0]

        return msgspec.json.decode(AN_ID.sub(ours, msgspec.json.encode(example).decode()))


async def _walk(world: Populated) -> Walk:
    known = {kind: await world.ids_of(kind) for kind in IDS}
    assert all(known.values()), [kind.noun for kind, values in known.items() if not values]
    return Walk(known)


async def test_no_stranger_gets_an_answer_about_the_merchant(world: Populated) -> None:
    walk = await _walk(world)
    await _owners_are_told(world, walk)
    neighbour = await _neighbour(world)
    before = await prints(world)
    strangers = {
        "neighbour": neighbour,
        "merchant": world.other_merchant,
        "partner": world.other_partner,
        "twin": world.twin,
        "nobody": Client(world.http, "", ""),
    }
    for (method, path, told), (name, caller) in itertools.product(operations(), strangers.items()):
        if f"{method} {path}" in OPEN:
            continue
        for place, filled in enumerate(walk.calls(path)):
            sent = walk.body(told, place)
            headers = caller.headers({"Idempotency-Key": f"{name}-{place}-{method}-{path}"}) if caller.key else {}
            answer = await world.http.request(method, filled, json=sent, headers=headers)
            call = (name, method, filled, answer.status_code, answer.text[:500])
            asked = set(_ids_in(filled)) | set(_ids_in(msgspec.json.encode(sent).decode()))
            told_back = set() if f"{method} {path}" in ECHOES else set(_ids_in(answer.text)) & walk.own
            assert told_back <= asked | (TOLD[name](world) if name in TOLD else set()), call
            if name == "nobody":
                assert answer.status_code == 401, call
            elif "{" in path and f"{method} {path}" not in HARMLESS:
                assert answer.status_code in {403, 404} or _lease_lost(answer), call
            else:
                assert answer.status_code < 500, call
    assert await prints(world) == before


async def _neighbour(world: Populated) -> Client:
    """A partner under contract with the merchant, for a warehouse to which nothing was sent: all it reaches of the
    merchant is that contract."""
    partner = await account(world.http, world.operator.key, "partner", "Next Door 3PL")
    place = await partner.made("/v1/warehouses", {**HALL, "code": "NEXT"})
    offer = {"merchant_id": world.merchant.account_id, "warehouse_id": place["id"], "starts_on": "2026-01-01"}
    contract = await partner.made("/v1/contracts", offer)
    await world.merchant.made(f"/v1/contracts/{contract['id']}/accept", {})
    return partner


def _lease_lost(answer: httpx.Response) -> bool:
    # A lease that is not one's own is as good as one that has run out: the same answer, whoever's it is.
    return answer.status_code == 409 and answer.json()["code"] == "lease_lost"


def _ids_in(words: str) -> list[str]:
    return [found[0] for found in AN_ID.finditer(words)]


async def _owners_are_told(world: Populated, walk: Walk) -> None:
    """The walk means something only if the same calls, by those whose business it is, do tell."""
    told: set[str] = set()
    for method, path, _ in operations():
        if method == "GET" and f"GET {path}" not in OPEN:
            for filled in walk.calls(path):
                for owner in (world.merchant, world.partner, world.operator):
                    told |= set(_ids_in((await owner.get(filled)).text))
    prefixes = {name.partition("_")[0] for name in walk.own & told}
    assert {kind.prefix for kind in IDS} - prefixes <= UNTOLD
