"""The OAuth state of a shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Grant:
    """A refresh token, and the one that dies when this one is first used."""

    expires: datetime
    replaces: str | None = None


@dataclass(slots=True)
class Tokens:
    """Codes that were granted, refresh tokens, and when access tokens end (those that do)."""

    codes: set[str] = field(default_factory=set)
    refresh: dict[str, Grant] = field(default_factory=dict)
    ends: dict[str, datetime] = field(default_factory=dict)
