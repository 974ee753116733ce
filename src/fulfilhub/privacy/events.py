"""What became of privacy requests; never about whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequested(Fact):
    """A customer's data are to be handed out or erased."""

    TYPE: ClassVar[str] = "privacy.requested"
    SUBJECT: ClassVar[str] = "request_id"
    request_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyDone(Fact):
    """It was carried out."""

    TYPE: ClassVar[str] = "privacy.done"
    SUBJECT: ClassVar[str] = "request_id"
    request_id: UUID
    kind: str
