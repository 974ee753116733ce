"""A shop's token is renewed between two transactions, before anything is asked of the shop: for tasks and routes alike.

`queries.connection` raises TokenStale where that is due, so nothing is ever asked with a token that is about to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from uuid import UUID

import httpx

from fulfilhub.platform.errors import Unavailable
from fulfilhub.platform.jobs.tickets import Retry, Run, Task, Ticket
from fulfilhub.platform.scopes import Merchant
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores import queries
from fulfilhub.stores.adapters.port import Connection, Refused
from fulfilhub.stores.adapters.shopify import oauth, refusals
from fulfilhub.stores.commands import renewing

WAIT_FOR_ANOTHER = 2.0
"""Seconds until it is looked again whether another has renewed the token."""

OUR_FAULT = 60.0
"""Seconds until Shopify is asked again that refused us for what no shop can mend, such as a wrong client secret."""


def with_fresh_tokens(function: Task) -> Task:
    """A task that asks something of a shop, run with a token that lives: where it finds one that is about to end, the
    token is renewed and the task begun anew (it has done nothing yet). A token that the shop refuses is renewed before
    the next call. The task takes one ticket, which names the store as `store_id`."""

    @wraps(function)
    async def guarded(run: Run, tickets: Sequence[Ticket]) -> None:
        scope = Merchant(run.account_id, "system")
        with refusals.watching() as refused:
            try:
                await function(run, tickets)
            except queries.TokenStale as stale:
                await renew(run.works, run.vault, run.settings, run.http, scope, stale.store_id)
                await function(run, tickets)
            finally:
                for token in refused:
                    async with run.works.begin(scope) as work:
                        await renewing.spent(work, run.vault, tickets[0].uuid("store_id"), token)

    return guarded


async def renew(
    works: Works,
    vault: Vault,
    settings: Settings,
    http: httpx.AsyncClient,
    scope: Merchant,
    store_id: UUID,
    *,
    ahead: bool = False,
) -> None:
    """Renew a shop's token if it has to be. Afterwards it either lives or can't be renewed any more. Raises Retry when
    another is at it, or the shop gives none now. `ahead` as of `renewing.begin`."""
    async with works.begin(scope) as work:
        renewal = await renewing.begin(work, vault, store_id, ahead=ahead)
    if renewal is None:
        return
    if isinstance(renewal, renewing.Busy):
        raise Retry("Another renews the shop's token.", min(renewal.seconds, WAIT_FOR_ANOTHER))
    app = oauth.app_of(settings.shopify)
    if renewal.refresh_token is None:
        answer = await oauth.for_permanent(http, app, renewal.shop, renewal.access_token, works.clock())
    else:
        answer = await oauth.for_refresh(http, app, renewal.shop, renewal.refresh_token, works.clock())
    async with works.begin(scope) as work:
        await renewing.conclude(work, vault, renewal, answer)
    if isinstance(answer, oauth.Grant) or (isinstance(answer, Refused) and answer.code in oauth.DEAD):
        return
    raise Retry(renewing.why(answer), OUR_FAULT if isinstance(answer, Refused) else answer.after)


async def reach(
    works: Works, vault: Vault, settings: Settings, http: httpx.AsyncClient, scope: Merchant, store_id: UUID
) -> Connection:
    """How to reach a store now, for a route that asks it something. Raises NotFound, Unavailable when its token can't
    be renewed at the moment."""
    for _ in range(2):
        try:
            async with works.reading(scope) as work:
                return queries.connection(vault, await queries.sealed_store(work, store_id), work.now)
        except queries.TokenStale:
            try:
                await renew(works, vault, settings, http, scope, store_id)
            except Retry as later:
                raise Unavailable(str(later)) from later
    raise Unavailable("The shop's token could not be renewed; try again in a moment.")
