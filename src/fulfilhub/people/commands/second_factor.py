"""Setting up, using and giving up time-based codes, and the recovery codes that stand in for them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, insert, update

from fulfilhub.people import queries
from fulfilhub.people.adapters.authenticator import code_at, new_secret
from fulfilhub.people.events import UserChanged
from fulfilhub.people.models import RecoveryCode, User, UserSecret
from fulfilhub.people.rules.second_factor import new_recovery_codes, step_of
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.secrets import Vault, fingerprint, plain_code
from fulfilhub.platform.work import Work


async def propose(work: Work, vault: Vault, user_id: UUID) -> str:
    """A secret for the person's app, kept sealed until a code of it proves that the app has it; the same again while
    it waits. Raises Conflict when there is one in use."""
    user = await queries.get_user(work, user_id)
    if user.totp:
        raise Conflict("There is an authenticator app already; turn it off first.", code="totp_on")
    secrets = await queries.get_secrets(work, user_id, lock=True)
    if secrets.totp_pending is not None:
        return vault.decrypt(secrets.totp_pending).decode()
    secret = new_secret()
    await _set(work, user_id, totp_pending=vault.encrypt(secret.encode()))
    return secret


async def confirm(work: Work, vault: Vault, user_id: UUID, code: str) -> list[str] | None:
    """Take the proposed secret into use; the recovery codes, shown this once. None for a wrong code."""
    secrets = await queries.get_secrets(work, user_id, lock=True)
    if secrets.totp_pending is None:
        return None
    secret = vault.decrypt(secrets.totp_pending).decode()
    step = step_of(code, work.now, 0, lambda at: code_at(secret, at))
    if step is None:
        return None
    await _set(work, user_id, totp_secret=secrets.totp_pending, totp_pending=None, totp_step=step)
    await _turn(work, user_id, on=True)
    return await fresh_recovery_codes(work, user_id)


async def prove(work: Work, vault: Vault, user_id: UUID, code: str) -> bool:
    """Whether this is a code of the person's app, or one of their recovery codes. It is used up with that: of the same
    code sent twice at once, one counts."""
    secrets = await queries.get_secrets(work, user_id, lock=True)
    if secrets.totp_secret is None:
        return False
    secret = vault.decrypt(secrets.totp_secret).decode()
    step = step_of(code, work.now, secrets.totp_step, lambda at: code_at(secret, at))
    if step is not None:
        await _set(work, user_id, totp_step=step)
        return True
    used = await work.db.execute(
        delete(RecoveryCode)
        .where(
            RecoveryCode.account_id == work.account_id,
            RecoveryCode.user_id == user_id,
            RecoveryCode.fingerprint == fingerprint(plain_code(code)),
        )
        .returning(RecoveryCode.user_id)
    )
    return used.scalar_one_or_none() is not None


async def give_up(work: Work, user_id: UUID) -> None:
    """Sign in with the password alone from now on."""
    await _set(work, user_id, totp_secret=None, totp_pending=None)
    await _turn(work, user_id, on=False)
    await _forget_codes(work, user_id)


async def fresh_recovery_codes(work: Work, user_id: UUID) -> list[str]:
    """Ten new recovery codes in the place of what was left. Raises Conflict without an authenticator app."""
    if not (await queries.get_user(work, user_id)).totp:
        raise Conflict("Recovery codes stand in for an authenticator app; set one up first.", code="totp_off")
    await _forget_codes(work, user_id)
    codes = new_recovery_codes()
    await work.db.execute(insert(RecoveryCode), _rows(work, user_id, codes))
    return codes


def _rows(work: Work, user_id: UUID, codes: Sequence[str]) -> list[dict[str, object]]:
    return [
        {"account_id": work.account_id, "user_id": user_id, "fingerprint": fingerprint(plain_code(code))}
        for code in codes
    ]


async def _forget_codes(work: Work, user_id: UUID) -> None:
    await work.db.execute(
        delete(RecoveryCode).where(RecoveryCode.account_id == work.account_id, RecoveryCode.user_id == user_id)
    )


async def _set(work: Work, user_id: UUID, **values: object) -> None:
    await work.db.execute(
        update(UserSecret)
        .where(UserSecret.account_id == work.account_id, UserSecret.user_id == user_id)
        .values(**values)
    )


async def _turn(work: Work, user_id: UUID, *, on: bool) -> None:
    await work.db.execute(
        update(User)
        .where(User.account_id == work.account_id, User.id == user_id)
        .values(totp=on, version=User.version + 1)
    )
    work.publish(UserChanged(user_id=user_id, state="second_factor_on" if on else "second_factor_off"))
