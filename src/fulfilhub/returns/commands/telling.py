"""What operators' own logs are told of returns that come to their warehouses. As with other work, the merchant's
transaction passes an id on, and what is told is read in the operator's scope."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from fulfilhub.platform.work import Work
from fulfilhub.returns.events import WorkReturnChanged, WorkReturnExpected
from fulfilhub.returns.models import ReturnWork

TELL = "returns.tell_work"


def tell_operator(work: Work, operator_id: UUID | None, return_id: UUID, *, new: bool = False) -> None:
    """Let the operator know of a return; who runs its own warehouse reads its own log, and before there is a warehouse
    nobody needs to know."""
    if operator_id is not None and operator_id != work.account_id:
        work.pass_on(operator_id, TELL, {"return_id": return_id, "new": new})


async def tell(work: Work, told: Collection[tuple[UUID, bool]]) -> None:
    """Tell the operator's log of these returns (id, whether it is new), as its own documents have them."""
    rows = await work.db.execute(
        select(ReturnWork.id, ReturnWork.warehouse_id, ReturnWork.state).where(
            ReturnWork.account_id == work.account_id, ReturnWork.id.in_([return_id for return_id, _ in told])
        )
    )
    known = {row.id: row for row in rows}
    for return_id, new in told:
        row = known.get(return_id)
        if row is None:
            continue
        if new:
            work.publish(WorkReturnExpected(return_id=row.id, warehouse_id=row.warehouse_id))
        else:
            work.publish(WorkReturnChanged(return_id=row.id, warehouse_id=row.warehouse_id, state=row.state))
