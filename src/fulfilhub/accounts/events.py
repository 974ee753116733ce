"""What happened to accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChanged(Fact):
    """A contract was offered, accepted, declined or ended, terms were proposed, or notice was given: `change` says
    which. Told to both sides."""

    TYPE: ClassVar[str] = "contract.changed"
    SUBJECT: ClassVar[str] = "contract_id"
    contract_id: UUID
    merchant_id: UUID
    warehouse_id: UUID
    warehouse_ids: tuple[UUID, ...]
    state: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractInvited(Fact):
    """Somebody was invited to a contract, or an invitation was taken up, declined, or taken back."""

    TYPE: ClassVar[str] = "contract.invitation"
    SUBJECT: ClassVar[str] = "contract_invitation_id"
    contract_invitation_id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanged(Fact):
    """An API key was made, rotated or revoked."""

    TYPE: ClassVar[str] = "api_key.changed"
    SUBJECT: ClassVar[str] = "key_id"
    key_id: UUID
    state: str
