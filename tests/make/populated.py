"""A world with something in every table: one merchant in the middle of its day, and the strangers it must be safe from.

A new table is filled by a step of `DAY` (through the API, as a user would) or, where no call can do it yet, by a
statement in `ROWS`. A new kind of id is one line in `IDS`.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop, woocommerce_storefront
from fulfilhub.platform import ids
from fulfilhub.platform.jobs.relay import Relay
from fulfilhub.platform.jobs.runner import Runner
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.wiring import load_tasks
from tests.fakes.serving import in_memory
from tests.make.carriers import signed
from tests.make.plugin import plugin_shop
from tests.make.world import Client

Json = dict[str, Any]

# Kind -> the ids of that kind that belong to the merchant, or to its partner because of the merchant.
IDS: dict[ids.Kind, str] = {
    ids.ACCOUNT: "SELECT unnest(ARRAY[:merchant, :partner]::uuid[])",
    ids.ADJUSTMENT: "SELECT document_id FROM stock_movements WHERE merchant_id = :merchant AND document = 'adjustment'",
    ids.API_KEY: "SELECT id FROM api_keys WHERE account_id IN (:merchant, :partner)",
    ids.ASSIGNMENT: "SELECT id FROM store_assignments WHERE merchant_id = :merchant",
    ids.AUDIT_ENTRY: "SELECT id FROM audit_log WHERE account_id IN (:merchant, :partner)",
    ids.BOX: "SELECT id FROM boxes WHERE account_id IN (:merchant, :partner)",
    ids.BACKFILL: "SELECT id FROM store_backfills WHERE merchant_id = :merchant",
    ids.CARRIER: "SELECT id FROM carrier_connections WHERE account_id IN (:merchant, :partner)",
    ids.CHARGE: "SELECT id FROM charges WHERE merchant_id = :merchant",
    ids.CONTRACT: "SELECT id FROM contracts WHERE merchant_id = :merchant",
    ids.CONTRACT_INVITATION: "SELECT id FROM contract_invitations WHERE account_id IN (:merchant, :partner)",
    ids.DECISION: "SELECT id FROM routing_decisions WHERE merchant_id = :merchant",
    ids.EVENT: "SELECT id FROM events WHERE account_id IN (:merchant, :partner)",
    ids.FULFILMENT: "SELECT id FROM fulfilments WHERE merchant_id = :merchant",
    ids.HOLD: "SELECT id FROM holds WHERE merchant_id = :merchant",
    ids.INVITATION: "SELECT id FROM user_links WHERE account_id IN (:merchant, :partner)",
    ids.JOB: "SELECT id FROM jobs WHERE account_id IN (:merchant, :partner)",
    ids.LATE_ORDER: "SELECT id FROM store_late_orders WHERE merchant_id = :merchant",
    ids.LEASE: "SELECT DISTINCT lease_id FROM work_orders WHERE merchant_id = :merchant AND lease_id IS NOT NULL",
    ids.LISTING: "SELECT id FROM listings WHERE merchant_id = :merchant",
    ids.MESSAGE: "SELECT id FROM inbox WHERE account_id IN (:merchant, :partner)",
    ids.MOVEMENT: "SELECT id FROM stock_movements WHERE merchant_id = :merchant",
    ids.NUMBER_GAP: "SELECT id FROM store_number_gaps WHERE merchant_id = :merchant",
    ids.ORDER: "SELECT id FROM orders WHERE merchant_id = :merchant",
    ids.ORDER_LINE: "SELECT id FROM order_lines WHERE merchant_id = :merchant",
    ids.PARCEL: "SELECT id FROM parcels WHERE merchant_id = :merchant",
    ids.PRIVACY_REQUEST: "SELECT id FROM privacy_requests WHERE merchant_id = :merchant",
    ids.PRODUCT: "SELECT id FROM products WHERE merchant_id = :merchant",
    ids.RECEIPT: "SELECT document_id FROM stock_movements WHERE merchant_id = :merchant AND document = 'receipt'",
    ids.REQUEST: "SELECT id FROM order_requests WHERE merchant_id = :merchant",
    ids.RETURN: "SELECT id FROM returns WHERE merchant_id = :merchant",
    ids.RETURN_LINE: "SELECT id FROM return_lines WHERE merchant_id = :merchant",
    ids.SESSION: "SELECT id FROM user_sessions WHERE account_id IN (:merchant, :partner)",
    ids.SHIPMENT: "SELECT id FROM shipments WHERE merchant_id = :merchant",
    ids.STORE: "SELECT id FROM stores WHERE merchant_id = :merchant",
    ids.STORE_IMPORT: "SELECT id FROM store_imports WHERE merchant_id = :merchant",
    ids.STORE_PRODUCT: "SELECT id FROM store_products WHERE merchant_id = :merchant",
    ids.STORE_RETURN: "SELECT id FROM store_returns WHERE merchant_id = :merchant",
    ids.STORE_CODE: "SELECT id FROM store_codes WHERE merchant_id = :merchant",
    ids.STORE_SERVICE: "SELECT id FROM store_services WHERE merchant_id = :merchant",
    ids.STORE_NOTICE: "SELECT id FROM store_notices WHERE merchant_id = :merchant AND state = 'failed'",
    ids.STORE_STOCK: "SELECT id FROM store_stock WHERE merchant_id = :merchant AND state = 'failed'",
    ids.STORE_UPDATE: "SELECT id FROM store_updates WHERE merchant_id = :merchant",
    ids.TRACKING_EVENT: "SELECT id FROM tracking_events WHERE merchant_id = :merchant",
    ids.USER: "SELECT id FROM users WHERE account_id IN (:merchant, :partner)",
    ids.WAREHOUSE: "SELECT id FROM warehouses WHERE account_id IN (:merchant, :partner)",
    ids.WEBHOOK_DELIVERY: "SELECT id FROM webhook_deliveries WHERE account_id IN (:merchant, :partner)",
    ids.WEBHOOK_ENDPOINT: "SELECT id FROM webhook_endpoints WHERE account_id IN (:merchant, :partner)",
    ids.WORK_ORDER: "SELECT id FROM work_orders WHERE merchant_id = :merchant",
}

# Table -> what puts a row into it that no call of `DAY` leaves behind.
ROWS: dict[str, str] = {
    "jobs": "INSERT INTO jobs (account_id, id, kind, args, state, attempts, due_at, next_at, created_at) "
    "SELECT o.merchant_id, gen_random_uuid(), 'fulfilment.follow_orders', jsonb_build_object('order_id', o.id), "
    "       s.state, s.tries, now() + interval '1 day', now() + interval '1 day', now() "
    "FROM orders AS o CROSS JOIN (VALUES ('dead', 12), ('ready', 0)) AS s (state, tries) "
    "WHERE o.merchant_id = :merchant AND o.external_id = 'queued'",
    "shopify_installs": "INSERT INTO shopify_installs (merchant_id, store_id, shop, state, scopes, renewed_at, "
    "installed_at, ended_at) SELECT merchant_id, id, 'shop.myshopify.com', 'released', '{read_orders}', now(), now(), "
    "now() FROM stores WHERE merchant_id = :merchant",
    "store_number_gaps": "INSERT INTO store_number_gaps (merchant_id, id, store_id, number, state, seen_at, ask_at) "
    "SELECT merchant_id, gen_random_uuid(), id, '#7', 'absent', now(), now() FROM stores WHERE merchant_id = :merchant",
    "store_reads": "INSERT INTO store_reads (merchant_id, store_id, external_id, changed_at, latest_at, found_by, "
    "found_at, due_at) SELECT merchant_id, store_id, '4711', complete_from, complete_from, 'sweep', now(), "
    "now() + interval '1 day' FROM store_sweeps WHERE merchant_id = :merchant AND listed_to IS NOT NULL",
    "store_sweeps": "UPDATE store_sweeps SET reader_id = store_id, reader_due_at = now() + interval '1 day', "
    "complete_to = complete_from WHERE merchant_id = :merchant AND listed_to IS NOT NULL",
    "stores.read_orders": "INSERT INTO jobs (account_id, id, kind, args, due_at, next_at, created_at) "
    "SELECT merchant_id, gen_random_uuid(), 'stores.read_orders', jsonb_build_object('store_id', store_id, "
    "'reader_id', reader_id), reader_due_at, reader_due_at, now() FROM store_sweeps WHERE reader_id IS NOT NULL",
    "store_products": "INSERT INTO store_products (merchant_id, id, store_id, variant_id, parent_id, item_id, sku, "
    "title, barcode, hs_code, origin_country, status, state, code, ours, written, changed_at, created_at, updated_at) "
    "SELECT merchant_id, gen_random_uuid(), store_id, 'variant', 'product', 'item', '', 'No SKU', '', '', '', "
    "'active', 'unmapped', 'no_sku', false, '{}', now(), now(), now() FROM store_catalogues "
    "WHERE merchant_id = :merchant",
    "store_imports": "INSERT INTO store_imports (merchant_id, id, store_id, state, requested_by, created_at, ended_at) "
    "SELECT merchant_id, gen_random_uuid(), store_id, 'completed', 'test', now(), now() FROM store_catalogues "
    "WHERE merchant_id = :merchant",
    "store_returns": "INSERT INTO store_returns (merchant_id, id, store_id, order_external_id, external_id, name, "
    "begun, status, refunds, code, reason, created_at, updated_at) "
    "SELECT merchant_id, gen_random_uuid(), store_id, 'queued', 'return', 'R1', 'store', 'requested', '{}', "
    "'unknown_order', 'Not here.', now(), now() FROM store_catalogues "
    "WHERE merchant_id = :merchant",
    "store_notices": "INSERT INTO store_notices (merchant_id, id, store_id, kind, subject_id, order_id, state, due_at, "
    "told_at, created_at, updated_at) "
    "SELECT merchant_id, gen_random_uuid(), store_id, 'state', id, id, 'told', now(), now(), now(), now() "
    "FROM orders WHERE merchant_id = :merchant AND store_id IN (SELECT id FROM stores)",
    "store_notices that fail": "UPDATE store_notices SET state = 'failed', reason = 'No.' "
    "WHERE id = (SELECT id FROM store_notices WHERE merchant_id = :merchant ORDER BY id LIMIT 1)",
    "store_stock that fails": "UPDATE store_stock SET state = 'failed', reason = 'No.' "
    "WHERE id = (SELECT id FROM store_stock WHERE merchant_id = :merchant ORDER BY id LIMIT 1)",
    # A shop that assigned the queued order to one of our warehouses, which has a service there.
    "store_locations": "INSERT INTO store_locations (merchant_id, store_id, external_id, warehouse_id, name, kind, "
    "service_id, active, updated_at) SELECT s.merchant_id, s.id, 'place', w.id, 'Hall', 'service', 'service', true, "
    "now() FROM stores AS s JOIN warehouses AS w ON w.code = 'HALL' WHERE s.merchant_id = :merchant "
    "ORDER BY s.id LIMIT 1",
    "store_services": "INSERT INTO store_services (merchant_id, id, store_id, warehouse_id, name, state, service_id, "
    "location_id, created_at, updated_at) SELECT merchant_id, gen_random_uuid(), store_id, warehouse_id, name, "
    "'registered', 'service', external_id, now(), now() FROM store_locations",
    "store_pulls": "INSERT INTO store_pulls (merchant_id, store_id, next_at) "
    "SELECT merchant_id, store_id, now() + interval '5 minutes' FROM store_locations",
    "store_assigned_orders": "INSERT INTO store_assigned_orders (merchant_id, store_id, external_id, order_id, "
    "updated_at) SELECT p.merchant_id, p.store_id, o.external_id, o.id, now() FROM store_pulls AS p "
    "JOIN orders AS o ON o.merchant_id = p.merchant_id AND o.external_id = 'queued'",
    "store_assignments": "INSERT INTO store_assignments (merchant_id, id, store_id, external_id, order_external_id, "
    "location_id, warehouse_id, state, changed_at, created_at, updated_at) SELECT a.merchant_id, gen_random_uuid(), "
    "a.store_id, 'part', a.external_id, l.external_id, l.warehouse_id, 'ours', now(), now(), now() "
    "FROM store_assigned_orders AS a JOIN store_locations AS l ON l.store_id = a.store_id",
    "store_assignment_lines": "INSERT INTO store_assignment_lines (merchant_id, assignment_id, external_id, "
    "line_external_id, total, remaining) SELECT s.merchant_id, s.id, 'line', l.external_id, l.ordered, l.ordered "
    "FROM store_assignments AS s JOIN store_assigned_orders AS a ON a.external_id = s.order_external_id "
    "JOIN order_lines AS l ON l.order_id = a.order_id",
    "store_holds": "INSERT INTO store_holds (merchant_id, store_id, external_id, order_external_id, hold_id, "
    "placed_at) SELECT a.merchant_id, a.store_id, 'hold', a.external_id, gen_random_uuid(), now() "
    "FROM store_assigned_orders AS a",
    "routing_wishes": "INSERT INTO routing_wishes (merchant_id, order_id, line_id, warehouse_id, units, done) "
    "SELECT l.merchant_id, l.order_id, l.id, s.warehouse_id, l.ordered, 0 FROM store_assignments AS s "
    "JOIN store_assigned_orders AS a ON a.external_id = s.order_external_id "
    "JOIN order_lines AS l ON l.order_id = a.order_id",
    "users": "INSERT INTO users (account_id, id, email, email_key, name, role, created_at) "
    "VALUES (:merchant, gen_random_uuid(), 'eve@example.test', 'eve@example.test', 'Eve', 'owner', now())",
    "user_secrets": "INSERT INTO user_secrets (account_id, user_id, password, changed_at) "
    "SELECT account_id, id, 'x', now() FROM users",
    "recovery_codes": "INSERT INTO recovery_codes (account_id, user_id, fingerprint) "
    "SELECT account_id, id, 'x' FROM users",
    "user_sessions": "INSERT INTO user_sessions (account_id, id, user_id, fingerprint, mode, browser, created_at, "
    "last_seen_at, expires_at) SELECT account_id, gen_random_uuid(), id, 'x', 'live', 'x', now(), now(), now() "
    "FROM users",
    "webhook_deliveries": "INSERT INTO webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, seq, "
    "body, due_at, created_at) "
    "SELECT e.account_id, gen_random_uuid(), e.id, v.id, v.type, v.seq, '{}', now(), now() FROM webhook_endpoints AS e "
    "JOIN events AS v ON v.account_id = e.account_id AND v.seq = 1",
    "webhook_attempts": "INSERT INTO webhook_attempts (account_id, id, delivery_id, number, url, request_headers, "
    "started_at) SELECT account_id, gen_random_uuid(), id, 1, 'https://hooks.example.com/in', '{}', now() "
    "FROM webhook_deliveries",
    "webhook_endpoints": "UPDATE webhook_endpoints SET wake_at = now()",
}


@dataclass(slots=True)
class Populated:
    """The merchant's world, and its strangers: another merchant, another partner, and the merchant's own test twin."""

    http: httpx.AsyncClient
    works: Works
    runner: Runner
    shop: WooCommerceShop
    operator: Client
    merchant: Client
    partner: Client
    twin: Client
    other_merchant: Client
    other_partner: Client
    made: Json = field(default_factory=dict)

    @property
    def merchant_id(self) -> UUID:
        return ids.ACCOUNT.find(self.merchant.account_id)

    @property
    def partner_id(self) -> UUID:
        return ids.ACCOUNT.find(self.partner.account_id)

    @property
    def names(self) -> dict[str, object]:
        """The parameters of IDS and ROWS."""
        return {"merchant": self.merchant_id, "partner": self.partner_id}

    async def ids_of(self, kind: ids.Kind) -> list[str]:
        """The world's ids of a kind, as the outside sees them."""
        async with self.works.begin(Platform("test")) as work:
            return [kind.show(value) for value in (await work.db.execute(text(IDS[kind]), self.names)).scalars()]

    async def work_off(self) -> None:
        """Run every job that is due, and number the events, as workers and relay do."""
        while True:
            async with self.works.begin(Platform("test")) as work:
                rows = (
                    await work.db.execute(text("SELECT account_id, kind, id FROM jobs WHERE due_at <= now()"))
                ).all()
            if not rows:
                break
            for account, kind, job in rows:
                await self.runner.run(kind, account, [job])
        await Relay(self.works, lambda handed: None, {}, 1.0).number_events()

    async def run(self, kind: str) -> None:
        """Run the waiting jobs of one kind, once."""
        async with self.works.begin(Platform("test")) as work:
            rows = (
                await work.db.execute(text("SELECT account_id, id FROM jobs WHERE kind = :kind"), {"kind": kind})
            ).all()
        for account, job in rows:
            await self.runner.run(kind, account, [job])

    async def order(self, external_id: str, sku: str = "MUG", quantity: int = 2) -> str:
        """The id of a new order, routed if it can be."""
        address = {"name": "Ada Test", "line1": "1 Mill Lane", "city": "Leeds", "postcode": "LS1 4AP", "country": "GB"}
        line = {"external_id": "1", "sku": sku, "title": sku.title(), "quantity": quantity}
        made = await self.merchant.made(
            "/v1/orders",
            {
                "external_id": external_id,
                "number": external_id,
                "currency": "GBP",
                "placed_at": "2026-11-02T09:00:00Z",
                "email": "ada@example.test",
                "ship_to": address,
                "lines": [line],
            },
        )
        await self.work_off()
        return str(made["id"])

    async def claim(self, order_id: str) -> tuple[str, Json]:
        """The claimed work of one order: the path of its verbs and the lease to be sent."""
        claimed = await self.partner.made("/v1/work/claims", {"warehouse_id": self.made["warehouse"], "limit": 1})
        work: Json = claimed["data"][0]  # type: ignore[index]
        sent = (await self.merchant.get("/v1/fulfilments", order_id=order_id)).json()["data"]
        assert [each["id"].partition("_")[2] for each in sent] == [work["id"].partition("_")[2]]
        return f"/v1/work/orders/{work['id']}", {"lease_id": claimed["lease_id"]}

    async def ship(self, order_id: str, number: str) -> None:
        """Ship one order's only work."""
        at, lease = await self.claim(order_id)
        parcel = {"carrier": "royal_mail", "tracking_number": number}
        await self.partner.made(f"{at}/ship", {**lease, "parcels": [parcel]})
        await self.work_off()


async def _sites(world: Populated) -> None:
    hall: Json = {
        "name": "Hall",
        "address": {"line1": "1 Mill Lane", "city": "Leeds"},
        "country": "GB",
        "postcode": "LS1 1AA",
        "timezone": "Europe/London",
        "currency": "GBP",
        "cutoffs": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "14:00"),
        "services": [
            {
                "code": "standard",
                "carrier": "royal_mail",
                "zones": [{"countries": ["GB"], "transit_days": 2, "cost_minor": 310}],
            }
        ],
    }
    world.made["warehouse"] = (await world.partner.made("/v1/warehouses", {**hall, "code": "HALL"}))["id"]
    box = {"name": "Small", "length_mm": 220, "width_mm": 160, "height_mm": 110, "tare_grams": 90, "max_grams": 9000}
    await world.partner.made(f"/v1/warehouses/{world.made['warehouse']}/boxes", box)
    second = (await world.partner.made("/v1/warehouses", {**hall, "code": "SECOND"}))["id"]
    await world.merchant.made("/v1/warehouses", {**hall, "code": "OWN"})
    offer = {"merchant_id": world.merchant.account_id, "starts_on": "2026-01-01"}
    contract = await world.partner.made("/v1/contracts", {**offer, "warehouse_id": world.made["warehouse"]})
    await world.merchant.made(f"/v1/contracts/{contract['id']}/accept", {})
    second_contract = await world.partner.made("/v1/contracts", {**offer, "warehouse_id": second})
    invited = {"account_id": world.partner.account_id, "note": "Would you send our mugs?"}
    await world.merchant.made("/v1/contract-invitations", invited)
    await world.merchant.made("/v1/contract-invitations", {"email": "hal@example.test"})
    terms = {"warehouse_ids": [second], "starts_on": "2026-01-01", "notice_days": 30}
    await world.merchant.made(f"/v1/contracts/{second_contract['id']}/versions", terms)
    for stranger, code in ((world.other_partner, "ELSEWHERE"), (world.other_merchant, "THEIRS")):
        await stranger.made("/v1/warehouses", {**hall, "code": code})


async def _goods(world: Populated) -> None:
    for sku in ("MUG", "RARE"):
        world.made[sku] = (await world.merchant.made("/v1/products", {"sku": sku, "name": sku.title()}))["id"]
    pair = {"sku": "PAIR", "name": "Pair of mugs", "components": [{"sku": "MUG", "units": 2}]}
    world.made["PAIR"] = (await world.merchant.made("/v1/products", pair))["id"]
    receipt = {"merchant_id": world.merchant.account_id, "warehouse_id": world.made["warehouse"]}
    await world.partner.made("/v1/stock/receipts", {**receipt, "lines": [{"sku": "MUG", "quantity": 100}]})
    counted = {"product_id": world.made["MUG"], "warehouse_id": world.made["warehouse"], "reason": "cycle_count"}
    await world.merchant.made("/v1/stock/adjustments", {**counted, "on_hand": 99})
    await world.merchant.put("/v1/routing-policy", {"max_parts": 2, "on_shortage": "backorder", "weights": {}})
    await world.merchant.put("/v1/packing-policy", {"inserts": ["Care leaflet"]})
    await world.merchant.put("/v1/request-policy", {"answer_minutes": 60, "on_silence": "refuse"})
    await world.merchant.put("/v1/returns-policy", {"window_days": 60, "auto_approve": True})
    await world.work_off()


async def _store(world: Populated) -> None:
    ware = world.shop.stock("MUG", "Mug", "8.50")
    made = await world.merchant.made(
        "/v1/stores",
        {
            "platform": "woocommerce",
            "name": "Shop",
            "base_url": world.shop.url,
            "credentials": {
                "consumer_key": world.shop.consumer_key,
                "consumer_secret": world.shop.consumer_secret,
            },
            "webhook_secret": world.shop.webhook_secret,
        },
    )
    store: Json = made["store"]  # type: ignore[assignment]
    listing = {"store_id": store["id"], "external_id": "4711", "product_id": world.made["MUG"]}
    await world.merchant.made("/v1/listings", listing)
    kept = {"settings": {"stock_sync": True}}
    told = await world.merchant.patch(f"/v1/stores/{store['id']}", kept)
    assert told.is_success, told.text
    told = await world.merchant.post(f"/v1/stores/{store['id']}/stock-sync", {})
    assert told.is_success, told.text
    delivery = world.shop.order_created(world.shop.place_order([(ware, 1)]))
    told = await world.http.post(
        f"/v1/stores/{store['id']}/webhooks/woocommerce", content=delivery.body, headers=delivery.headers
    )
    assert told.is_success, told.text
    await world.work_off()
    world.shop.place_order([(ware, 1)], status="on-hold")  # its webhook is lost
    await world.merchant.post(f"/v1/stores/{store['id']}/sweep", {})
    await world.merchant.made(f"/v1/stores/{store['id']}/backfills", {"since": "2026-01-01T00:00:00Z"})
    await world.work_off()
    sold, *_ = (await world.merchant.get("/v1/orders")).json()["data"]
    await world.ship(sold["id"], "RM000000001GB")


async def _plugin(world: Populated) -> None:
    await plugin_shop(world.merchant, WooCommerceShop("https://plugged.test", "ck_2", "cs_2", ""))


async def _orders(world: Populated) -> None:
    delivered = world.made["delivered"] = await world.order("delivered")
    await world.ship(delivered, "RM000000002GB")
    scan = {"tracking_number": "RM000000002GB", "carrier": "royal_mail", "state": "delivered"}
    told = await world.partner.post(
        "/v1/tracking-events", {"events": [{**scan, "occurred_at": datetime.now(UTC).isoformat()}]}
    )
    assert told.is_success, told.text
    rejected = await world.order("rejected")
    at, lease = await world.claim(rejected)
    await world.partner.made(f"{at}/reject", {**lease, "reason": "other", "note": "No."})
    await world.work_off()
    await world.merchant.made(f"/v1/orders/{await world.order('cancelled')}/cancel", {})
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    hold = {"reason": "fraud_risk", "note": "Look.", "until": tomorrow}
    await world.merchant.made(f"/v1/orders/{await world.order('held')}/holds", hold)
    await world.work_off()
    await world.order("unknown", sku="NOBODY-KNOWS")
    await world.order("waits", sku="RARE")
    in_hand, lease = await world.claim(await world.order("in hand"))
    await world.partner.made(f"{in_hand}/accept", lease)
    asked = await world.order("asked")
    at, lease = await world.claim(asked)
    await world.partner.made(f"{at}/accept", lease)
    told = await world.merchant.post(f"/v1/orders/{asked}/cancel", {})
    assert told.is_success, told.text
    await world.work_off()
    await world.order("queued")
    await world.order("kit", sku="PAIR", quantity=1)


async def _carriers(world: Populated) -> None:
    for caller in (world.merchant, world.partner):
        made: Any = await caller.made("/v1/carriers", {"name": "Evri", "statuses": {"DLVD": "delivered"}})
        event = {"tracking_number": f"NOT{secrets.token_hex(4)}", "occurred_at": datetime.now(UTC).isoformat()}
        letter = signed(made["secret"], [{**event, "code": "DLVD"}])
        told = await world.http.post(
            f"/v1/carriers/{made['carrier']['id']}/webhook", content=letter.body, headers=letter.headers
        )
        assert told.is_success, told.text
    await world.work_off()


async def _returns(world: Populated) -> None:
    order = (await world.merchant.get(f"/v1/orders/{world.made['delivered']}")).json()
    one = [{"line_id": order["lines"][0]["id"], "quantity": 1, "reason": "changed_mind"}]
    for _ in range(2):
        back = await world.merchant.made("/v1/returns", {"order_id": order["id"], "lines": one})
    at = f"/v1/work/returns/{back['id']}"
    taken = await world.partner.made(f"{at}/receive", {})
    verdict = {"line_id": taken["lines"][0]["id"], "disposition": "restock", "quantity": 1}  # type: ignore[index]
    await world.partner.made(f"{at}/inspect", {"lines": [verdict]})
    await world.work_off()


async def _people(world: Populated) -> None:
    await world.merchant.made("/v1/users/invitations", {"email": "eve@example.test", "role": "operations"})
    await world.merchant.made("/v1/store-codes", {})
    await world.work_off()


async def _webhooks(world: Populated) -> None:
    await world.merchant.made("/v1/webhook-endpoints", {"url": "https://hooks.example.com/in"})
    await world.work_off()


async def _privacy(world: Populated) -> None:
    await world.merchant.made("/v1/privacy-requests", {"kind": "export", "email": "ada@example.test"})
    await world.work_off()


Step = Callable[[Populated], Awaitable[None]]

BEFORE: tuple[Step, ...] = (_sites, _goods)
"""What there is before the first order: warehouses under contract, and goods in stock."""

DAY: tuple[Step, ...] = (
    *BEFORE,
    _store,
    _plugin,
    _orders,
    _carriers,
    _returns,
    _privacy,
    _people,
    _webhooks,
)


async def populate(
    http: httpx.AsyncClient, platform_key: str, works: Works, settings: Settings, steps: Sequence[Step] = DAY
) -> Populated:
    """The world. `works` is the worker's. With other `steps` than a whole day, tables may be left empty."""
    load_tasks()
    operator = Client(http, platform_key, "")
    accounts: list[Mapping[str, Json]] = [
        (await operator.made("/v1/accounts", {"kind": kind, "name": name}))  # type: ignore[misc]
        for kind, name in (
            ("merchant", "Ada's Mugs"),
            ("partner", "Quick 3PL"),
            ("merchant", "Bob's Jugs"),
            ("partner", "Slow 3PL"),
        )
    ]
    live = [Client(http, each["live"]["secret"], each["live"]["account_id"]) for each in accounts]
    twin = Client(http, accounts[0]["test"]["secret"], accounts[0]["test"]["account_id"])
    shop = WooCommerceShop("https://shop.test", "ck_1", "cs_1", secrets.token_hex(16))
    shop_http = in_memory(woocommerce_storefront(shop))
    runner = Runner(works, settings, Vault(settings.security.secret_keys), shop_http)
    world = Populated(http, works, runner, shop, operator, live[0], live[1], twin, live[2], live[3])
    for step in steps:
        await step(world)
    if steps is DAY:
        async with works.begin(Platform("test")) as work:
            for statement in ROWS.values():
                await work.db.execute(text(statement), world.names)
        await shop_http.aclose()
    return world
