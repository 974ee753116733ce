"""Wire shapes of contracts and of invitations to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from fulfilhub.accounts.queries.contracts import ContractRow, InvitationRow, VersionRow
from fulfilhub.accounts.rules import ANY_SERVICE, AccountKind, Contact, ServiceTerms, Terms, contract_actions
from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid

AccountId = Annotated[str, Meta(pattern=ids.ACCOUNT.pattern, examples=["acc_01h455vb4pex5vsknk084sn02q"])]
WarehouseId = Annotated[str, Meta(pattern=ids.WAREHOUSE.pattern, examples=["wh_01h455vb4pex5vsknk084sn02q"])]
WarehouseIds = Annotated[list[WarehouseId], Meta(min_length=1, max_length=50)]
Minutes = Annotated[int, Meta(ge=1, le=20_160, examples=[120])]
NoticeDays = Annotated[int, Meta(ge=0, le=366, examples=[30])]
Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["ada@example.com"])]
Note = Annotated[str, Meta(max_length=2000)]


class ServiceTermsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A shipping service that may be sent, by its code (`*`: every one that the warehouses offer), and what of the
    customer beside the address the partner needs to do it: nothing unless it is named here."""

    code: Annotated[str, Meta(min_length=1, max_length=60, examples=["next_day"])]
    contact: Annotated[list[Contact], Meta(max_length=2)] = []


Services = Annotated[list[ServiceTermsIn], Meta(min_length=1, max_length=50)]
EVERY_SERVICE = [ServiceTermsIn(code=ANY_SERVICE)]


class TermsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Terms to propose. Accepted, they are in force from `starts_on` in place of the ones before. Work is to be
    accepted within `accept_within_minutes`, and with `ship_by_cutoff` to leave by its ship-by: what is late is shown
    and told to both sides. Who ends the contract gives `notice_days`."""

    warehouse_ids: WarehouseIds
    services: Services = msgspec.field(default_factory=lambda: list(EVERY_SERVICE))
    accept_within_minutes: Minutes | None = None
    ship_by_cutoff: bool = False
    notice_days: NoticeDays = 0
    starts_on: date
    ends_on: date | None = None


class ContractIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A partner's offer of its warehouses to a merchant: one by `warehouse_id`, or several by `warehouse_ids`."""

    merchant_id: AccountId
    warehouse_id: WarehouseId | None = None
    warehouse_ids: WarehouseIds | None = None
    services: Services = msgspec.field(default_factory=lambda: list(EVERY_SERVICE))
    accept_within_minutes: Minutes | None = None
    ship_by_cutoff: bool = False
    notice_days: NoticeDays = 0
    starts_on: date
    ends_on: date | None = None


class ServiceTermsOut(Struct, kw_only=True):
    """A shipping service that may be sent, and what of the customer beside the address is told with it."""

    code: str
    contact: list[Contact]


class TermsOut(Struct, kw_only=True):
    """Terms of a contract: version `number`, as `proposed_by` one side proposed them."""

    number: int
    state: Literal["proposed", "accepted", "declined"]
    proposed_by: Literal["merchant", "partner"]
    proposed_at: datetime
    answered_at: datetime | None
    warehouse_ids: list[str]
    services: list[ServiceTermsOut]
    accept_within_minutes: int | None
    ship_by_cutoff: bool
    notice_days: int
    starts_on: date
    ends_on: date | None


class ContractOut(Struct, kw_only=True):
    """A contract between a merchant and a partner. `terms` are in force, or will be; `proposed` wait for an answer.
    `warehouse_id` is the first of the warehouses; `ends_on` the last day, by the terms or by the notice given."""

    id: str
    merchant_id: str
    partner_id: str
    warehouse_id: str
    warehouse_ids: list[str]
    state: Literal["offered", "active", "ended"]
    starts_on: date
    ends_on: date | None
    terms: TermsOut
    proposed: TermsOut | None
    notice_by: Literal["merchant", "partner"] | None
    notice_at: datetime | None
    actions: list[str]
    version: int
    created_at: datetime


class ContractVersionsOut(Struct, kw_only=True):
    """Every version of a contract's terms, the oldest first."""

    data: list[TermsOut]


class ContractInvitationIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite: an account by `account_id`, or somebody who is not here yet by `email` (you send them the link).
    A partner's invitation holds the terms that it offers; a merchant's may say what it would like to agree on, without
    warehouses, which it does not know yet."""

    account_id: AccountId | None = None
    email: Email | None = None
    note: Note = ""
    warehouse_ids: WarehouseIds | None = None
    services: Services = msgspec.field(default_factory=lambda: list(EVERY_SERVICE))
    accept_within_minutes: Minutes | None = None
    ship_by_cutoff: bool = False
    notice_days: NoticeDays = 0
    starts_on: date | None = None
    ends_on: date | None = None


class ContractInvitationOut(Struct, kw_only=True):
    """An invitation to a contract: `from_account_id` invites, `to_account_id` is who was invited or took the link up.
    `terms` are as they were said."""

    id: str
    from_account_id: str
    to_account_id: str | None
    kind: Literal["merchant", "partner"]
    email: str
    note: str
    terms: dict[str, object]
    state: Literal["open", "offered", "declined", "revoked", "expired"]
    contract_id: str | None
    created_at: datetime
    expires_at: datetime
    taken_at: datetime | None


class ContractInvitationLinkOut(Struct, kw_only=True):
    """A new invitation; its `link` is shown this once, and null for an account that reads of it in its own log."""

    invitation: ContractInvitationOut
    link: str | None


class TakeUpIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The last part of an invitation's link."""

    token: Annotated[
        str,
        Meta(
            min_length=20,
            max_length=200,
            pattern=r"^[A-Za-z0-9_\-]+$",
            examples=["2un64iq1IH-6OiG3SSg3tUd1aWO9OTVHONUoTzlyT9k"],
        ),
    ]


def terms_of(data: TermsIn | ContractIn | ContractInvitationIn) -> Terms:
    """What a body says. Raises Invalid naming each bad id."""
    named = data.warehouse_ids
    if isinstance(data, ContractIn) and data.warehouse_id is not None:
        if named is not None:
            detail = "Name warehouse_id or warehouse_ids, not both."
            raise Invalid(detail, fields=[FieldError("/warehouse_id", detail)])
        places = [ids.WAREHOUSE.read(data.warehouse_id, "/warehouse_id")]
    else:
        places = [ids.WAREHOUSE.read(each, f"/warehouse_ids/{n}") for n, each in enumerate(named or [])]
    if data.starts_on is None:
        detail = "Say from which day on."
        raise Invalid(detail, fields=[FieldError("/starts_on", detail)])
    return Terms(
        warehouse_ids=tuple(places),
        services=_services(data.services),
        accept_within_minutes=data.accept_within_minutes,
        ship_by_cutoff=data.ship_by_cutoff,
        notice_days=data.notice_days,
        starts_on=data.starts_on,
        ends_on=data.ends_on,
    )


def wishes_of(data: ContractInvitationIn) -> dict[str, object]:
    """What a merchant would like to agree on, as it is kept."""
    if data.warehouse_ids is not None:
        detail = "Leave it out: the partner names its warehouses."
        raise Invalid(detail, fields=[FieldError("/warehouse_ids", detail)])
    names = ("accept_within_minutes", "ship_by_cutoff", "notice_days", "starts_on", "ends_on")
    told = {name: getattr(data, name) for name in names}
    made: dict[str, object] = msgspec.to_builtins(told | {"services": _services(data.services)})
    return made


def _services(given: Sequence[ServiceTermsIn]) -> tuple[ServiceTerms, ...]:
    return tuple(ServiceTerms(code=each.code, contact=tuple(dict.fromkeys(each.contact))) for each in given)


def terms_out(row: VersionRow) -> TermsOut:
    terms = row.terms
    return TermsOut(
        number=row.number,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        proposed_by=str(row.proposed_by),  # type: ignore[arg-type]
        proposed_at=row.proposed_at,
        answered_at=row.answered_at,
        warehouse_ids=_shown(terms.warehouse_ids),
        services=[ServiceTermsOut(code=each.code, contact=list(each.contact)) for each in terms.services],
        accept_within_minutes=terms.accept_within_minutes,
        ship_by_cutoff=terms.ship_by_cutoff,
        notice_days=terms.notice_days,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
    )


def contract_out(row: ContractRow, side: AccountKind) -> ContractOut:
    """A contract as one side sees it."""
    proposed = row.proposed
    by = None if proposed is None else proposed.proposed_by
    places = row.in_force.terms.warehouse_ids
    return ContractOut(
        id=ids.CONTRACT.show(row.id),
        merchant_id=ids.ACCOUNT.show(row.merchant_id),
        partner_id=ids.ACCOUNT.show(row.partner_id),
        warehouse_id=ids.WAREHOUSE.show(places[0]),
        warehouse_ids=_shown(places),
        state=str(row.state),  # type: ignore[arg-type]
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        terms=terms_out(row.in_force),
        proposed=None if proposed is None else terms_out(proposed),
        notice_by=row.notice_by,  # type: ignore[arg-type]
        notice_at=row.notice_at,
        actions=contract_actions(row.state, side, by, noticed=row.notice_at is not None),
        version=row.version,
        created_at=row.created_at,
    )


def invitation_out(row: InvitationRow, now: datetime) -> ContractInvitationOut:
    late = row.state == "open" and row.expires_at <= now and row.to_account_id is None
    terms: dict[str, Any] = dict(row.terms)
    if "warehouse_ids" in terms:
        terms["warehouse_ids"] = _shown([UUID(each) for each in terms["warehouse_ids"]])
    return ContractInvitationOut(
        id=ids.CONTRACT_INVITATION.show(row.id),
        from_account_id=ids.ACCOUNT.show(row.account_id),
        to_account_id=ids.ACCOUNT.show(row.to_account_id) if row.to_account_id else None,
        kind=row.kind,  # type: ignore[arg-type]
        email=row.email,
        note=row.note,
        terms=terms,
        state="expired" if late else row.state,  # type: ignore[arg-type]
        contract_id=ids.CONTRACT.show(row.contract_id) if row.contract_id else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        taken_at=row.taken_at,
    )


def _shown(places: Sequence[UUID]) -> list[str]:
    return [ids.WAREHOUSE.show(each) for each in places]
