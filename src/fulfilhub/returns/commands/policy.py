"""Setting the merchant's returns policy."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.work import Work
from fulfilhub.returns import queries
from fulfilhub.returns.models import ReturnPolicyRow
from fulfilhub.returns.rules import ReturnPolicy
from fulfilhub.web.conditional import check_version


async def set_policy(work: Work, policy: ReturnPolicy, warehouse_id: UUID | None, version: int | None) -> None:
    """Replace the policy; it decides on requests from now on. Raises Stale, and Invalid for a warehouse the merchant
    can't use."""
    before = await queries.policy_of(work)
    check_version(version, before.version)
    if warehouse_id is not None and await queries.site(work, warehouse_id) is None:
        detail = "Must be a warehouse of yours, or one you have a contract for."
        raise Invalid(detail, fields=[FieldError("/warehouse_id", detail)])
    values = {
        "window_days": policy.window_days,
        "auto_approve": policy.auto_approve,
        "warehouse_id": warehouse_id,
        "updated_at": work.now,
    }
    await work.db.execute(
        insert(ReturnPolicyRow)
        .values(merchant_id=work.account_id, **values)
        .on_conflict_do_update(
            index_elements=[ReturnPolicyRow.merchant_id],
            set_={**values, "version": ReturnPolicyRow.version + 1},
        )
    )
