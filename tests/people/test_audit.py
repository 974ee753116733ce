"""The audit log: what leaves a row, what is in it, and that nobody can change it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Merchant, Operator, Partner, Platform
from fulfilhub.platform.work import Works
from tests.make.world import Client

MUG = {"sku": "MUG", "name": "Mug"}


async def log_of(client: Client, **wanted: str | int) -> list[dict[str, object]]:
    answer = await client.get("/v1/audit-log", **wanted)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = answer.json()["data"]
    return rows


async def test_a_write_leaves_one_row_and_a_read_none(merchant: Client) -> None:
    answer = await merchant.post("/v1/products", MUG, **{"X-Request-Id": "mine-1"})
    product = answer.json()["id"]
    await merchant.get(f"/v1/products/{product}")
    (row,) = await log_of(merchant)
    assert row["action"] == "createProduct"
    assert (row["entity"], row["status"], row["request_id"]) == (product, 201, "mine-1")
    assert str(row["actor"]).startswith("key_")
    assert row["address"] == "127.0.0.0/24"
    await merchant.patch(f"/v1/products/{product}", {"name": "Cup"})
    assert [r["action"] for r in await log_of(merchant, entity=product)] == ["changeProduct", "createProduct"]


async def test_refusals_leave_a_row_and_what_nobody_did_none(merchant: Client, partner: Client) -> None:
    product = (await merchant.post("/v1/products", MUG)).json()["id"]
    assert (await merchant.post("/v1/products", MUG)).status_code == 409
    assert (await merchant.post("/v1/products", {"sku": ""})).status_code == 422
    await merchant.patch(f"/v1/products/{product}", {"name": "X"}, **{"If-Match": '"9"'})
    assert [r["status"] for r in await log_of(merchant)] == [412, 422, 409, 201]
    assert (await partner.post("/v1/products", MUG)).status_code == 403
    (row,) = await log_of(partner)
    assert (row["action"], row["status"], row["entity"]) == ("createProduct", 403, None)
    await merchant.http.post("/v1/products", json=MUG)
    assert len(await log_of(merchant)) == 4


async def test_a_repeat_with_the_same_key_did_nothing(merchant: Client) -> None:
    for _ in range(3):
        assert (await merchant.post("/v1/products", MUG, once="k1")).status_code == 201
    assert len(await log_of(merchant)) == 1


async def test_a_batch_is_one_row(merchant: Client) -> None:
    items = [{"sku": f"S{n}", "name": "Thing"} for n in range(20)]
    await merchant.post("/v1/products/batch", {"products": items})
    (row,) = await log_of(merchant)
    assert (row["action"], row["status"], row["entity"]) == ("createProducts", 200, None)


async def test_it_is_read_in_pages_and_by_what_one_looks_for(merchant: Client, partner: Client) -> None:
    for n in range(5):
        await merchant.post("/v1/products", {"sku": f"S{n}", "name": "Thing"})
    await merchant.post("/v1/api-keys", {"name": "another"})
    seen, cursor = [], ""
    while True:
        page = (await merchant.get("/v1/audit-log", limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    whole = await log_of(merchant)
    assert seen == [row["id"] for row in whole]
    assert len(seen) == 6
    assert [row["action"] for row in await log_of(merchant, action="createKey")] == ["createKey"]
    third = str(whole[3]["at"])
    before, after = await log_of(merchant, before=third), await log_of(merchant, after=third)
    assert (len(before), len(after)) == (2, 4)
    assert await log_of(merchant, actor="usr_nobody") == []
    assert await log_of(partner) == []


async def test_it_takes_a_permission(merchant: Client) -> None:
    narrow = await merchant.made("/v1/api-keys", {"name": "narrow", "permissions": ["orders:read"]})
    reader = Client(merchant.http, str(narrow["secret"]), merchant.account_id)
    assert (await reader.get("/v1/audit-log")).status_code == 403


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"])
async def test_nobody_changes_it(merchant: Client, works: Works, worker_works: Works, statement: str) -> None:
    await merchant.post("/v1/products", MUG)
    account_id = ids.ACCOUNT.find(merchant.account_id)
    for scope in (Merchant(account_id), Partner(account_id), Operator(account_id)):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with works.begin(scope) as work:
                await work.db.execute(text(statement))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with worker_works.begin(Platform("test")) as work:
            await work.db.execute(text(statement))
    assert len(await log_of(merchant)) == 1


async def test_nobody_writes_into_anothers(merchant: Client, partner: Client, works: Works) -> None:
    statement = text(
        "INSERT INTO audit_log (account_id, at, id, actor, action, status, request_id) "
        "VALUES (:a, now(), gen_random_uuid(), 'x', 'y', 200, 'z')"
    )
    with pytest.raises(DBAPIError, match="row-level security"):
        async with works.begin(Merchant(ids.ACCOUNT.find(merchant.account_id))) as work:
            await work.db.execute(statement, {"a": ids.ACCOUNT.find(partner.account_id)})


async def test_asking_for_work_where_there_is_none_leaves_no_row(partner: Client) -> None:
    claim = {"warehouse_id": ids.WAREHOUSE.show(ids.new()), "limit": 5}
    answer = await partner.post("/v1/work/claims", claim, once=None)
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert await log_of(partner) == []
