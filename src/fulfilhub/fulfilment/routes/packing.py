"""What merchants want of who packs for them, over HTTP."""

from __future__ import annotations

from litestar import Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from fulfilhub.accounts.principal import MerchantCaller, may
from fulfilhub.fulfilment.commands.packing import set_packing_policy
from fulfilhub.fulfilment.queries.packing import packing_policy
from fulfilhub.fulfilment.schemas.packing import (
    PackingPolicyIn,
    PackingPolicyOut,
    packing_policy_of,
    packing_policy_out,
)
from fulfilhub.platform.errors import Forbidden, Invalid, RateLimited, Stale, Unauthenticated
from fulfilhub.platform.work import Works
from fulfilhub.web.conditional import IfMatch, expected_version
from fulfilhub.web.problems import problems
from fulfilhub.web.replies import ok

READ = problems(Unauthenticated, Forbidden, RateLimited)
SET = problems(Unauthenticated, Forbidden, Stale, Invalid, RateLimited)


@get("/v1/packing-policy", **may("orders:read"), tags=["Fulfilments"], summary="Get the packing policy", responses=READ)
async def get_packing_policy(
    works: NamedDependency[Works], merchant: NamedDependency[MerchantCaller]
) -> Response[PackingPolicyOut]:
    """What you want of who packs for you, and how your packing slips look."""
    async with works.reading(merchant.scope) as work:
        return ok(work, packing_policy_out(await packing_policy(work)))


@put("/v1/packing-policy", **may("orders:write"), tags=["Fulfilments"], summary="Set the packing policy", responses=SET)
async def put_packing_policy(
    works: NamedDependency[Works],
    merchant: NamedDependency[MerchantCaller],
    data: JSONBody[PackingPolicyIn],
    if_match: IfMatch = None,
) -> Response[PackingPolicyOut]:
    """Replaces the policy; it counts for work that is queued from now on."""
    async with works.begin(merchant.scope) as work:
        await set_packing_policy(work, packing_policy_of(data), expected_version(if_match))
        return ok(work, packing_policy_out(await packing_policy(work)))


ROUTES = [get_packing_policy, put_packing_policy]
