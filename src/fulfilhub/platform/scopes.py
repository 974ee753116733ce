"""Who a transaction acts for. A Scope becomes a database role and settings; row security does the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from fulfilhub.platform.audit import Doing


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant account's own rows. `actor` is who acts, for ledgers (`key_...`, `usr_...`, `system`); `doing` is
    what the audit log is told when the work commits."""

    account_id: UUID
    actor: str = "system"
    doing: Doing | None = field(default=None, compare=False)
    role: ClassVar[str] = "fh_merchant"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner account: its warehouses and the work sent to them; never a merchant's tables."""

    account_id: UUID
    actor: str = "system"
    doing: Doing | None = field(default=None, compare=False)
    role: ClassVar[str] = "fh_partner"


@dataclass(frozen=True, slots=True)
class Operator:
    """The platform's own staff key: makes accounts and looks after jobs; sees no merchant's business."""

    account_id: UUID
    actor: str = "system"
    doing: Doing | None = field(default=None, compare=False)
    role: ClassVar[str] = "fh_operator"


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer's one order, of one merchant."""

    account_id: UUID
    order_id: UUID
    actor: str = "customer"
    role: ClassVar[str] = "fh_customer"


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything, for the relay, sweeps and audits. The API's login cannot take it. `reason` is logged."""

    reason: str
    actor: str = "system"
    role: ClassVar[str] = "fh_platform"


@dataclass(frozen=True, slots=True)
class Nobody:
    """No account yet: may only call the functions that turn a secret into ids."""

    actor: str = "nobody"
    role: ClassVar[str] = "fh_door"


Scope = Merchant | Partner | Operator | Customer | Platform | Nobody


def settings_of(scope: Scope) -> tuple[str, str, str]:
    """(role, account id, order id) as the database settings want them; empty text means none."""
    account = "" if isinstance(scope, Platform | Nobody) else str(scope.account_id)
    order = str(scope.order_id) if isinstance(scope, Customer) else ""
    return scope.role, account, order
