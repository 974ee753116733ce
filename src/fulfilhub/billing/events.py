"""What billing tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.events import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMade(Fact):
    """An order was billed; it happens once per order."""

    TYPE: ClassVar[str] = "charge.made"
    order_id: UUID
    charge_id: UUID
    kind: str
    amount_minor: int
    currency: str
