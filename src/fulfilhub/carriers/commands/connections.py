"""Making carrier connections, changing them, and rotating their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.carriers import queries
from fulfilhub.carriers.events import CarrierConnectionChanged
from fulfilhub.carriers.models import CarrierConnection
from fulfilhub.carriers.rules import MOST_CONNECTIONS, Statuses, check_secret, check_statuses
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import LiveSecret, Vault, new_signing_secret, rotated, seal_secrets
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('carrier_connections', hashtextextended($1::text, 0)))"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierChange:
    """What to change of a connection; None leaves a field as it is."""

    name: str | None = None
    carrier: str | None = None
    statuses: Statuses | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A connection's id, and the secret if it is one of ours: shown once and never again."""

    carrier_id: UUID
    secret: str | None


async def connect(work: Work, vault: Vault, name: str, carrier: str, statuses: Statuses, given: str | None) -> Made:
    """Make a connection. `given` is the carrier's own secret; without it we make one. Raises Invalid, Conflict
    (`too_many_carriers`)."""
    secret = new_signing_secret() if given is None else check_secret(given)
    words = check_statuses(statuses)
    await work.fetch_raw(ONE_AT_A_TIME, str(work.account_id))
    if await queries.count_carriers(work) >= MOST_CONNECTIONS:
        raise Conflict(f"An account has {MOST_CONNECTIONS} carrier connections at most.", code="too_many_carriers")
    carrier_id = ids.new()
    await work.db.execute(
        insert(CarrierConnection).values(
            account_id=work.account_id,
            id=carrier_id,
            name=name,
            carrier=carrier,
            secrets=seal_secrets(vault, [LiveSecret(secret)]),
            statuses=words,
            enabled=True,
            created_at=work.now,
            updated_at=work.now,
        )
    )
    work.publish(CarrierConnectionChanged(carrier_id=carrier_id, change="created"))
    return Made(carrier_id, secret if given is None else None)


async def change(work: Work, carrier_id: UUID, wanted: CarrierChange, version: int | None) -> None:
    """Change a connection; a disabled one takes nothing in. Raises NotFound, Stale, Invalid."""
    before = await queries.get_carrier(work, carrier_id, lock=True)
    check_version(version, before.version)
    values: dict[str, object] = {
        name: value
        for name, value in (("name", wanted.name), ("carrier", wanted.carrier), ("enabled", wanted.enabled))
        if value is not None
    }
    if wanted.statuses is not None:
        values["statuses"] = check_statuses(wanted.statuses)
    await _write(work, carrier_id, values)
    told = "updated"
    if wanted.enabled is not None and wanted.enabled != before.enabled:
        told = "enabled" if wanted.enabled else "disabled"
    work.publish(CarrierConnectionChanged(carrier_id=carrier_id, change=told))


async def rotate_secret(work: Work, vault: Vault, carrier_id: UUID, given: str | None, overlap: timedelta) -> Made:
    """Let another secret sign; the others are honoured beside it for `overlap`. Raises NotFound, Invalid."""
    await queries.get_carrier(work, carrier_id, lock=True)
    secret = new_signing_secret() if given is None else check_secret(given)
    kept = rotated(await queries.secrets_of(work, vault, carrier_id), secret, work.now, overlap)
    await _write(work, carrier_id, {"secrets": seal_secrets(vault, kept)})
    work.publish(CarrierConnectionChanged(carrier_id=carrier_id, change="secret_rotated"))
    return Made(carrier_id, secret if given is None else None)


async def _write(work: Work, carrier_id: UUID, values: Mapping[str, object]) -> None:
    await work.db.execute(
        update(CarrierConnection)
        .where(CarrierConnection.account_id == work.account_id, CarrierConnection.id == carrier_id)
        .values(version=CarrierConnection.version + 1, updated_at=work.now, **values)
    )
