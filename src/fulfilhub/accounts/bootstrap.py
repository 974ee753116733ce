"""The first key: made at the command line with the database's owner, since nobody can call the API yet."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from fulfilhub.accounts.commands import make_key
from fulfilhub.accounts.models import Account
from fulfilhub.accounts.rules import AccountKind, Mode
from fulfilhub.platform import ids
from fulfilhub.platform.database import engine
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A platform key's id and its secret."""

    id: str
    secret: str


async def make_platform_key(settings: Settings, name: str) -> PlatformKey:
    """Make a key of the platform account, which is made at the first call."""
    pool = engine(settings.database_url("worker"), settings.database, "keys")
    try:
        async with Works(pool, {}).begin(Platform("make a platform key")) as work:
            found = select(Account.account_id).where(Account.kind == AccountKind.PLATFORM)
            account_id = (await work.db.execute(found.order_by(Account.account_id).limit(1))).scalar_one_or_none()
            if account_id is None:
                account_id = ids.new()
                await work.db.execute(
                    insert(Account).values(
                        account_id=account_id,
                        kind=AccountKind.PLATFORM,
                        mode=Mode.LIVE,
                        name="FulfilHub",
                        created_at=work.now,
                    )
                )
            made = await make_key(work, account_id, AccountKind.PLATFORM, Mode.LIVE, name, None, None)
    finally:
        await pool.dispose()
    return PlatformKey(ids.API_KEY.show(made.id), made.secret)
