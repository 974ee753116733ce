"""What people's comings and goings tell: ids only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInvited(Fact):
    """Somebody was invited, or sent the invitation again; or it was taken back (`revoked`)."""

    TYPE: ClassVar[str] = "user.invited"
    SUBJECT: ClassVar[str] = "invitation_id"
    invitation_id: UUID
    role: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged(Fact):
    """A person joined, got another role, was let go or taken back; or changed what they sign in with."""

    TYPE: ClassVar[str] = "user.changed"
    SUBJECT: ClassVar[str] = "user_id"
    user_id: UUID
    state: str
