"""Changing people's roles, letting them go and taking them back, and setting passwords."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from fulfilhub.accounts.rules import AccountKind, Role
from fulfilhub.people import queries
from fulfilhub.people.commands.second_factor import give_up
from fulfilhub.people.events import UserChanged
from fulfilhub.people.models import User, UserSecret, UserSession
from fulfilhub.people.rules import check_may_give, check_not_last_owner, clean_name, email_key
from fulfilhub.platform import ids
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.work import Work
from fulfilhub.web.conditional import check_version


async def add_user(work: Work, email: str, name: str, role: Role, password: str) -> UUID:
    """A new person; `password` is the hash. Raises Conflict (`user_exists`) when the address is taken."""
    user_id = ids.new()
    values = {
        "account_id": work.account_id,
        "id": user_id,
        "email": email,
        "email_key": email_key(email),
        "name": name,
        "role": role,
        "created_at": work.now,
    }
    try:
        await work.db.execute(insert(User).values(values))
    except IntegrityError:
        raise user_exists() from None
    await work.db.execute(
        insert(UserSecret).values(account_id=work.account_id, user_id=user_id, password=password, changed_at=work.now)
    )
    work.publish(UserChanged(user_id=user_id, state="joined"))
    return user_id


async def change_user(
    work: Work,
    user_id: UUID,
    name: str | None,
    role: Role | None,
    kind: AccountKind,
    own: Collection[str],
    version: int | None,
) -> None:
    """Change a person's name or role; None leaves it. `own` are the caller's permissions. Raises NotFound, Stale,
    Invalid, Forbidden (`role_too_powerful`), Conflict (`last_owner`)."""
    owners = await queries.lock_owners(work)
    before = await queries.get_user(work, user_id, lock=True)
    check_version(version, before.version)
    values: dict[str, object] = {"version": before.version + 1}
    if name is not None:
        values["name"] = clean_name(name, "/name")
    if role is not None and role != before.role:
        check_may_give(role, kind, own)
        check_may_give(Role(before.role), kind, own)
        if role is not Role.OWNER and user_id in owners:
            check_not_last_owner(owners, user_id)
        values["role"] = role
        work.publish(UserChanged(user_id=user_id, state=f"role:{role}"))
    await work.db.execute(update(User).where(User.account_id == work.account_id, User.id == user_id).values(values))


async def deactivate(work: Work, user_id: UUID, kind: AccountKind, own: Collection[str]) -> None:
    """Let a person go: they are signed out everywhere at once. Repeating is harmless. Raises NotFound, Forbidden,
    Conflict (`last_owner`)."""
    owners = await queries.lock_owners(work)
    before = await queries.get_user(work, user_id, lock=True)
    check_may_give(Role(before.role), kind, own)
    if before.deactivated_at is not None:
        return
    if user_id in owners:
        check_not_last_owner(owners, user_id)
    await _set_left(work, before, left=True)
    await work.db.execute(
        delete(UserSession).where(UserSession.account_id == work.account_id, UserSession.user_id == user_id)
    )


async def reactivate(work: Work, user_id: UUID, kind: AccountKind, own: Collection[str]) -> None:
    """Take a person back, with the role and the password they had. Repeating is harmless."""
    before = await queries.get_user(work, user_id, lock=True)
    check_may_give(Role(before.role), kind, own)
    if before.deactivated_at is not None:
        await _set_left(work, before, left=False)


async def reset_second_factor(work: Work, user_id: UUID, kind: AccountKind, own: Collection[str]) -> None:
    """Let a person who lost theirs sign in with the password alone. Repeating is harmless. Raises NotFound, Forbidden
    for somebody who may do more than the caller."""
    before = await queries.get_user(work, user_id, lock=True)
    check_may_give(Role(before.role), kind, own)
    if before.totp:
        await give_up(work, user_id)


async def set_password(work: Work, user_id: UUID, hashed: str) -> None:
    """A new password, as its hash."""
    await work.db.execute(
        update(UserSecret)
        .where(UserSecret.account_id == work.account_id, UserSecret.user_id == user_id)
        .values(password=hashed, changed_at=work.now)
    )
    work.publish(UserChanged(user_id=user_id, state="password"))


async def renew_hash(work: Work, user_id: UUID, before: str, hashed: str) -> None:
    """The same password hashed anew, unless it was changed meanwhile."""
    await work.db.execute(
        update(UserSecret)
        .where(UserSecret.account_id == work.account_id, UserSecret.user_id == user_id, UserSecret.password == before)
        .values(password=hashed)
    )


async def _set_left(work: Work, before: queries.UserRow, *, left: bool) -> None:
    await work.db.execute(
        update(User)
        .where(User.account_id == work.account_id, User.id == before.id)
        .values(deactivated_at=work.now if left else None, version=before.version + 1)
    )
    work.publish(UserChanged(user_id=before.id, state="left" if left else "returned"))


def user_exists() -> Conflict:
    return Conflict("Somebody with this address is here already.", code="user_exists")
