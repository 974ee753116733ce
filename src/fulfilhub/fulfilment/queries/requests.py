"""Looks at what operators are asked to change about the work they have in hand, and at the policy on that."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, select

from fulfilhub.fulfilment.models import RequestPolicyRow, WorkRequest
from fulfilhub.orders.rules import Asked, AskedBy, ChangeKind, ChangeState, OnSilence, RequestPolicy
from fulfilhub.platform import ids
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class RequestRow(msgspec.Struct, kw_only=True, frozen=True):
    """What its operator is asked to change about a work order."""

    account_id: UUID
    id: UUID
    work_order_id: UUID
    merchant_id: UUID
    order_id: UUID
    warehouse_id: UUID
    order_number: str
    kind: ChangeKind
    asked: Asked
    asked_by: AskedBy
    note: str
    state: ChangeState
    reason: str | None
    answer_note: str
    carried_out: bool | None
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None


REQUEST_COLUMNS = [getattr(WorkRequest, name) for name in RequestRow.__struct_fields__]


def _request(row: Row[*tuple[object, ...]]) -> RequestRow:
    return msgspec.convert(dict(row._mapping), RequestRow, strict=False)


async def read_request(work: Work, operator_id: UUID, request_id: UUID) -> RequestRow:
    """One request to an operator as it is. Raises NotFound."""
    query = select(*REQUEST_COLUMNS).where(WorkRequest.account_id == operator_id, WorkRequest.id == request_id)
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no request {ids.REQUEST.show(request_id)!r} to you.")
    return _request(row)


async def list_requests(
    work: Work,
    after: UUID | None,
    limit: int,
    *,
    state: ChangeState | None = None,
    kind: ChangeKind | None = None,
    warehouse_id: UUID | None = None,
) -> list[RequestRow]:
    """What the scope's account is asked, by age, those after the id `after`."""
    query = select(*REQUEST_COLUMNS).where(WorkRequest.account_id == work.account_id)
    query = query.order_by(WorkRequest.id).limit(limit)
    if after is not None:
        query = query.where(WorkRequest.id > after)
    for column, value in (
        (WorkRequest.state, state),
        (WorkRequest.kind, kind),
        (WorkRequest.warehouse_id, warehouse_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return [_request(row) for row in await work.db.execute(query)]


class PolicyRow(NamedTuple):
    """The merchant's policy on requests; version 0 is the default."""

    policy: RequestPolicy
    version: int


async def request_policy(work: Work) -> PolicyRow:
    """The merchant's policy on requests, or the default."""
    query = select(RequestPolicyRow.answer_minutes, RequestPolicyRow.on_silence, RequestPolicyRow.version).where(
        RequestPolicyRow.merchant_id == work.account_id
    )
    row = (await work.db.execute(query)).one_or_none()
    if row is None:
        return PolicyRow(RequestPolicy(), 0)
    policy = RequestPolicy(answer_minutes=row.answer_minutes, on_silence=OnSilence(row.on_silence))
    return PolicyRow(policy, row.version)
