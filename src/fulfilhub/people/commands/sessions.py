"""Starting and ending sessions. A session that was ended is a row that is gone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, update

from fulfilhub.accounts.rules import Mode
from fulfilhub.people.models import UserSession
from fulfilhub.platform import ids
from fulfilhub.platform.secrets import fingerprint, new_token
from fulfilhub.platform.work import Work


async def start(work: Work, user_id: UUID, mode: Mode, browser: str, address: str | None, lasts: timedelta) -> str:
    """A new session; the token for its cookie. `address` is a network, not a full address."""
    token = new_token()
    await work.db.execute(
        insert(UserSession).values(
            account_id=work.account_id,
            id=ids.new(),
            user_id=user_id,
            fingerprint=fingerprint(token),
            mode=mode,
            browser=browser,
            address=address,
            created_at=work.now,
            last_seen_at=work.now,
            expires_at=work.now + lasts,
        )
    )
    return token


async def end(work: Work, user_id: UUID, session_id: UUID) -> None:
    """Sign out one browser of this person. Repeating is harmless."""
    await work.db.execute(
        delete(UserSession).where(
            UserSession.account_id == work.account_id, UserSession.user_id == user_id, UserSession.id == session_id
        )
    )


async def end_all(work: Work, user_id: UUID) -> None:
    """Sign this person out everywhere."""
    await work.db.execute(
        delete(UserSession).where(UserSession.account_id == work.account_id, UserSession.user_id == user_id)
    )


async def switch(work: Work, session_id: UUID, mode: Mode) -> None:
    """Work in the other twin from now on."""
    await work.db.execute(
        update(UserSession)
        .where(UserSession.account_id == work.account_id, UserSession.id == session_id)
        .values(mode=mode)
    )
