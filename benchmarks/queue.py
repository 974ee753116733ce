"""`claim_p99_ms`: how long a claim takes from a queue of a million work orders, with and without filters."""

from __future__ import annotations

import time
from uuid import UUID

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures, percentile
from benchmarks.load import connections, request
from benchmarks.world import warehouse
from fulfilhub.demo import door
from fulfilhub.demo.door import Door
from fulfilhub.platform import ids

QUEUED = 1_000_000
CLAIMS = 300
AT_ONCE = 20

COUNT = "SELECT count(*) FROM work_orders WHERE account_id = $1 AND warehouse_id = $2"
# One statement: work that differs in service, priority, destination and promise, and its single lines.
FILL = """
WITH w AS (
    INSERT INTO work_orders (account_id, id, merchant_id, warehouse_id, order_id, state, held, service, ship_by,
                             document, created_at, updated_at, single_sku, priority)
    SELECT $1, gen_random_uuid(), $3, $2, gen_random_uuid(), 'queued', n % 50 = 0,
           (ARRAY['standard', 'standard', 'standard', 'next_day'])[1 + n % 4], now() + n * interval '1 second',
           jsonb_build_object(
               'order_number', '#' || n, 'carrier', 'royal_mail', 'deliver_by', '2026-12-24T12:00:00Z',
               'ship_to', jsonb_build_object('name', 'Ada Lovelace', 'line1', '12 Mill Lane', 'city', 'York',
                                             'postcode', 'YO1 7HH', 'country', 'GB'),
               'lines', jsonb_build_array(jsonb_build_object(
                   'line_id', $4::uuid, 'product_id', $5::uuid, 'sku', 'SKU-1', 'name', 'A thing',
                   'barcodes', jsonb_build_array('4000000000017')))),
           now(), now(), CASE WHEN n % 3 = 0 THEN $5::uuid END, CASE WHEN n % 100 = 7 THEN 5 ELSE 0 END
    FROM generate_series(1, $6::int) AS n RETURNING account_id, id, merchant_id
)
INSERT INTO work_order_lines (account_id, work_order_id, line_id, merchant_id, product_id, quantity)
SELECT account_id, id, $4, merchant_id, $5, 1 FROM w
"""
FILTERS: tuple[bytes, ...] = (
    b"",
    b',"service":"next_day"',
    b',"single_sku":true',
    b',"min_priority":5',
    b',"zone":{"countries":["GB"],"postcode_prefixes":["YO"]}',
)


async def claim_p99_ms(bench: Bench) -> Figures:
    """Milliseconds of claims of 20, one after the other, each leaving what it took under its lease."""
    key, partner_id, warehouse_id = await _queue(bench)
    took: list[float] = []
    async with connections(bench.rig.port, 1) as (connection,):
        for place in range(CLAIMS):
            body = b'{"warehouse_id":"%s","limit":%d%s}' % (
                ids.WAREHOUSE.show(warehouse_id).encode(),
                AT_ONCE,
                FILTERS[place % len(FILTERS)],
            )
            begun = time.perf_counter()
            answer = await connection.call(request("/v1/work/claims", key, body))
            took.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200 or b'"data":[{' not in answer.body:
                raise Broken(f"A claim was answered {answer.status}: {answer.body[:300]!r}")
    async with bench.rig.owner() as owner:
        await owner.execute(
            "UPDATE work_orders SET lease_id = NULL, lease_until = NULL WHERE account_id = $1 AND lease_id IS NOT NULL",
            partner_id,
        )
    await bench.rig.forget_jobs()
    return {"claim_p50_ms": percentile(took, 0.5), "claim_p99_ms": percentile(took, 0.99)}


async def _queue(bench: Bench) -> tuple[str, UUID, UUID]:
    """A partner's key, its id, and its warehouse with the queue; it is made once, and stays for later rounds."""
    if bench.queue is None:
        async with door.client(bench.rig.settings.server.url) as http:
            made = await Door(http, bench.world.platform_key).post("/v1/accounts", {"kind": "partner", "name": "Big"})
            live = made["live"]
            assert isinstance(live, dict)
            place = await Door(http, live["secret"]).post("/v1/warehouses", warehouse(0))
        partner_id, warehouse_id = ids.ACCOUNT.find(live["account_id"]), ids.WAREHOUSE.find(str(place["id"]))
        async with bench.rig.owner() as owner:
            await owner.execute(FILL, partner_id, warehouse_id, ids.new(), ids.new(), ids.new(), QUEUED, timeout=600)
            await owner.execute("ANALYZE work_orders, work_order_lines", timeout=600)
            if await owner.fetchval(COUNT, partner_id, warehouse_id) != QUEUED:
                raise Broken("The queue was not filled.")
        bench.queue = (str(live["secret"]), partner_id, warehouse_id)
    return bench.queue
