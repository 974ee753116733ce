"""What carrier connections tell about themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierConnectionChanged(Fact):
    """A connection was `created`, `updated`, `enabled`, `disabled` or got a new secret (`secret_rotated`)."""

    TYPE: ClassVar[str] = "carrier_connection.changed"
    SUBJECT: ClassVar[str] = "carrier_id"
    carrier_id: UUID
    change: str
