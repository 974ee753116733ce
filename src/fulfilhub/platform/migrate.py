"""Brings a database to the present schema: roles and logins, then Alembic's migrations."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config

from fulfilhub.platform.settings import Settings, SettingsError
from fulfilhub.platform.tenancy import API_ROLES, ROLES

LOCK = 4_702_111_234_567
ROLE_TRIES = 8
LOGINS = {"fulfilhub_api": API_ROLES, "fulfilhub_worker": ROLES}


def migrations_folder() -> Path:
    """Where the migrations are: beside `src` in a checkout, inside the package's folder in an installed image."""
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "migrations", here.parents[1] / "migrations", Path("/app/migrations")):
        if (folder / "env.py").is_file():
            return folder
    raise SettingsError("The migrations folder was not found beside the program.")


def alembic_config(owner_url: str) -> Config:
    """Alembic's configuration for this database (no ini file needed)."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["url"] = owner_url
    return config


async def ensure_roles(settings: Settings) -> None:
    """Create the group roles and the two logins, and set the logins' derived passwords. Repeating is harmless.

    Raises SettingsError when DATABASE_URL's role may not do that.
    """
    for place in range(ROLE_TRIES):
        try:
            await _set_roles(settings)
            return
        except (asyncpg.InternalServerError, asyncpg.UniqueViolationError):
            # Roles belong to the whole server, advisory locks to one database: another database's migration was at it.
            if place + 1 == ROLE_TRIES:
                raise
            await asyncio.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - jitter, not a secret


async def _set_roles(settings: Settings) -> None:
    url = settings.database_url("owner").replace("+asyncpg", "", 1)
    owner = await asyncpg.connect(url)
    try:
        await _check_owner(owner)
        async with owner.transaction():
            await owner.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            known = {r["rolname"] for r in await owner.fetch("SELECT rolname FROM pg_roles")}
            for role in set(ROLES) - known:
                await owner.execute(f"CREATE ROLE {role} NOLOGIN NOBYPASSRLS")
            await owner.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(ROLES)}")
            for login, groups in LOGINS.items():
                if login not in known:
                    await owner.execute(f"CREATE ROLE {login} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS")
                password = await owner.fetchval("SELECT quote_literal($1)", settings.login_password(login))
                await owner.execute(f"ALTER ROLE {login} PASSWORD {password}")
                await owner.execute(f"GRANT {', '.join(groups)} TO {login} WITH INHERIT FALSE, SET TRUE")
    finally:
        await owner.close()


async def _check_owner(owner: asyncpg.Connection) -> None:
    if owner.get_server_version().major < 16:
        raise SettingsError("PostgreSQL 16 or newer is needed.")
    (row,) = await owner.fetch(
        "SELECT rolsuper OR (rolcreaterole AND rolbypassrls) AS enough, rolname "
        "FROM pg_roles WHERE rolname = current_user"
    )
    if not row["enough"]:
        raise SettingsError(
            f"The role {row['rolname']!r} of DATABASE_URL needs CREATEROLE and BYPASSRLS: "
            f"ALTER ROLE {row['rolname']} CREATEROLE BYPASSRLS;"
        )


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Run the migrations up to `revision`. Call outside an event loop, after `ensure_roles`."""
    command.upgrade(alembic_config(settings.database_url("owner")), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Run the migrations down to `revision`."""
    command.downgrade(alembic_config(settings.database_url("owner")), revision)
