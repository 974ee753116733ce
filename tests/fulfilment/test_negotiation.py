"""Where merchant and warehouse stand about a piece of work, beside where the work is; and lines that are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fulfilhub.fulfilment.commands.asking import open_request
from fulfilhub.fulfilment.commands.refusing import reject_lines
from fulfilhub.fulfilment.rules import (
    ENDED,
    Late,
    Negotiation,
    RejectedLine,
    RejectReason,
    WorkState,
    address_for,
    lateness,
    negotiation,
)
from fulfilhub.orders.rules import ChangeKind, ChangeState
from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.work import Works
from tests.fulfilment.desk import desk, sound
from tests.fulfilment.world import broken, make_site
from tests.make.scene import Scene

S, N = WorkState, Negotiation
STANDS = [
    (S.QUEUED, None, False, N.SUBMITTED),
    (S.ACCEPTED, None, False, N.ACCEPTED),
    (S.SHIPPED, None, False, N.ACCEPTED),
    (S.REJECTED, None, False, N.REJECTED),
    (S.REJECTED, "requested", False, N.REJECTED),
    (S.CANCELLED, None, False, N.WITHDRAWN),
    (S.PICKING, "requested", False, N.CANCELLATION_REQUESTED),
    (S.QUEUED, "requested", False, N.CANCELLATION_REQUESTED),
    (S.CANCELLED, "accepted", True, N.CANCELLATION_ACCEPTED),
    (S.CANCELLED, "timed_out", True, N.CANCELLATION_ACCEPTED),
    (S.PACKED, "refused", False, N.CANCELLATION_REFUSED),
    (S.PACKED, "timed_out", False, N.CANCELLATION_REFUSED),
    (S.QUEUED, "refused", False, N.SUBMITTED),
    (S.PACKED, "withdrawn", False, N.ACCEPTED),
    (S.SHIPPED, "overtaken", False, N.ACCEPTED),
]


@pytest.mark.parametrize(("state", "cancel", "done", "stands"), STANDS)
def test_where_they_stand(state: WorkState, cancel: str | None, done: bool, stands: Negotiation) -> None:
    assert negotiation(state, cancel, carried_out=done) is stands


def test_every_state_and_answer_has_a_place() -> None:
    for state in WorkState:
        for cancel in (None, *ChangeState):
            for done in (False, True):
                assert negotiation(state, cancel, carried_out=done) in Negotiation


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_what_is_late() -> None:
    def late(now: datetime, state: WorkState = S.QUEUED, accepted: Any = None, ended: Any = None) -> list[Late]:
        return lateness(now, NOON, accepted, NOON + 2 * HOUR, ended, state)

    assert late(NOON) == []
    assert late(NOON + HOUR) == [Late.ACCEPT]
    assert late(NOON + HOUR, S.ACCEPTED, accepted=NOON) == []
    assert late(NOON + 3 * HOUR, S.ACCEPTED, accepted=NOON) == [Late.SHIP]
    assert late(NOON + 9 * HOUR, S.SHIPPED, ended=NOON - HOUR) == []
    assert late(NOON + 9 * HOUR, S.SHIPPED, ended=NOON + 3 * HOUR) == [Late.ACCEPT, Late.SHIP]
    assert late(NOON + 9 * HOUR, S.REJECTED, ended=NOON - HOUR) == []
    assert lateness(NOON, None, None, None, None, S.QUEUED) == []


def test_the_phone_number_is_told_only_where_the_contract_says_so() -> None:
    whole = {"line1": "1 Mill Lane", "phone": "07700900123"}
    assert address_for(whole, None) == address_for(whole, ["phone"]) == whole
    assert address_for(whole, []) == address_for(whole, ["email"]) == {"line1": "1 Mill Lane"}


async def test_both_sides_see_where_they_stand(scene: Scene) -> None:
    order = await scene.order("o-1")

    async def stands() -> tuple[str, str]:
        (theirs,) = (await scene.partner.get("/v1/work/orders")).json()["data"]
        (ours,) = (await scene.merchant.get("/v1/fulfilments", order_id=order)).json()["data"]
        assert theirs["negotiation"] == ours["negotiation"]
        return theirs["state"], theirs["negotiation"]

    assert await stands() == ("queued", "submitted")
    lease, (work,) = await scene.claim()
    at = f"/v1/work/orders/{work['id']}"
    await scene.partner.made(f"{at}/accept", {"lease_id": lease})
    assert await stands() == ("accepted", "accepted")
    asked: Any = (await scene.merchant.post(f"/v1/orders/{order}/cancel", {})).json()
    assert await stands() == ("accepted", "cancellation_requested")
    change = asked["requests"][0]["id"]
    await scene.partner.made(f"/v1/work/requests/{change}/refuse", {"reason": "already_packed"})
    assert await stands() == ("accepted", "cancellation_refused")
    await scene.merchant.post(f"/v1/orders/{order}/cancel", {})
    await scene.hand.work_off()
    requests = (await scene.partner.get("/v1/work/requests", state="requested")).json()["data"]
    await scene.partner.made(f"/v1/work/requests/{requests[0]['id']}/accept", {})
    assert await stands() == ("cancelled", "cancellation_accepted")


async def test_what_is_said_of_each_line_reaches_the_merchant(scene: Scene) -> None:
    order = await scene.order("o-1")
    lease, (work,) = await scene.claim()
    line = work["lines"][0]["line_id"]
    said = {"reason": "other", "note": "No.", "lines": [{"line_id": line, "reason": "invalid_sku", "message": "Gone."}]}
    refused = await scene.partner.post(
        f"/v1/work/orders/{work['id']}/reject", {**said, "lease_id": lease, "only_lines": True}
    )
    assert refused.json()["errors"][0]["pointer"] == "/only_lines"
    await scene.partner.made(f"/v1/work/orders/{work['id']}/reject", {**said, "lease_id": lease})
    (seen,) = (await scene.merchant.get("/v1/fulfilments", order_id=order)).json()["data"]
    assert seen["negotiation"] == "rejected"
    assert seen["rejection"]["lines"] == [{"line_id": line, "reason": "invalid_sku", "message": "Gone.", "quantity": 1}]


async def test_a_rejected_line_goes_elsewhere_and_the_rest_goes_on(works: Works, worker_works: Works) -> None:
    site = await make_site(works, "MUG", "BOWL")
    for sku in ("MUG", "BOWL"):
        await site.stock(sku, site.leeds, 5)
    order_id = await site.order("o-1", ("MUG", 2), ("BOWL", 1))
    await site.route(order_id)
    await site.stock("BOWL", site.bristol, 5)
    lease, (row,) = await site.claim(site.leeds)
    bowl = next(line.line_id for line in row.lines if line.product_id == site.products["BOWL"].id)
    said = [RejectedLine(line_id=bowl, reason=RejectReason.INELIGIBLE_PRODUCT, message="Too fragile.")]
    for _ in range(2):
        async with works.begin(site.partner) as work:
            after = await reject_lines(work, row.id, lease, said)
        assert (after.state, after.rejection and after.rejection.lines[0].quantity) == (WorkState.QUEUED, 1)
        assert {line.line_id: line.to_ship for line in after.lines}[bowl] == 0
    await site.route(order_id)
    assert await site.fulfilments(order_id) == [(site.leeds, "queued"), (site.bristol, "queued")]
    assert await site.level("BOWL", site.leeds) == (5, 0, 0, 0)
    assert await broken(worker_works) == []
    with pytest.raises(Invalid):
        async with works.begin(site.partner) as work:
            await reject_lines(work, row.id, lease, [RejectedLine(line_id=order_id, reason=RejectReason.OTHER)])


async def test_units_that_are_asked_back_are_cancelled_when_their_line_is_rejected(
    works: Works, worker_works: Works, settings: Any
) -> None:
    made = await desk(works)
    await made.ask_cancel(5)
    row = await made.row()
    assert open_request(row, ChangeKind.CANCEL) is not None
    assert row.state not in ENDED
    with pytest.raises(Invalid):  # it is all there is: the whole is to be rejected
        await made.partner(
            lambda work: reject_lines(
                work, made.work_id, made.lease, [RejectedLine(line_id=made.line_id, reason=RejectReason.OTHER)]
            )
        )
    await sound(worker_works, settings)
