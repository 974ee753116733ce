"""A connection code made at the command line, for whoever runs the system and its merchants' plugins."""

from __future__ import annotations

from uuid import UUID

from fulfilhub.accounts.queries import get_account
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.platform.audit import Doing
from fulfilhub.platform.database import engine
from fulfilhub.platform.errors import Conflict
from fulfilhub.platform.scopes import Merchant, Platform
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.stores.commands.codes import MadeCode, make_code


async def store_code(settings: Settings, account_id: UUID) -> MadeCode:
    """Leave to connect one store to this merchant (live or test). Raises NotFound, Conflict for another kind of
    account."""
    pool = engine(settings.database_url("worker"), settings.database, "store code")
    works = Works(pool, {})
    try:
        async with works.begin(Platform("a store code at the command line")) as work:
            account = await get_account(work, account_id)
        if account.kind != AccountKind.MERCHANT:
            raise Conflict("Stores belong to merchants; this account is none.", code="not_a_merchant")
        scope = Merchant(account_id, "system", Doing("createStoreCode", 201, None, "command", None))
        async with works.begin(scope) as work:
            return await make_code(work)
    finally:
        await pool.dispose()
