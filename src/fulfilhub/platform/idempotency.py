"""Idempotency-Key: the first answer is kept in the same transaction as its effects and given again to repeats.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ . Errors are not kept: a
failed request changed nothing, so repeating it is safe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.work import Driver

ENTER = """
SELECT pg_try_advisory_xact_lock(hashtextextended($2, hashtextextended($1::text, 0))) AS alone,
       k.fingerprint, k.status, k.headers, k.body
FROM (SELECT) AS one LEFT JOIN idempotency_keys AS k ON k.account_id = $1 AND k.key = $2
"""

KEEP = """
INSERT INTO idempotency_keys (account_id, key, fingerprint, status, headers, body, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (account_id, key) DO NOTHING
"""


class IdempotencyKey(AccountTable, Base):
    """One remembered answer."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[str]
    body: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_keys_expires", "expires_at"),)


class Replayed(Exception):
    """Not a failure: the same request was answered before; this is that answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__("answered before")
        self.status = status
        self.headers = headers
        self.body = body


class IdempotentOnce:
    """One request's key. `begin` enters it (raising Replayed for a repeat) and leaves it at the commit."""

    def __init__(self, key: str, request: bytes, hours: int) -> None:
        self._key = key
        self._fingerprint = hashlib.sha256(request).digest()
        self._hours = hours
        self._answer: tuple[int, Mapping[str, str], bytes] | None = None

    async def enter(self, driver: Driver, account_id: UUID) -> None:
        """Raises Replayed, or Conflict (`idempotency_in_progress`), or Invalid (`idempotency_mismatch`)."""
        (row,) = await driver.fetch(ENTER, account_id, self._key)
        if row["fingerprint"] is not None:
            if row["fingerprint"] != self._fingerprint:
                detail = "This Idempotency-Key was used for another request; choose a new one."
                raise Invalid(
                    detail, code="idempotency_mismatch", fields=[FieldError("header/Idempotency-Key", detail)]
                )
            raise Replayed(row["status"], msgspec.json.decode(row["headers"]), row["body"])
        if not row["alone"]:
            raise _still_running()

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """What to answer to a repeat."""
        self._answer = (status, headers, body)

    async def leave(self, driver: Driver, account_id: UUID, now: datetime) -> None:
        """Store the answer; the caller commits it with the effects."""
        if self._answer is None:
            return
        status, headers, body = self._answer
        stored = await driver.execute(
            KEEP,
            account_id,
            self._key,
            self._fingerprint,
            status,
            msgspec.json.encode(dict(headers)).decode(),
            body,
            now,
            now + timedelta(hours=self._hours),
        )
        if stored != "INSERT 0 1":
            # The first request committed between our look and our lock: undo this one, the repeat gets its answer.
            raise _still_running()


def _still_running() -> Conflict:
    return Conflict(
        "The first request with this Idempotency-Key is still running; repeat in a moment.",
        code="idempotency_in_progress",
    )
