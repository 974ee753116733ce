"""A shop's token is renewed before it ends: once however many want it, and without harm when an answer is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest

from fulfilhub.platform import ids
from fulfilhub.platform.clock import utc_now
from fulfilhub.platform.jobs.tickets import Retry
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.shopify.oauth import Grant
from fulfilhub.stores.commands import renewing
from fulfilhub.stores.renewing import reach, renew
from tests.fakes.shopify.faults import Fault
from tests.fakes.shopify.schema import needs_schema
from tests.stores.shopify.conftest import Rig

TOKEN = "access_token"


def asked(rig: Rig) -> int:
    """How often the shop gave, or was to give, a token."""
    return sum(one["operation"] == TOKEN for one in rig.shop.asked)


async def stale(rig: Rig, store_id: UUID) -> None:
    """The token ends in a minute."""
    soon = utc_now() + timedelta(minutes=1)
    await rig.execute("UPDATE shopify_installs SET expires_at = :soon WHERE store_id = :id", soon=soon, id=store_id)


async def renewed(rig: Rig, store_id: UUID, works: Works | None = None) -> None:
    given = (works or rig.works, rig.vault, rig.settings, rig.outside, rig.scope, store_id)
    await renew(*given)


async def test_nothing_is_asked_with_a_token_that_is_about_to_end(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    async with rig.works.begin(rig.scope) as work:
        row = await queries.sealed_store(work, store_id)
        with pytest.raises(queries.TokenStale):
            queries.connection(rig.vault, row, work.now)
    before = await rig.credentials(store_id)
    reached = await reach(rig.works, rig.vault, rig.settings, rig.outside, rig.scope, store_id)
    assert reached.credentials != before
    assert reached.credentials == await rig.credentials(store_id)
    assert reached.renewable


async def test_many_at_once_renew_it_once(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    before = asked(rig)
    others = 0

    async def one() -> None:
        nonlocal others
        try:
            await renewed(rig, store_id)
        except Retry:
            others += 1

    await asyncio.gather(*(one() for _ in range(5)))
    assert asked(rig) == before + 1
    install = await rig.install(store_id)
    assert (install["state"], install["failures"]) == ("installed", 0)
    await renewed(rig, store_id)
    assert asked(rig) == before + 1, "it lives"


@pytest.mark.parametrize("fault", [Fault.FAIL_AFTER, Fault.FAIL, Fault.TOO_MANY])
async def test_a_lost_answer_costs_nothing(rig: Rig, fault: Fault) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    rig.shop.faults.next(fault, operation=TOKEN)
    with pytest.raises(Retry):
        await renewed(rig, store_id)
    install = await rig.install(store_id)
    assert (install["state"], install["failures"], install["code"]) == ("installed", 1, "unreachable")
    await renewed(rig, store_id)
    install = await rig.install(store_id)
    assert (install["failures"], install["code"], install["reason"]) == (0, None, None)
    assert (await rig.credentials(store_id))["access_token"] in rig.shop.access_tokens


async def test_a_worker_that_died_on_the_way_is_taken_over(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    async with rig.works.begin(rig.scope) as work:
        lost = await renewing.begin(work, rig.vault, store_id)
    assert isinstance(lost, renewing.Renewal)
    with pytest.raises(Retry):
        await renewed(rig, store_id)
    later = Works(rig.works.engine, rig.works._wiring, clock=lambda: utc_now() + timedelta(minutes=2))
    await renewed(rig, store_id, later)
    kept = await rig.credentials(store_id)
    async with later.begin(rig.scope) as work:
        late = Grant(access_token="late", scopes=(), expires_at=None, refresh_token=None, refresh_expires_at=None)
        await renewing.conclude(work, rig.vault, lost, late)
    assert await rig.credentials(store_id) == kept, "who took too long keeps nothing"


async def test_a_refresh_token_that_is_dead_lets_it_lapse_until_the_page_is_opened(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    rig.shop.tokens.refresh.clear()
    await renewed(rig, store_id)
    install = await rig.install(store_id)
    assert (install["state"], install["code"]) == ("lapsed", "invalid_grant")
    before = asked(rig)
    reached = await reach(rig.works, rig.vault, rig.settings, rig.outside, rig.scope, store_id)
    assert (reached.renewable, asked(rig)) == (True, before), "nobody asks in vain"
    told = (await rig.page("/shopify/session")).json()
    assert (told["install"]["state"], told["install"]["code"]) == ("installed", None)
    assert (await rig.credentials(store_id))["access_token"] in rig.shop.access_tokens


async def test_a_wrong_secret_of_ours_costs_no_shop_its_token(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    rig.shop.client_secrets = ("shpss_" + "z" * 32,)
    with pytest.raises(Retry):
        await renewed(rig, store_id)
    install = await rig.install(store_id)
    assert (install["state"], install["code"]) == ("installed", "application_cannot_be_found")


async def test_an_uninstall_meanwhile_wins(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    async with rig.works.begin(rig.scope) as work:
        renewal = await renewing.begin(work, rig.vault, store_id)
    assert isinstance(renewal, renewing.Renewal)
    await rig.told("app/uninstalled", {"myshopify_domain": rig.shop.domain})
    await rig.read()
    late = Grant(access_token="late", scopes=(), expires_at=None, refresh_token=None, refresh_expires_at=None)
    async with rig.works.begin(rig.scope) as work:
        await renewing.conclude(work, rig.vault, renewal, late)
    assert (await rig.install(store_id))["state"] == "uninstalled"
    assert await rig.credentials(store_id) == {}


@needs_schema
async def test_a_sweep_renews_it_and_goes_on(rig: Rig) -> None:
    store_id = await rig.connected()
    await stale(rig, store_id)
    before = asked(rig)
    await rig.sweep(store_id)
    assert asked(rig) == before + 1
    assert rig.shop.asked[-1]["operation"] == "FulfilHubChangedOrders"
    complete = await rig.merchant.get(f"/v1/stores/{ids.STORE.show(store_id)}/completeness")
    assert complete.json()["state"] != "failing", complete.text


@needs_schema
async def test_a_token_that_the_shop_refuses_is_renewed_before_the_next_call(rig: Rig) -> None:
    store_id = await rig.connected()
    await rig.execute("UPDATE shopify_installs SET renewed_at = renewed_at - interval '10 minutes'")
    rig.shop.access_tokens.clear()
    await rig.sweep(store_id)
    install = await rig.install(store_id)
    assert (install["state"], install["code"]) == ("installed", "unauthorised")
    reached = await reach(rig.works, rig.vault, rig.settings, rig.outside, rig.scope, store_id)
    assert reached.credentials["access_token"] in rig.shop.access_tokens


async def test_a_token_refused_just_after_it_was_got_is_not_renewed_again_and_again(rig: Rig) -> None:
    store_id = await rig.connected()
    token = (await rig.credentials(store_id))["access_token"]
    async with rig.works.begin(rig.scope) as work:
        await renewing.spent(work, rig.vault, store_id, token)
        await renewing.spent(work, rig.vault, store_id, "another's")
    install = await rig.install(store_id)
    assert (install["code"], install["failures"]) == ("unauthorised", 1)
    before = asked(rig)
    await reach(rig.works, rig.vault, rig.settings, rig.outside, rig.scope, store_id)
    assert asked(rig) == before


async def permanent(rig: Rig, store_id: UUID) -> None:
    """As if Shopify had answered without `expires_in`."""
    rig.shop.tokens.ends.clear()
    await rig.execute("UPDATE shopify_installs SET refresh_token = NULL, expires_at = NULL, refresh_expires_at = NULL")


async def test_a_permanent_token_is_exchanged_by_and_by(rig: Rig) -> None:
    store_id = await rig.connected()
    await permanent(rig, store_id)
    before = await rig.credentials(store_id)
    await rig.strike("stores.renew_tokens")
    assert await rig.hand.run("stores.renew_token", later=2) == 1
    after = await rig.credentials(store_id)
    assert after != before
    assert before["access_token"] not in rig.shop.access_tokens, "it ended with the exchange"
    install = await rig.install(store_id)
    assert install["token_expires_at"] is not None
    await rig.strike("stores.renew_tokens")
    assert await rig.hand.waiting("stores.renew_token") == []


async def test_a_pair_that_nobody_uses_is_kept_alive(rig: Rig) -> None:
    store_id = await rig.connected()
    soon = utc_now() + timedelta(days=10)
    await rig.execute("UPDATE shopify_installs SET refresh_expires_at = :soon", soon=soon)
    before = await rig.credentials(store_id)
    await rig.strike("stores.renew_tokens")
    await rig.hand.run("stores.renew_token", later=2)
    assert await rig.credentials(store_id) != before


async def test_the_shop_is_let_in_again_after_a_dead_call(rig: Rig) -> None:
    """A renewal that is broken off (here: cancelled) leaves nothing but a lease, which ends."""
    store_id = await rig.connected()
    await stale(rig, store_id)
    rig.shop.faults.next(Fault.SILENT, operation=TOKEN)
    running = asyncio.create_task(renewed(rig, store_id))
    while asked(rig) < 2:  # noqa: ASYNC110 - the fake has no event to wait for
        await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    later = Works(rig.works.engine, rig.works._wiring, clock=lambda: utc_now() + timedelta(minutes=2))
    await renewed(rig, store_id, later)
    assert (await rig.install(store_id))["failures"] == 0
