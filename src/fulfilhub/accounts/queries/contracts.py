"""Every look at contracts, their versions, and invitations to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, select

from fulfilhub.accounts.models import Contract, ContractInvitation, ContractVersion
from fulfilhub.accounts.rules import AccountKind, ContractState, ServiceTerms, Terms
from fulfilhub.platform import ids
from fulfilhub.platform.database import Json
from fulfilhub.platform.errors import NotFound
from fulfilhub.platform.work import Work


class VersionRow(NamedTuple):
    """Terms of a contract as one side proposed them; `answered_at` is when the other accepted or declined."""

    number: int
    state: str
    terms: Terms
    proposed_by: AccountKind
    proposed_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow:
    """A contract: `state` is as of today, `versions` the oldest first. `in_force` are the terms that count today, or
    those that will, or that wait for a first answer."""

    id: UUID
    merchant_id: UUID
    partner_id: UUID
    state: ContractState
    starts_on: date
    ends_on: date | None
    notice_by: str | None
    notice_at: datetime | None
    version: int
    created_at: datetime
    versions: Sequence[VersionRow]
    today: date

    @property
    def in_force(self) -> VersionRow:
        """The terms that count."""
        accepted = [each for each in self.versions if each.state == "accepted"]
        begun = [each for each in accepted if each.terms.starts_on <= self.today]
        return begun[-1] if begun else accepted[0] if accepted else self.versions[-1]

    @property
    def proposed(self) -> VersionRow | None:
        """The terms that wait for an answer."""
        return next((each for each in self.versions if each.state == "proposed"), None)


class InvitationRow(NamedTuple):
    """An invitation, as both sides may see it."""

    account_id: UUID
    id: UUID
    kind: str
    to_account_id: UUID | None
    email: str
    note: str
    terms: Json
    state: str
    contract_id: UUID | None
    made_by: str
    created_at: datetime
    expires_at: datetime
    taken_at: datetime | None


class Welcome(NamedTuple):
    """What an invitation's link tells whoever has it: who invites, and whom."""

    inviter: str
    kind: AccountKind
    email: str


CONTRACT = tuple(
    getattr(Contract, name) for name in ContractRow.__dataclass_fields__ if name not in {"versions", "today"}
)
TERMS = tuple(getattr(ContractVersion, name) for name in Terms.__struct_fields__)
VERSION = (
    ContractVersion.contract_id,
    *(getattr(ContractVersion, name) for name in VersionRow._fields if name != "terms"),
    *TERMS,
)
INVITATION = tuple(getattr(ContractInvitation, name) for name in InvitationRow._fields)


def read_terms(row: Any) -> Terms:
    """The terms in a row that holds their columns."""
    told = {name: getattr(row, name) for name in Terms.__struct_fields__}
    return Terms(
        **told
        | {"services": msgspec.convert(row.services, tuple[ServiceTerms, ...])}
        | {"warehouse_ids": tuple(row.warehouse_ids)}
    )


async def list_contracts(
    work: Work,
    after: UUID | None,
    limit: int,
    only: Sequence[UUID] | None = None,
    *,
    lock: bool = False,
) -> list[ContractRow]:
    """Contracts the scope may see, by age: a merchant's own, or a partner's with its merchants."""
    query = select(*CONTRACT).order_by(Contract.id).limit(limit)
    if after is not None:
        query = query.where(Contract.id > after)
    if only is not None:
        query = query.where(Contract.id.in_(only))
    if lock:
        query = query.with_for_update(key_share=True)
    rows = (await work.db.execute(query)).all()
    versions = await _versions(work, [row.id for row in rows])
    today = work.now.date()
    found = []
    for row in rows:
        told = dict(row._mapping)
        over = row.ends_on is not None and row.ends_on < today
        told["state"] = ContractState.ENDED if over else ContractState(row.state)
        found.append(ContractRow(**told, versions=versions.get(row.id, []), today=today))
    return found


async def _versions(work: Work, contract_ids: Collection[UUID]) -> dict[UUID, list[VersionRow]]:
    query = (
        select(*VERSION)
        .where(ContractVersion.contract_id.in_(contract_ids))
        .order_by(ContractVersion.contract_id, ContractVersion.number)
    )
    found: dict[UUID, list[VersionRow]] = {}
    for row in await work.db.execute(query) if contract_ids else ():
        version = VersionRow(
            row.number, row.state, read_terms(row), AccountKind(row.proposed_by), row.proposed_at, row.answered_at
        )
        found.setdefault(row.contract_id, []).append(version)
    return found


async def get_contract(work: Work, contract_id: UUID, *, lock: bool = False) -> ContractRow:
    """One contract. Raises NotFound."""
    rows = await list_contracts(work, None, 1, [contract_id], lock=lock)
    if not rows:
        raise NotFound(f"There is no contract {ids.CONTRACT.show(contract_id)!r}.")
    return rows[0]


def _invitations() -> Select[*tuple[Any, ...]]:
    # Of either side's; row security says whose.
    return select(*INVITATION)


async def get_invitation(work: Work, invitation_id: UUID, *, lock: bool = False) -> InvitationRow:
    """One invitation that the scope's account made, or was made to it. Raises NotFound."""
    query = _invitations().where(ContractInvitation.id == invitation_id)
    row = (await work.db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no contract invitation {ids.CONTRACT_INVITATION.show(invitation_id)!r}.")
    return InvitationRow._make(row)


async def list_invitations(work: Work, after: UUID | None, limit: int) -> list[InvitationRow]:
    """Invitations that the scope's account made, or that were made to it, by age."""
    query = _invitations().order_by(ContractInvitation.id).limit(limit)
    if after is not None:
        query = query.where(ContractInvitation.id > after)
    return [InvitationRow._make(row) for row in await work.db.execute(query)]


async def welcome(work: Work, fingerprint: bytes) -> Welcome | None:
    """What a link that is still good tells, in the scope Nobody."""
    rows = await work.fetch_raw("SELECT * FROM resolve_contract_invitation($1, $2)", fingerprint, work.now)
    return Welcome(rows[0]["inviter"], AccountKind(rows[0]["kind"]), rows[0]["email"]) if rows else None
