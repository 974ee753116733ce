"""Wire shapes of requests as operators see them, and of the policy on silence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from fulfilhub.fulfilment.queries.requests import PolicyRow, RequestRow
from fulfilhub.orders.rules import (
    REQUEST,
    AskedBy,
    ChangeKind,
    ChangeState,
    OnSilence,
    RefusalReason,
    RequestPolicy,
)
from fulfilhub.orders.schemas import AddressOut, RequestLineOut
from fulfilhub.platform import ids
from fulfilhub.platform.machines import Who

Text = Annotated[str, Meta(max_length=2000)]


class WorkRequestOut(Struct, kw_only=True):
    """What the merchant asks about work that you have in hand. Accepting changes it at once; without an answer until
    `answer_by` the merchant's policy decides; shipping is an answer too, and `overtakes` it."""

    id: str
    work_order_id: str
    warehouse_id: str
    order_number: str
    kind: ChangeKind
    state: ChangeState
    lines: list[RequestLineOut]
    ship_to: AddressOut | None
    service: str | None
    asked_by: AskedBy
    note: str
    reason: str | None
    answer_note: str
    carried_out: bool | None
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    actions: list[str]


class AcceptIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """You agree."""

    note: Text = ""


class RefuseIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """You don't, and why."""

    reason: RefusalReason
    note: Text = ""


class RequestPolicyIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How long warehouses have to answer your requests, and what silence means: `accept` makes the change although
    somebody may have the work in hand, `refuse` lets it go on."""

    answer_minutes: Annotated[int, Meta(ge=1, le=20_160, examples=[240])] = 240
    on_silence: OnSilence = OnSilence.REFUSE


class RequestPolicyOut(Struct, kw_only=True):
    """The policy in force; version 0 is the default."""

    answer_minutes: int
    on_silence: OnSilence
    version: int


def work_request_out(row: RequestRow) -> WorkRequestOut:
    plain = ("order_number", "kind", "state", "asked_by", "note", "reason", "answer_note", "carried_out")
    return WorkRequestOut(
        id=ids.REQUEST.show(row.id),
        work_order_id=ids.WORK_ORDER.show(row.work_order_id),
        warehouse_id=ids.WAREHOUSE.show(row.warehouse_id),
        lines=[
            RequestLineOut(line_id=ids.ORDER_LINE.show(each.line_id), quantity=each.left)
            for each in row.asked.lines
            if each.left
        ],
        ship_to=None if row.asked.ship_to is None else AddressOut(**row.asked.ship_to),
        service=row.asked.service,
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        actions=[str(verb) for verb in REQUEST.actions(row.state, Who.PARTNER)],
        **{name: getattr(row, name) for name in plain},
    )


def request_policy(told: RequestPolicyIn) -> RequestPolicy:
    return RequestPolicy(answer_minutes=told.answer_minutes, on_silence=told.on_silence)


def request_policy_out(row: PolicyRow) -> RequestPolicyOut:
    return RequestPolicyOut(
        answer_minutes=row.policy.answer_minutes, on_silence=row.policy.on_silence, version=row.version
    )
