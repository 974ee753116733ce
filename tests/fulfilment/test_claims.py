"""Claims narrowed by what is wanted, and the index that each of them has."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from fulfilhub.fulfilment.commands.claiming import claim
from fulfilhub.fulfilment.commands.prioritising import prioritise
from fulfilhub.fulfilment.queries.claims import Wanted, claim_statement
from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.work import Works
from tests.fulfilment.world import Site, broken, make_site
from tests.make.world import Client
from tests.orders.telling import HOME


@pytest.fixture
async def site(works: Works) -> Site:
    """Three orders at Leeds: two mugs to York, a bowl to London, and both to York."""
    made = await make_site(works, "MUG", "BOWL")
    for sku in ("MUG", "BOWL"):
        await made.stock(sku, made.leeds, 50)
    for name, lines, postcode in (
        ("mugs", (("MUG", 2),), "yo1 7hh"),
        ("bowl", (("BOWL", 1),), "SW1A 1AA"),
        ("both", (("MUG", 1), ("BOWL", 1)), "YO10 4AA"),
    ):
        order_id = await made.order(name, *lines, ship_to=replace(HOME, postcode=postcode))
        await made.route(order_id)
    return made


WANTED = {
    "anything": (Wanted(), ["mugs", "bowl", "both"]),
    "one SKU": (Wanted(single_sku=True), ["mugs", "bowl"]),
    "several SKUs": (Wanted(single_sku=False), ["both"]),
    "service": (Wanted(service="standard"), ["mugs", "bowl", "both"]),
    "another service": (Wanted(service="next_day"), []),
    "carrier": (Wanted(carrier="royal_mail"), ["mugs", "bowl", "both"]),
    "another carrier": (Wanted(carrier="dpd"), []),
    "zone": (Wanted(countries=("GB",), postcode_prefixes=("yo1", "LS")), ["mugs", "both"]),
    "narrow zone": (Wanted(countries=("GB",), postcode_prefixes=("YO1 7",)), ["mugs"]),
    "another country": (Wanted(countries=("FR", "DE")), []),
    "nothing urgent": (Wanted(min_priority=1), []),
    "due already": (Wanted(ship_by_before=utc_now() - timedelta(days=30)), []),
}


class Undone(Exception):
    """So that the next claim finds everything again."""


async def claimed(site: Site, wanted: Wanted) -> list[str]:
    """The orders' numbers, without the `#`, sorted; nothing stays claimed."""
    numbers: list[str] = []
    with suppress(Undone):
        async with site.works.begin(site.partner) as work:
            _, _, rows = await claim(work, site.leeds, 10, wanted)
            numbers = sorted(row.document.order_number.removeprefix("#") for row in rows)
            raise Undone
    return numbers


async def test_a_claim_gets_what_it_asks_for(site: Site) -> None:
    for case, (wanted, numbers) in WANTED.items():
        assert await claimed(site, wanted) == sorted(numbers), case
    own = Wanted(merchant_id=site.merchant.account_id)
    assert len(await claimed(site, own)) == 3
    assert await claimed(site, replace(own, merchant_id=ids.new())) == []
    assert await claimed(site, Wanted(product_id=site.products["BOWL"].id)) == ["bowl"]


async def test_what_is_urgent_can_be_claimed_first(site: Site, worker_works: Works) -> None:
    async with site.works.begin(site.merchant) as work:
        rows = await work.fetch_raw("SELECT id FROM fulfilments ORDER BY id")
        await prioritise(work, rows[2][0], 7)
    async with site.works.begin(site.partner) as work:
        _, _, (urgent,) = await claim(work, site.leeds, 10, Wanted(min_priority=5))
    assert (urgent.id, urgent.priority) == (rows[2][0], 7)
    assert await broken(worker_works) == []


async def test_what_has_ended_has_no_priority(site: Site) -> None:
    async with site.works.begin(site.merchant) as work:
        rows = await work.fetch_raw("SELECT id FROM fulfilments ORDER BY id LIMIT 1")
        await work.execute_raw("UPDATE work_orders SET state = 'cancelled', ended_at = now() WHERE id = $1", rows[0][0])
    with pytest.raises(Conflict):
        async with site.works.begin(site.merchant) as work:
            await prioritise(work, rows[0][0], 1)


INDEXES = {
    "ix_work_orders_queue": Wanted(),
    "ix_work_orders_service": Wanted(service="standard"),
    "ix_work_orders_single": Wanted(product_id=ids.new()),
    "ix_work_orders_urgent": Wanted(min_priority=3),
}


async def test_each_kind_of_claim_walks_its_index_in_order(site: Site) -> None:
    narrow = {"carrier": "dpd", "countries": ("GB",), "ship_by_before": utc_now()}
    for index, wanted in INDEXES.items():
        for each in (wanted, replace(wanted, **narrow)):  # type: ignore[arg-type]  # fields of three types
            plan = await _plan(site, each)
            queue = plan[plan.index("CTE next") : plan.index("CTE w")]
            assert index in re.findall(r"using (\w+)", queue), plan
            assert "Sort" not in queue, plan
            assert "Seq Scan" not in plan, plan


async def _plan(site: Site, wanted: Wanted) -> str:
    """How a claim is answered. So few rows need no index; what counts is that one can answer it without sorting the
    queue."""
    statement, values = claim_statement(wanted)
    now = utc_now()
    first = (site.partner.account_id, site.leeds, now, 20, ids.new(), now, "key")
    async with site.works.begin(site.partner) as work:
        for way in ("seqscan", "bitmapscan", "sort"):
            await work.execute_raw(f"SET LOCAL enable_{way} = off")
        rows = await work.fetch_raw(f"EXPLAIN (COSTS OFF) {statement}", *first, *values)
    return "\n".join(row[0] for row in rows)


async def test_a_body_says_what_is_wanted(site: Site, partner: Client) -> None:
    body = {
        "warehouse_id": ids.WAREHOUSE.show(site.leeds),
        "service": "standard",
        "carrier": "royal_mail",
        "merchant_id": ids.ACCOUNT.show(site.merchant.account_id),
        "min_priority": 0,
        "single_sku": True,
        "product_id": ids.PRODUCT.show(site.products["MUG"].id),
        "zone": {"countries": ["GB"], "postcode_prefixes": ["YO"]},
        "ship_by_before": "2036-01-01T00:00:00Z",
    }
    claimed = await partner.post("/v1/work/claims", body)
    assert (claimed.status_code, claimed.json()["data"]) == (200, [])  # another partner's queue
    wrong = await partner.post("/v1/work/claims", body | {"zone": {"countries": ["gb"]}})
    assert wrong.status_code == 422
