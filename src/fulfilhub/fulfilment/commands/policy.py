"""Setting the merchant's policy on requests."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from fulfilhub.fulfilment.models import RequestPolicyRow
from fulfilhub.fulfilment.queries.requests import request_policy
from fulfilhub.orders.rules import RequestPolicy
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


async def set_request_policy(work: Work, policy: RequestPolicy, version: int | None) -> None:
    """Replace the policy; it counts for what is asked from now on. Raises Stale."""
    check_version(version, (await request_policy(work)).version)
    values = {
        "answer_minutes": policy.answer_minutes,
        "on_silence": str(policy.on_silence),
        "updated_at": work.now,
    }
    await work.db.execute(
        insert(RequestPolicyRow)
        .values(merchant_id=work.account_id, **values)
        .on_conflict_do_update(
            index_elements=[RequestPolicyRow.merchant_id],
            set_={**values, "version": RequestPolicyRow.version + 1},
        )
    )
