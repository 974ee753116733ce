"""The audit finds nothing wrong with a world that is right, and names each break that is planted in it."""

from __future__ import annotations

import json
import subprocess
import sys

import asyncpg
import httpx
import pytest

from fulfilhub.auditing import CHECKS
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.make.populated import populate

NAMES = {
    "$DELIVERED": "(SELECT id FROM orders WHERE external_id = 'delivered')",
    "$QUEUED": "(SELECT id FROM orders WHERE external_id = 'queued')",
    "$ID": "'01a212c7-9ea5-7189-bd24-4e6e636ce9dc'",
}

# Check -> statements (of the owner, each undone) that break what it holds, and no more than they must.
PLANTED: dict[str, str] = {
    # stock
    "the ledger's sum equals each stock level, bucket by bucket": "UPDATE stock_levels SET available = available + 1",
    "no stock bucket is below zero": "ALTER TABLE stock_levels DROP CONSTRAINT ck_stock_levels_damaged; "
    "UPDATE stock_levels SET damaged = -1",
    "no movement left a bucket below zero": "ALTER TABLE stock_movements DROP CONSTRAINT ck_stock_movements_after; "
    "UPDATE stock_movements SET available_after = -1 WHERE reason = 'received'",
    "allocated stock is what open fulfilments still hold": "UPDATE stock_levels SET allocated = allocated + 1",
    "each fulfilment took from stock what it holds or sent, and no more": "UPDATE stock_movements SET allocated = 1 "
    "WHERE reason = 'allocated'",
    "what left the building was taken from its warehouse's stock": "UPDATE parcel_contents SET quantity = quantity + 1",
    "what inspections put back is in the ledger": "DELETE FROM stock_movements WHERE document = 'return'",
    "kits have components, and only kits": "DELETE FROM product_components",
    # orders
    "no order was taken twice": "ALTER TABLE orders DROP CONSTRAINT uq_orders_external_id; "
    "INSERT INTO orders SELECT (o).* FROM (SELECT jsonb_populate_record(x, jsonb_build_object('id', $ID)) AS o "
    "FROM orders AS x WHERE external_id = 'delivered') AS copy",
    "each order belongs to a merchant that there is": "DELETE FROM accounts WHERE kind = 'merchant'",
    "each order of the last week was told of, once": "DELETE FROM events WHERE subject_id = $DELIVERED",
    "no accepted order is forgotten": "UPDATE orders SET status = 'received' WHERE external_id = 'delivered'",
    "line counters are in order": "ALTER TABLE order_lines DROP CONSTRAINT ck_order_lines_counters; "
    "UPDATE order_lines SET delivered = shipped + 1",
    "what lines count as allocated, picked and shipped is what their fulfilments say": "UPDATE order_lines "
    "SET allocated = allocated - 1 WHERE order_id = $QUEUED",
    "what lines count as shipped is what the parcels hold": "DELETE FROM parcel_contents",
    "what lines count as delivered is what delivered parcels hold": "UPDATE parcels SET state = 'in_transit'",
    "what lines count as asked back and as returned is what their returns say": "UPDATE return_lines SET advised = 9",
    "what a return's lines count as inspected is what the verdicts say": "DELETE FROM return_verdicts",
    "each order's status is what its lines and flags say": "UPDATE orders SET status = 'routed' WHERE id = $DELIVERED",
    "each ended order's promise is decided once a stage, or waited for": "DELETE FROM promise_verdicts; "
    "UPDATE order_promises SET look_at = NULL",
    "each promise is decided whole, or looked at again": "DELETE FROM promise_verdicts; "
    "UPDATE order_promises SET look_at = NULL",
    # work
    "each fulfilment and its work order are in the same state": "UPDATE work_orders SET state = 'picked' "
    "WHERE order_id = $QUEUED",
    "each fulfilment's lines and its work order's are the same": "DELETE FROM work_order_lines",
    "no fulfilment has two live leases": "ALTER TABLE work_orders ALTER carrier DROP EXPRESSION, "
    "ALTER country DROP EXPRESSION, ALTER postcode DROP EXPRESSION; "
    "INSERT INTO work_orders SELECT (o).* FROM (SELECT jsonb_populate_record(w, "
    "jsonb_build_object('account_id', gen_random_uuid())) AS o FROM work_orders AS w LIMIT 1) AS copy",
    "a lease has an owner and an end": "UPDATE work_orders SET lease_actor = NULL",
    "one lease is one claim's": "UPDATE work_orders SET lease_actor = id::text, lease_until = now(), lease_id = $ID",
    "ended work has no lease": "UPDATE work_orders SET lease_id = $ID, lease_until = now() WHERE state = 'shipped'",
    "no work order tells more of the customer than its contract allows": "UPDATE work_orders "
    """SET document = jsonb_set(document, '{ship_to,phone}', '"07700900123"') WHERE order_id = $QUEUED""",
    "ended work has no open request": "UPDATE work_orders SET state = 'cancelled', ended_at = now() "
    "WHERE id IN (SELECT work_order_id FROM work_requests)",
    "each request is the same for who asks and who is asked": "UPDATE work_requests SET asked = '{}'",
    "each open request and each dated hold will end by itself": "DELETE FROM jobs",
    "held orders' work is held, and no other": "UPDATE work_orders SET held = NOT held "
    "WHERE order_id = (SELECT order_id FROM holds LIMIT 1)",
    "each shipped fulfilment has its shipment, and no other has one": "UPDATE fulfilments SET state = 'shipped' "
    "WHERE order_id = $QUEUED",
    "each parcel is found by its number": "DELETE FROM work_parcels",
    "each return and its warehouse's document are in the same state": "UPDATE return_work SET state = 'requested'",
    "work orders name the components that their fulfilments hold": "DELETE FROM fulfilment_components",
    # parcels
    "each parcel is where the strongest of its events says": "DELETE FROM tracking_events",
    "no event waits for a parcel that has left, unless its ticket waits": "DELETE FROM jobs; "
    "UPDATE early_scans SET tracking_normal = 'RM000000001GB'",
    # money
    "each shipped order is charged once, or its ticket waits": "DELETE FROM charges",
    "no order is charged twice": "ALTER TABLE charges DROP CONSTRAINT uq_charges_cause; INSERT INTO charges "
    "SELECT (o).* FROM (SELECT jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid())) AS o "
    "FROM charges AS c) AS copy",
    "no order is charged that was not shipped": "UPDATE charges SET cause = $QUEUED WHERE cause = $DELIVERED",
    "each charge is what its price says, and nothing in test mode": "UPDATE charges SET amount_minor = 26",
    # stores
    "no store is called complete beyond an order that waits to be read": "UPDATE store_sweeps SET complete_to = "
    "complete_from + interval '1 day'",
    "no store is called complete beyond where its list was read": "UPDATE store_sweeps SET listed_to = NULL, "
    "complete_to = now()",
    "each connected store will be swept": "UPDATE store_sweeps SET next_at = NULL",
    "a sweep in hand, and what waits to be read, has its ticket": "UPDATE store_sweeps SET reader_id = $ID",
    "a backfill under way is being listed or read": "UPDATE store_backfills SET state = 'running', ended_at = NULL; "
    "DELETE FROM store_reads",
    "a shop that our app is in is one store's": "INSERT INTO stores SELECT (t.s).* FROM (SELECT "
    "jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'base_url', '')) AS s "
    "FROM stores AS s LIMIT 1) AS t; INSERT INTO shopify_installs "
    "SELECT (t.i).* FROM (SELECT jsonb_populate_record(i, jsonb_build_object('store_id', "
    "s.id, 'merchant_id', s.merchant_id)) AS i FROM stores AS s CROSS JOIN shopify_installs AS i) AS t "
    "ON CONFLICT DO NOTHING; UPDATE shopify_installs SET state = 'installed', ended_at = NULL, shop = 'x'",
    "each order that came late is here": "UPDATE store_late_orders SET order_id = $ID",
    "no order holds more than its shop asks of us": "UPDATE store_assignment_lines SET total = 0, remaining = 0",
    "no warehouse is given more of an order than its shop asks of it": "DELETE FROM routing_wishes",
    "an order that is to be read from its shop has its ticket": "UPDATE store_assigned_orders SET run_id = $ID, "
    "run_due_at = now()",
    "each store with a mapping is asked what it wants of us": "DELETE FROM store_pulls",
    # machinery
    "no ticket is overdue by ten minutes": "UPDATE jobs SET due_at = now() - interval '11 minutes'",
    "the relay hands over what is due": "UPDATE jobs SET due_at = now() - interval '2 minutes', next_at = due_at "
    "- interval '2 days'",
    "no ticket is handed over again and again without being taken": "UPDATE jobs SET handed = 11",
    "a ticket's lease has an end, and what is dead has none": "UPDATE jobs SET lease_id = $ID",
    "events are numbered without gaps": "DELETE FROM events WHERE seq = 2",
    "each event has its number within a minute": "UPDATE events SET seq = NULL, "
    "occurred_at = now() - interval '2 minutes' WHERE seq = 3",
    "no raw message is kept twice": "ALTER TABLE inbox DROP CONSTRAINT uq_inbox_dedupe; "
    "UPDATE inbox SET source = 'api', dedupe_key = 'x'",
    "each message from a store or a carrier was read, or its ticket waits": "UPDATE inbox SET handled_at = NULL "
    "WHERE source <> 'api'",
    "raw messages are emptied and answers forgotten in time": "UPDATE inbox SET expires_at = now() - interval '2 days'",
    "only answers of success are remembered, one per key": "UPDATE idempotency_keys SET status = 500",
    "what is due to a webhook endpoint will be looked at": "UPDATE webhook_endpoints SET wake_at = NULL",
    "each store was told of its shipments, or a ticket waits": "DELETE FROM store_updates",
    "what waits for a connected store will have its turn": "UPDATE store_notices SET state = 'pending'",
    "a store shows the stock it should, or is told it": "UPDATE store_stock SET state = 'told', told = wanted + 1",
}


def test_each_check_has_its_plant() -> None:
    assert set(PLANTED) == set(CHECKS)


async def test_each_planted_break_is_named(
    http: httpx.AsyncClient, platform_key: str, worker_works: Works, settings: Settings
) -> None:
    await populate(http, platform_key, worker_works, settings)
    owner = await asyncpg.connect(settings.database.url)
    try:
        for name, query in CHECKS.items():
            assert await owner.fetch(query) == [], name
        for name, planted in PLANTED.items():
            planting = owner.transaction()
            await planting.start()
            for short, whole in NAMES.items():
                planted = planted.replace(short, whole)
            await owner.execute(planted)
            found = await owner.fetch(CHECKS[name])
            assert found, name
            assert all(row[0] for row in found), f"{name}: a break without a text"
            await planting.rollback()
    finally:
        await owner.close()


@pytest.mark.parametrize("broken", [False, True])
async def test_the_command_says_so_and_fails(settings: Settings, broken: bool) -> None:
    owner = await asyncpg.connect(settings.database.url)
    if broken:
        await owner.execute(
            "INSERT INTO event_sequences (account_id, last) VALUES ('01a212c7-9ea5-7189-bd24-4e6e636ce9dc', 3)"
        )
    await owner.close()
    env = {
        "DATABASE_URL": settings.database.url,
        "FULFILHUB_SECRET_KEYS": ",".join(settings.security.secret_keys),
        "PYTHONPATH": ":".join(sys.path),
    }
    command = [sys.executable, "-m", "fulfilhub.cli", "audit"]
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    asked = subprocess.run([*command, "--json"], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (shown.returncode, asked.returncode) == (int(broken), int(broken)), shown.stderr
    told = json.loads(asked.stdout)
    assert (told["breaks"], len(told["checks"])) == (int(broken), len(CHECKS))
    line = "account 01a212c7-9ea5-7189-bd24-4e6e636ce9dc: last number 3, numbered 0, highest 0"
    assert ("BREAK events are numbered without gaps\n      " + line in shown.stdout) is broken
