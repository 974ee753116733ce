"""From a name and a password to a session, over several small transactions: hashes are made between them.

Whoever is refused learns nothing by it: an unknown address, a wrong password and a person who left get the same answer
after the same work, and no sooner than `SIGN_IN_FLOOR_MS`. That an address is known in several organisations shows
only after a password was right in more than one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from fulfilhub.accounts.principal import scope_of
from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import AccountKind, Mode
from fulfilhub.people import queries
from fulfilhub.people.adapters.hashing import hasher
from fulfilhub.people.commands import brakes, second_factor, sessions
from fulfilhub.people.commands.users import renew_hash
from fulfilhub.people.queries import Named
from fulfilhub.people.rules import email_key
from fulfilhub.people.rules.brakes import code_brakes, password_brakes, sign_in_brakes
from fulfilhub.people.rules.passwords import normal
from fulfilhub.platform import ids
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.errors import NotFound, Unauthenticated
from fulfilhub.platform.scopes import Merchant, Nobody, Operator, Partner
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

HALF_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Came:
    """Where a sign-in comes from: the neighbourhood that is counted, the browser's name, and what the audit log is
    told of the request."""

    neighbourhood: str
    browser: str
    doing: Doing


class Half(msgspec.Struct, frozen=True):
    """Who proved a password and has yet to say where, or to prove a second factor. Sealed, in a cookie."""

    people: list[tuple[UUID, UUID, AccountKind]]
    at: datetime


class Choice(msgspec.Struct, frozen=True):
    """An organisation to choose from."""

    account: str
    name: str


class SignIn:
    """The steps of signing in."""

    def __init__(self, works: Works, vault: Vault, settings: Settings) -> None:
        self._works = works
        self._vault = vault
        self._settings = settings
        self._hasher = hasher(settings.people)

    async def with_password(self, email: str, password: str, came: Came) -> list[Named]:
        """Whom the password proves: one person, or the same one in several organisations. Raises Unauthenticated,
        RateLimited."""
        started = time.monotonic()
        key, text = email_key(email), normal(password)
        guessed = sign_in_brakes(key, came.neighbourhood)
        async with self._works.begin(Nobody()) as work:
            await brakes.brake(work, self._vault, guessed)
            people = await queries.named(work, key)
        right = [person for person in people if await self._proves(person, text)]
        if not people:
            await self._hasher.fits(None, text)
        if not right:
            await self._tell_failure(people, came.doing)
            floor = self._settings.people.sign_in_floor_ms / 1000
            await asyncio.sleep(max(0.0, started + floor - time.monotonic()))
            raise Unauthenticated("The e-mail address or the password is wrong.", code="wrong_sign_in")
        async with self._works.begin(Nobody()) as work:
            await brakes.release(work, self._vault, guessed)
        return right

    async def asks_for_code(self, person: Named) -> bool:
        """Whether this person has a second factor."""
        async with self._works.begin(scope(person)) as work:
            return (await queries.get_user(work, person.user_id)).totp

    async def with_code(self, person: Named, code: str, came: Came) -> bool:
        """Whether the code is right; it is used up with that. Raises RateLimited."""
        guessed = code_brakes(ids.USER.show(person.user_id))
        async with self._works.begin(Nobody()) as work:
            await brakes.brake(work, self._vault, guessed)
        async with self._works.begin(scope(person)) as work:
            right = await second_factor.prove(work, self._vault, person.user_id, code)
        if not right:
            await self._tell_failure([person], came.doing)
            return False
        async with self._works.begin(Nobody()) as work:
            await brakes.release(work, self._vault, guessed)
        return True

    async def check_own_password(self, person: Named, password: str) -> bool:
        """Whether it is the present password of someone who is signed in. Raises RateLimited."""
        guessed = password_brakes(ids.USER.show(person.user_id))
        async with self._works.begin(Nobody()) as work:
            await brakes.brake(work, self._vault, guessed)
        if not await self._proves(person, normal(password)):
            return False
        async with self._works.begin(Nobody()) as work:
            await brakes.release(work, self._vault, guessed)
        return True

    async def start(self, person: Named, came: Came, mode: Mode = Mode.LIVE) -> str:
        """A session for a person who proved who they are; the token for its cookie. Raises Unauthenticated for one
        who left meanwhile."""
        lasts = timedelta(hours=self._settings.people.session_max_hours)
        doing = replace(came.doing, entity=ids.USER.show(person.user_id), status=200)
        async with self._works.begin(scope(person, doing)) as work:
            if (await queries.get_user(work, person.user_id)).deactivated_at is not None:
                raise Unauthenticated("The e-mail address or the password is wrong.", code="wrong_sign_in")
            return await sessions.start(work, person.user_id, mode, came.browser, came.doing.address, lasts)

    async def choices(self, people: Sequence[Named]) -> list[Choice]:
        """The organisations' names, for somebody whom several know."""
        made = []
        for person in people:
            async with self._works.begin(scope(person)) as work:
                name = (await get_account(work, person.account_id)).name
            made.append(Choice(ids.ACCOUNT.show(person.account_id), name))
        return sorted(made, key=lambda choice: (choice.name.casefold(), choice.account))

    def seal(self, people: Sequence[Named], now: datetime) -> str:
        """The cookie between two steps."""
        half = Half([(p.account_id, p.user_id, p.kind) for p in people], now)
        return self._vault.encrypt(msgspec.json.encode(half)).decode()

    async def unseal(self, sealed: str, now: datetime) -> list[Named]:
        """Who proved a password some minutes ago, and has not changed it since. Empty for a stale or strange cookie."""
        try:
            half = msgspec.json.decode(self._vault.decrypt(sealed.encode()), type=Half)
        except (ValueError, msgspec.MsgspecError):
            return []
        if not half.at <= now < half.at + HALF_LASTS:
            return []
        people = [Named(*person) for person in half.people]
        return [person for person in people if await self._unchanged(person, half.at)]

    async def _unchanged(self, person: Named, since: datetime) -> bool:
        async with self._works.begin(scope(person)) as work:
            return (await queries.get_secrets(work, person.user_id)).changed_at <= since

    async def _proves(self, person: Named, password: str) -> bool:
        async with self._works.begin(scope(person)) as work:
            try:
                kept = (await queries.get_secrets(work, person.user_id)).password
            except NotFound:
                kept = None
        if not await self._hasher.fits(kept, password):
            return False
        if kept is not None and self._hasher.is_weak(kept):
            hashed = await self._hasher.make(password)
            async with self._works.begin(scope(person)) as work:
                await renew_hash(work, person.user_id, kept, hashed)
        return True

    async def _tell_failure(self, people: Sequence[Named], doing: Doing) -> None:
        for person in people:
            failed = replace(doing, entity=ids.USER.show(person.user_id), status=401)
            async with self._works.begin(scope(person, failed, actor="nobody")):
                pass


def scope(person: Named, doing: Doing | None = None, actor: str | None = None) -> Merchant | Partner | Operator:
    """The person's own organisation. What is done is theirs, unless it is not known whether it is they."""
    return scope_of(person.kind, person.account_id, actor or ids.USER.show(person.user_id), doing)
