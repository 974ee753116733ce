"""Work that was done before it is reported: taken by its own time, or refused with how things stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.scopes import Platform
from tests.make.scene import Scene


def ago(**time: float) -> str:
    return (utc_now() - timedelta(**time)).isoformat()


async def run_out(scene: Scene) -> str:
    """Let everything have been queued and claimed a day ago, and the lease have ended half an hour ago; the lease."""
    lease = ids.before(ids.new(), timedelta(days=1))
    async with scene.hand.works.begin(Platform("test")) as work:
        told = await work.execute_raw(
            "UPDATE work_orders SET created_at = now() - interval '2 days', lease_id = $1, "
            "lease_until = now() - interval '30 minutes' WHERE lease_id IS NOT NULL",
            lease,
        )
        assert told != "UPDATE 0"
    return ids.LEASE.show(lease)


async def test_scans_of_a_scanner_that_was_offline_are_taken_by_their_own_time(scene: Scene) -> None:
    await scene.order("o-1")
    _, (row,) = await scene.claim()
    lease = await run_out(scene)
    at, mine = f"/v1/work/orders/{row['id']}", {"lease_id": lease}
    done = ago(minutes=40)
    now = await scene.partner.post(f"{at}/accept", mine)
    assert (now.status_code, now.json()["code"], now.json()["state"]) == (409, "lease_lost", "queued")
    accepted: Any = await scene.partner.made(f"{at}/accept", {**mine, "occurred_at": done})
    assert datetime.fromisoformat(accepted["accepted_at"]) == datetime.fromisoformat(done)
    await scene.partner.made(f"{at}/pick", {**mine, "occurred_at": done})
    line = row["lines"][0]["line_id"]
    parcel: Any = {"contents": [{"line_id": line, "quantity": 1}]}
    await scene.partner.made(f"{at}/pack", {**mine, "occurred_at": done, "parcels": [parcel]})
    sent = {**mine, "occurred_at": done, "parcels": [{"carrier": "evri", "tracking_number": "H01"}]}
    for _ in range(2):
        shipped = await scene.partner.post(f"{at}/ship", sent, once="scanner-7-0001")
        assert shipped.status_code == 200, shipped.text
    told = (await scene.merchant.get(f"/v1/shipments/{shipped.json()['shipment_id']}")).json()
    assert datetime.fromisoformat(told["shipped_at"]) == datetime.fromisoformat(done)


async def test_what_was_done_after_the_lease_or_is_somebody_elses_now_is_refused(scene: Scene) -> None:
    await scene.order("o-1")
    _, (row,) = await scene.claim()
    lease = await run_out(scene)
    at = f"/v1/work/orders/{row['id']}"
    after = await scene.partner.post(f"{at}/pick", {"lease_id": lease, "occurred_at": ago(minutes=10)})
    assert after.json()["code"] == "lease_lost"
    new, _ = await scene.claim()
    await scene.partner.made(f"{at}/accept", {"lease_id": new})
    refused = await scene.partner.post(f"{at}/pick", {"lease_id": lease, "occurred_at": ago(minutes=40)})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["state"]) == (409, "lease_lost", "accepted")
    assert "pick" in problem["actions"]


async def test_times_that_cannot_be_are_refused(scene: Scene) -> None:
    await scene.order("o-1")
    lease, (row,) = await scene.claim()
    for when in (ago(hours=-1), ago(days=2)):
        refused = await scene.partner.post(
            f"/v1/work/orders/{row['id']}/accept", {"lease_id": lease, "occurred_at": when}
        )
        assert refused.json()["errors"][0]["pointer"] == "/occurred_at"
    shipping = {"lease_id": lease, "occurred_at": ago(days=2)}
    parcels = [{"carrier": "evri", "tracking_number": "H01"}]
    refused = await scene.partner.post(f"/v1/work/orders/{row['id']}/ship", {**shipping, "parcels": parcels})
    assert refused.status_code == 422


async def test_a_late_pack_of_what_was_shipped_is_refused_with_its_state(scene: Scene) -> None:
    await scene.order("o-1")
    lease, (row,) = await scene.claim()
    at, done = f"/v1/work/orders/{row['id']}", ago(seconds=1)
    parcel = {"carrier": "evri", "tracking_number": "H01"}
    await scene.partner.made(f"{at}/ship", {"lease_id": lease, "parcels": [parcel]})
    contents = [{"contents": [{"line_id": row["lines"][0]["line_id"], "quantity": 1}]}]
    late = await scene.partner.post(f"{at}/pack", {"lease_id": lease, "occurred_at": done, "parcels": contents})
    assert (late.status_code, late.json()["code"], late.json()["state"]) == (409, "illegal_action", "shipped")
