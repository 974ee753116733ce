"""Idempotency-Key: the first answer is kept in the same transaction as its effects and given again to repeats.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ . Errors are not kept: a
failed request changed nothing, so repeating it is safe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base
from fulfilhub.platform.errors import Conflict, FieldError, Invalid
from fulfilhub.platform.work import Driver

ENTER = """
SELECT pg_try_advisory_xact_lock(hashtextextended(a.key, hashtextextended($1::text, 0))) AS alone,
       k.fingerprint, k.status, k.headers, k.body
FROM unnest($2::text[]) WITH ORDINALITY AS a (key, place)
LEFT JOIN idempotency_keys AS k ON k.account_id = $1 AND k.key = a.key
ORDER BY a.place
"""

KEEP = """
INSERT INTO idempotency_keys (account_id, key, fingerprint, status, headers, body, created_at, expires_at)
SELECT $1, a.key, a.fingerprint, a.status, a.headers, a.body, $2, a.expires
FROM unnest($3::text[], $4::bytea[], $5::int[], $6::text[], $7::bytea[], $8::timestamptz[])
     AS a (key, fingerprint, status, headers, body, expires)
ORDER BY a.key
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


Refused = Replayed | Conflict | Invalid
"""Why a request with a key is not run."""


class IdempotentOnce:
    """One request's key. `begin` enters it (raising Replayed for a repeat) and leaves it at the commit."""

    def __init__(self, key: str, request: bytes, hours: int) -> None:
        self.key = key
        self._fingerprint = hashlib.sha256(request).digest()
        self._hours = hours
        self._answer: tuple[int, Mapping[str, str], bytes] | None = None

    async def enter(self, driver: Driver, account_id: UUID) -> None:
        """Raises Replayed, or Conflict (`idempotency_in_progress`), or Invalid (`idempotency_mismatch`)."""
        (refused,) = await _enter_all(driver, account_id, [self])
        if refused is not None:
            raise refused

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """What to answer to a repeat."""
        self._answer = (status, headers, body)

    async def leave(self, driver: Driver, account_id: UUID, now: datetime) -> None:
        """Store the answer; the caller commits it with the effects."""
        await _leave_all(driver, account_id, [self], now)

    def judge(self, row: asyncpg.Record) -> Refused | None:
        """Why the request must not run, by what `ENTER` found; None when it may."""
        self._answer = None
        if row["fingerprint"] is None:
            return None if row["alone"] else _still_running()
        if row["fingerprint"] == self._fingerprint:
            return Replayed(row["status"], msgspec.json.decode(row["headers"]), row["body"])
        detail = "This Idempotency-Key was used for another request; choose a new one."
        return Invalid(detail, code="idempotency_mismatch", fields=[FieldError("header/Idempotency-Key", detail)])

    def kept(self, now: datetime) -> tuple[object, ...] | None:
        """What `KEEP` stores, or None when there is nothing to answer."""
        if self._answer is None:
            return None
        status, headers, body = self._answer
        told = msgspec.json.encode(dict(headers)).decode()
        return self.key, self._fingerprint, status, told, body, now + timedelta(hours=self._hours)


class IdempotentEach:
    """The keys of several requests that share a transaction, None for one without. After `enter`, `refused` says by
    place why a request must not run; nothing is raised, since the others may."""

    def __init__(self, onces: Sequence[IdempotentOnce | None]) -> None:
        self._onces = onces
        self.refused: dict[int, Refused] = {}

    async def enter(self, driver: Driver, account_id: UUID) -> None:
        """Look at all keys at once; of two requests with one key, the second is told that the first still runs."""
        places: dict[str, int] = {}
        for place, once in enumerate(self._onces):
            if once is not None and places.setdefault(once.key, place) != place:
                self.refused[place] = _still_running()
        first = [(place, once) for place in places.values() if (once := self._onces[place]) is not None]
        verdicts = await _enter_all(driver, account_id, [once for _, once in first])
        self.refused |= {place: why for (place, _), why in zip(first, verdicts, strict=True) if why is not None}

    def remember(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Not for many: each request's own key remembers its answer."""
        raise LookupError("Each request keeps its own answer.")

    async def leave(self, driver: Driver, account_id: UUID, now: datetime) -> None:
        """Store the answers. Raises Conflict when any can't be, so that none of the effects stay."""
        going = [once for place, once in enumerate(self._onces) if once is not None and place not in self.refused]
        await _leave_all(driver, account_id, going, now)


async def _enter_all(driver: Driver, account_id: UUID, onces: Sequence[IdempotentOnce]) -> list[Refused | None]:
    if not onces:
        return []
    rows = await driver.fetch(ENTER, account_id, [once.key for once in onces])
    return [once.judge(row) for once, row in zip(onces, rows, strict=True)]


async def _leave_all(driver: Driver, account_id: UUID, onces: Sequence[IdempotentOnce], now: datetime) -> None:
    rows = [row for once in onces if (row := once.kept(now)) is not None]
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    stored = await driver.execute(KEEP, account_id, now, *columns)
    if stored != f"INSERT 0 {len(rows)}":
        # A first request committed between our look and our lock: undo this one, the repeat gets its answer.
        raise _still_running()


def _still_running() -> Conflict:
    return Conflict(
        "The first request with this Idempotency-Key is still running; repeat in a moment.",
        code="idempotency_in_progress",
    )
