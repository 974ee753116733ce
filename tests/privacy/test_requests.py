"""A customer's data handed out and erased, by the job, until no table holds a trace of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import LargeBinary, text

from fulfilhub.catalogue_of_tables import METADATA
from fulfilhub.platform import ids
from fulfilhub.platform.inbox import Raw, store
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.privacy import commands
from tests.contract.world import World, make_world, run_waiting
from tests.make.carriers import signed
from tests.make.world import Client

TRACES = (b"ada@example.com", b"Ada Test", b"1 Mill Lane", b"LS1 1AA", b"7 Quiet Yard", b"her sister")
HOLDERS = (
    *("orders", "holds", "order_requests", "work_requests", "work_orders", "fulfilments", "tracking_events", "returns"),
    *("return_lines", "return_verdicts", "return_work", "stock_movements", "inbox", "idempotency_keys"),
    "webhook_attempts",
)
"""Where a customer's data may be kept."""

ATTEMPT = """
WITH sent AS (
    INSERT INTO webhook_deliveries (account_id, id, endpoint_id, event_id, event_type, seq, body, due_at, created_at)
    SELECT :account, gen_random_uuid(), :endpoint, gen_random_uuid(), 'order.updated', 1, :body, now(), now()
    RETURNING account_id, id
)
INSERT INTO webhook_attempts (account_id, id, delivery_id, number, url, request_headers, started_at, ended_at, answer)
SELECT account_id, gen_random_uuid(), id, 1, 'https://hooks.example.com/in', '{}', now(), now(), :answer FROM sent
"""
OTHER = {"name": "Bob Other", "line1": "9 Elm Row", "city": "York", "postcode": "YO1 7HH", "country": "GB"}


@pytest.fixture
async def world(settings: Settings) -> World:
    """Three delivered and three open orders of the same customer, returns, raw messages and remembered answers."""
    return await make_world(settings)


@pytest.fixture
def ada(http: httpx.AsyncClient, world: World) -> Client:
    return Client(http, world.merchant_key, world.merchant_id)


async def everything(works: Works, vault: Vault) -> dict[str, bytes]:
    """All that each table holds, opened where it is sealed."""
    found = {}
    async with works.begin(Platform("test")) as work:
        for name, table in METADATA.tables.items():
            rows = await work.db.execute(text(f'SELECT * FROM "{name}" AS t'))  # noqa: S608
            sealed = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
            found[name] = b"\n".join(
                _opened(vault, value) if key in sealed and value is not None else str(value).encode()
                for row in rows.mappings()
                for key, value in row.items()
            )
    return found


def _opened(vault: Vault, value: Any) -> bytes:
    try:
        return vault.decrypt(bytes(value))
    except ValueError:
        return bytes(value)


async def asked(ada: Client, settings: Settings, kind: str) -> dict[str, Any]:
    """A request carried out as far as it can be."""
    made = await ada.made("/v1/privacy-requests", {"kind": kind, "email": "Ada@Example.com"})
    assert made["state"] == "requested"
    assert await run_waiting(settings) == []
    return dict((await ada.get(f"/v1/privacy-requests/{made['id']}")).json())


async def refused_move(ada: Client, world: World, order_id: str) -> None:
    """Ada's order is in a warehouse's hands when her address changes; the warehouse does not follow."""
    quick = Client(ada.http, world.partner_key, "")
    leases = []
    for warehouse_id in world.warehouse_ids[:2]:
        claim: Any = await quick.made("/v1/work/claims", {"warehouse_id": warehouse_id})
        leases.append(claim["lease_id"])
        for each in claim["data"]:
            answer = await quick.post(f"/v1/work/orders/{each['id']}/accept", {"lease_id": claim["lease_id"]})
            assert answer.is_success or answer.json()["code"] == "on_hold", answer.text
    present = (await ada.get(f"/v1/orders/{order_id}")).json()["ship_to"]
    moved = await ada.patch(f"/v1/orders/{order_id}", {"ship_to": {**present, "line1": "7 Quiet Yard"}})
    (asked,) = moved.json()["requests"]
    refusal = {"reason": "other", "note": "It went to her sister."}
    assert (await quick.made(f"/v1/work/requests/{asked['id']}/refuse", refusal))["state"] == "refused"
    for lease in leases:
        await quick.made(f"/v1/work/leases/{lease}/release")


async def words_everywhere(ada: Client, world: World) -> None:
    """Each place where somebody can write freely about the customer holds something."""
    quick = Client(ada.http, world.partner_key, "")
    words, (first, _, rejected) = {"note": "For her sister."}, world.open_order_ids
    assert (await ada.patch(f"/v1/orders/{first}", {**words, "gift_message": "A present for her sister."})).is_success
    await ada.made(f"/v1/orders/{first}/holds", {"reason": "other", "name": "Call her sister", **words})
    for warehouse_id in world.warehouse_ids[:2]:
        claim: Any = await quick.made("/v1/work/claims", {"warehouse_id": warehouse_id})
        mine = {"lease_id": claim["lease_id"]}
        sent = (await ada.get("/v1/fulfilments", order_id=rejected)).json()["data"]
        theirs = {each["id"].partition("_")[2] for each in sent}
        for each in claim["data"]:
            if each["id"].partition("_")[2] in theirs:
                await quick.made(f"/v1/work/orders/{each['id']}/reject", {**mine, "reason": "other", **words})
        await quick.post(f"/v1/work/leases/{claim['lease_id']}/release")
    order = (await ada.get(f"/v1/orders/{world.shipped_order_ids[2]}")).json()
    line = {"line_id": order["lines"][0]["id"], "quantity": 1, "reason": "changed_mind", **words}
    back: Any = await ada.made("/v1/returns", {"order_id": order["id"], "lines": [line], **words})
    taken: Any = await quick.made(f"/v1/work/returns/{back['id']}/receive", {})
    verdict = {"line_id": taken["lines"][0]["id"], "disposition": "restock", "quantity": 1, **words}
    await quick.made(f"/v1/work/returns/{back['id']}/inspect", {"lines": [verdict]})
    parcels = [
        parcel["tracking_number"]
        for shipment in (await ada.get(f"/v1/orders/{order['id']}/shipments")).json()["data"]
        for parcel in shipment["parcels"]
    ]
    at = {"state": "in_transit", "occurred_at": "2026-11-24T09:00:00Z"}
    scan = {**at, "tracking_number": parcels[0], "location": "7 Quiet Yard", "description": "Left with her sister"}
    await quick.made("/v1/tracking-events", {"events": [scan]})


async def copies(ada: Client, world: World, works: Works, vault: Vault) -> None:
    """A store's message that names only the new address, and a receiver that answers with all that it knows."""
    endpoint: Any = await ada.made("/v1/webhook-endpoints", {"url": "https://hooks.example.com/in"})
    account = ids.ACCOUNT.find(world.merchant_id)
    body = b'{"shipping": {"address_1": "7 Quiet Yard"}}'
    raw = Raw(source="store:x", topic="order.updated", dedupe_key="x", headers={}, body=body)
    async with works.begin(Merchant(account)) as work:
        await store(work, vault, [raw], 30)
        await work.db.execute(text("UPDATE inbox SET handled_at = received_at WHERE source = 'store:x'"))
    async with works.begin(Merchant(account)) as work:
        names = {"account": account, "endpoint": ids.WEBHOOK_ENDPOINT.find(endpoint["endpoint"]["id"])}
        about = f'{{"data": {{"order_id": "{world.shipped_order_ids[0]}"}}}}'
        for sent, answer in ((about, b"Thanks, Ada Test"), ("{}", b"Who is ada@example.com?"), ("{}", b"9 Elm Row")):
            await work.db.execute(text(ATTEMPT), {**names, "body": sent, "answer": answer})


async def test_an_erasure_leaves_no_trace_in_any_table(
    ada: Client, world: World, settings: Settings, works: Works, worker_works: Works, vault: Vault
) -> None:
    stranger = {
        "external_id": "other",
        "number": "#other",
        "currency": "GBP",
        "placed_at": "2026-11-23T09:30:00Z",
        "email": "bob@example.com",
        "ship_to": OTHER,
        "lines": [{"external_id": "1", "sku": "MUG", "quantity": 1, "title": "Mug"}],
    }
    await ada.made("/v1/orders", stranger)
    await refused_move(ada, world, world.open_order_ids[1])
    await words_everywhere(ada, world)
    await copies(ada, world, works, vault)
    before = await everything(worker_works, vault)
    for table in HOLDERS:
        assert any(trace in before[table] for trace in TRACES), f"{table} should hold what is to be erased"

    waiting = await asked(ada, settings, "erasure")
    assert (waiting["state"], waiting["open_orders"]) == ("waiting", 3)
    assert waiting["counts"]["orders"] == 3
    page = (await ada.get(f"/v1/orders/{world.open_order_ids[0]}")).json()
    assert page["ship_to"]["name"] == "Ada Test", "an order under way keeps its address"

    for order_id in world.open_order_ids:
        await ada.made(f"/v1/orders/{order_id}/cancel", {})
    async with worker_works.begin(Platform("six hours later")) as work:
        await work.db.execute(text("UPDATE jobs SET due_at = :now"), {"now": work.now - timedelta(hours=1)})
    assert await run_waiting(settings) == []
    done = (await ada.get(f"/v1/privacy-requests/{waiting['id']}")).json()
    assert (done["state"], done["open_orders"]) == ("done", 0)
    assert waiting["counts"]["messages"] > 0
    assert waiting["counts"]["answers"] > 0
    assert waiting["counts"]["webhook_answers"] == 2

    after = await everything(worker_works, vault)
    for table, held in after.items():
        for trace in TRACES:
            assert trace.lower() not in held.lower(), (table, trace)
    assert b"bob@example.com" in after["orders"], "other customers' data stay"
    assert b"9 Elm Row" in after["inbox"]
    assert b"9 Elm Row" in after["webhook_attempts"]
    erased = (await ada.get(f"/v1/orders/{world.shipped_order_ids[0]}")).json()
    assert (erased["email"], erased["ship_to"]["country"], erased["status"]) == ("", "GB", "delivered")


async def test_an_export_holds_all_that_is_kept_until_it_expires(
    ada: Client, world: World, settings: Settings, worker_works: Works, partner: Client
) -> None:
    await refused_move(ada, world, world.open_order_ids[1])
    await words_everywhere(ada, world)
    done = await asked(ada, settings, "export")
    assert (done["state"], done["counts"]["orders"], done["counts"]["parcels"]) == ("done", 6, 3)
    path = f"/v1/privacy-requests/{done['id']}/export"
    export = (await ada.get(path)).json()
    assert export["email"] == "ada@example.com"
    assert {order["ship_to"]["line1"] for order in export["orders"]} == {"1 Mill Lane", "7 Quiet Yard"}
    assert len(export["returns"]) == 3
    (change,) = export["change_requests"]
    assert (change["asked"]["ship_to"]["line1"], change["state"]) == ("7 Quiet Yard", "refused")
    assert change["answer_note"] == "It went to her sister."
    written = {kind: str(export[kind]) for kind in ("orders", "holds", "returns", "return_lines", "tracking_events")}
    assert [kind for kind, records in written.items() if "her sister" not in records] == []
    assert export["return_lines"][-1]["inspection_notes"] == ["For her sister."]
    assert (await partner.get(path)).status_code == 403
    worker_works.clock = lambda: _later(done["expires_at"])
    async with worker_works.begin(Platform("a month later")) as work:
        await commands.expire_exports(work)
    expired = await ada.get(path)
    assert (expired.status_code, expired.json()["code"]) == (409, "no_export")


def _later(moment: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(moment) + timedelta(seconds=1)


async def test_a_request_about_nobody_is_done_at_once(ada: Client, settings: Settings) -> None:
    made = await ada.made("/v1/privacy-requests", {"kind": "erasure", "email": "nobody@example.com"})
    assert await run_waiting(settings) == []
    done = (await ada.get(f"/v1/privacy-requests/{made['id']}")).json()
    assert (done["state"], done["counts"]) == ("done", {"answers": 0, "webhook_answers": 0, "messages": 0})
    listed = (await ada.get("/v1/privacy-requests")).json()["data"]
    assert [each["id"] for each in listed] == [made["id"]]


async def test_an_erased_order_is_not_brought_back_by_its_store(
    ada: Client, world: World, settings: Settings, works: Works
) -> None:
    from fulfilhub.orders.commands import Outcome, take
    from tests.orders.telling import order

    scope = Merchant(ids.ACCOUNT.find(world.merchant_id))
    store_id = ids.STORE.find(world.store_id)
    async with works.begin(scope) as work:
        (taken,) = await take(work, store_id, [order("back", email="ada@example.com", lines=())])
        await work.db.execute(text("UPDATE orders SET status = 'cancelled' WHERE id = :id"), {"id": taken.order_id})
    await asked(ada, settings, "erasure")
    async with works.begin(scope) as work:
        (again,) = await take(work, store_id, [order("back", minutes=5, email="ada@example.com")])
    assert again.outcome is Outcome.STALE


async def test_what_carriers_told_of_a_customer_is_erased_too(
    ada: Client, world: World, settings: Settings, worker_works: Works, vault: Vault
) -> None:
    quick = Client(ada.http, world.partner_key, "")
    shipped = (await ada.get(f"/v1/orders/{world.shipped_order_ids[0]}/shipments")).json()["data"]
    number = shipped[0]["parcels"][0]["tracking_number"]
    told = {"tracking_number": number, "occurred_at": "2026-11-24T09:00:00Z", "status": "delivered"}
    for owner in (ada, quick):
        made: Any = await owner.made("/v1/carriers", {"name": "Evri"})
        letter = signed(made["secret"], [{**told, "signed_by": "Ada Test", "location": "1 Mill Lane"}])
        door = f"/v1/carriers/{made['carrier']['id']}/webhook"
        assert (await ada.http.post(door, content=letter.body, headers=letter.headers)).is_success
    assert await run_waiting(settings) == []
    before = await everything(worker_works, vault)
    assert b"Ada Test" in before["tracking_events"]
    export = await asked(ada, settings, "export")
    kept = (await ada.get(f"/v1/privacy-requests/{export['id']}/export")).json()
    assert "Ada Test" in [each.get("signed_by") for each in kept["tracking_events"]]
    await asked(ada, settings, "erasure")
    after = await everything(worker_works, vault)
    assert b"Ada Test" not in after["tracking_events"]
    assert not any(trace in after["inbox"] for trace in TRACES)
