"""Slowing down guesses, in the scope Nobody. Each try is counted before it is known how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fulfilhub.people.rules.brakes import Brake
from fulfilhub.platform.errors import RateLimited
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Work

BRAKE = "SELECT brake($1::bytea[], $2::int[], $3::int[], $4) AS until"
RELEASE = "SELECT release_brake($1::bytea[], $2::boolean[], $3)"


async def brake(work: Work, vault: Vault, brakes: Sequence[Brake]) -> None:
    """Count one try. Raises RateLimited while one has to wait; that costs no try."""
    keys = [_key(vault, each) for each in brakes]
    rows = await work.fetch_raw(BRAKE, keys, [b.free for b in brakes], [b.longest for b in brakes], work.now)
    until = rows[0]["until"]
    if until is not None:
        wait = max(ceil((until - work.now).total_seconds()), 1)
        raise RateLimited(f"Too many tries; wait {wait} s, then try again.", retry_after=wait)


async def release(work: Work, vault: Vault, brakes: Sequence[Brake]) -> None:
    """The try was right: take it back, with those before it where the brake says so."""
    keys = [_key(vault, each) for each in brakes]
    await work.fetch_raw(RELEASE, keys, [b.wholly for b in brakes], work.now)


def _key(vault: Vault, brake: Brake) -> bytes:
    return vault.keyed(f"brake:{brake.what}", brake.value)
