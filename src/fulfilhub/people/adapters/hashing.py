"""Passwords as Argon2id hashes (RFC 9106), by argon2-cffi. A hash takes a tenth of a second and 64 MiB: it is made in
a thread, and few at once, so that a flood of sign-ins slows sign-ins and nothing else."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fulfilhub.platform.settings import PeopleSettings

AT_ONCE = 2


class Hasher:
    """Makes and checks hashes with the parameters of the settings."""

    def __init__(self, settings: PeopleSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.password_passes,
            memory_cost=settings.password_memory,
            parallelism=settings.password_lanes,
        )
        self._turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}
        self._dummy = self._hasher.hash("nobody has this password")

    async def make(self, password: str) -> str:
        """A fresh hash, with its salt and parameters in it."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed. Without a hash the same work is done, for nothing."""
        async with self._turn():
            return await asyncio.to_thread(self._verify, kept or self._dummy, password) and kept is not None

    def is_weak(self, kept: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    def _turn(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if loop not in self._turns:
            self._turns = {loop: asyncio.Semaphore(AT_ONCE)}
        return self._turns[loop]


@lru_cache(4)
def hasher(settings: PeopleSettings) -> Hasher:
    """The process's hasher."""
    return Hasher(settings)
