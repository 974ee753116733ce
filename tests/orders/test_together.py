"""Single orders over HTTP, many at once: each taken once and answered as if it had come alone."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx

from tests.make.world import Client


def body(external_id: str, **more: Any) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "number": f"#{external_id}",
        "currency": "GBP",
        "placed_at": "2026-11-02T09:00:00Z",
        "lines": [{"external_id": "1", "sku": "MUG", "quantity": 2}],
        "ship_to": {"name": "Ada", "line1": "1 Mill Lane", "city": "York", "postcode": "YO1 7HH", "country": "GB"},
        **more,
    }


async def ids_of(merchant: Client) -> list[str]:
    page = (await merchant.get("/v1/orders", limit=100)).json()
    assert not page["has_more"]
    return sorted(each["id"] for each in page["data"])


async def test_forty_at_once_are_forty_orders_and_repeating_all_changes_nothing(merchant: Client) -> None:
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    keys = [secrets.token_hex(8) for _ in range(40)]

    async def send_all() -> list[httpx.Response]:
        return await asyncio.gather(
            *(merchant.post("/v1/orders", body(f"o-{n}"), once=key) for n, key in enumerate(keys))
        )

    first, second = await send_all(), await send_all()
    assert {answer.status_code for answer in first + second} == {201}
    assert [answer.json()["external_id"] for answer in first] == [f"o-{n}" for n in range(40)]
    assert [answer.content for answer in second] == [answer.content for answer in first]
    assert {answer.headers.get("Idempotent-Replayed") for answer in second} == {"true"}
    assert await ids_of(merchant) == sorted(answer.json()["id"] for answer in first)


async def test_good_bad_repeated_and_contradicting_ones_do_not_mind_each_other(merchant: Client) -> None:
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    known = (await merchant.post("/v1/orders", body("known"), once="used")).json()
    unknown_sku = [{"external_id": "1", "sku": "NONE", "quantity": 1}]
    good, again, differs, mismatch, review, twin_a, twin_b, unkeyed = await asyncio.gather(
        merchant.post("/v1/orders", body("good")),
        merchant.post("/v1/orders", body("known")),
        merchant.post("/v1/orders", body("known", note="another")),
        merchant.post("/v1/orders", body("stolen key"), once="used"),
        merchant.post("/v1/orders", body("review", lines=unknown_sku)),
        merchant.post("/v1/orders", body("twin")),
        merchant.post("/v1/orders", body("twin")),
        merchant.post("/v1/orders", body("unkeyed"), once=None),
    )
    assert (good.status_code, good.json()["status"]) == (201, "received")
    assert (again.status_code, again.json()) == (200, known)
    assert (differs.status_code, differs.json()["code"]) == (409, "order_exists")
    assert (mismatch.status_code, mismatch.json()["code"]) == (422, "idempotency_mismatch")
    assert (review.status_code, review.json()["status"]) == (201, "needs_review")
    assert sorted([twin_a.status_code, twin_b.status_code]) == [200, 201]
    assert twin_a.json() == twin_b.json()
    assert unkeyed.status_code == 201
    made = [known, *(answer.json() for answer in (good, review, twin_a, unkeyed))]
    assert await ids_of(merchant) == sorted(order["id"] for order in made)


async def test_one_order_from_eight_clients_is_one(merchant: Client) -> None:
    answers = await asyncio.gather(*(merchant.post("/v1/orders", body("same")) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await ids_of(merchant)) == 1


async def test_each_of_those_that_go_together_has_its_own_row_in_the_audit_log(merchant: Client) -> None:
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    known = (await merchant.post("/v1/orders", body("known"), once="used", **{"X-Request-Id": "first"})).json()["id"]
    sent = {f"req-{n}": body(f"o-{n}") for n in range(20)}
    answers = await asyncio.gather(
        *(merchant.post("/v1/orders", order, **{"X-Request-Id": trace}) for trace, order in sent.items()),
        merchant.post("/v1/orders", body("known"), **{"X-Request-Id": "again"}),
        merchant.post("/v1/orders", body("known", note="another"), **{"X-Request-Id": "differs"}),
        merchant.post("/v1/orders", body("stolen key"), once="used", **{"X-Request-Id": "mismatch"}),
    )
    repeat = await merchant.post("/v1/orders", body("known"), once="used", **{"X-Request-Id": "repeat"})
    assert repeat.headers["Idempotent-Replayed"] == "true"
    expected = {
        "first": (201, known),
        "again": (200, known),
        "differs": (409, None),
        "mismatch": (422, None),
        **{trace: (201, answer.json()["id"]) for trace, answer in zip(sent, answers, strict=False)},
    }
    rows = (await merchant.get("/v1/audit-log", action="createOrder", limit=100)).json()["data"]
    assert {row["request_id"]: (row["status"], row["entity"]) for row in rows} == expected
    assert len(rows) == len(expected)
    assert {str(row["actor"])[:4] for row in rows} == {"key_"}


async def test_a_batch_is_one_call_and_one_row(merchant: Client) -> None:
    answer = await merchant.post("/v1/orders/batch", {"orders": [body(f"o-{n}") for n in range(30)]})
    assert answer.json()["created"] == 30
    (row,) = (await merchant.get("/v1/audit-log")).json()["data"]
    assert (row["action"], row["status"], row["entity"]) == ("createOrders", 200, None)
