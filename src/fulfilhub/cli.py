"""The `fulfilhub` command: every process, and the tools of whoever runs it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click

from fulfilhub.platform.settings import Settings, SettingsError, documented

T = TypeVar("T")


def read_settings() -> Settings:
    """Settings from the environment, or a usage error that names the variable.

    Without DATABASE_URL they are completed from what a `fulfilhub run` on this machine left beside its data, so that
    `fulfilhub audit` and the like work there.
    """
    from fulfilhub.platform.servers.place import local_environment

    named = any(os.environ.get(name) for name in ("DATABASE_URL", "DATABASE_API_URL", "DATABASE_WORKER_URL"))
    try:
        return Settings.from_env({**({} if named else local_environment()), **os.environ})
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _logged(settings: Settings, process: str) -> Settings:
    from fulfilhub.platform.logs import configure_logs

    configure_logs(settings.server.log_level, settings.server.log_format, process)
    return settings


def _run(make: Callable[[], Coroutine[None, None, T]]) -> T:
    try:
        return asyncio.run(make())
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fulfilhub")
def main() -> None:
    """FulfilHub: order fulfilment for Shopify and WooCommerce merchants and their 3PL partners.

    `fulfilhub run` starts everything on this machine. The other processes (api, worker, relay) are what
    it starts, one by one, for servers.
    """


@main.command()
@click.option("--port", type=int, help="Port to listen on (PORT).")
@click.option("--no-demo", is_flag=True, help="Only the system: no demo world, no story.")
def run(port: int | None, no_demo: bool) -> None:
    """Run the whole system on this machine, with a demo world, until Ctrl-C."""
    from fulfilhub.demo import play

    _told(lambda: play.run(port, with_demo=not no_demo))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line; all else to stderr.")
def demo(as_json: bool) -> None:
    """Play the whole story once on throw-away data, and exit."""
    from fulfilhub.demo import play

    answer = _told(lambda: play.demo(as_json=as_json))
    if answer:
        click.echo(answer)


@main.command("partner-sim")
@click.option("--url", required=True, help="Where the API is.")
@click.option("--key", required=True, envvar="FULFILHUB_PARTNER_KEY", help="Its API key (FULFILHUB_PARTNER_KEY).")
@click.option("--warehouse", "warehouses", multiple=True, help="Only this warehouse (wh_...); may be repeated.")
@click.option("--seed", default=1, show_default=True, help="Decides which work is rejected and which pick is short.")
@click.option("--reject", "rejects", default=3, show_default=True, help="How many work orders to reject.")
@click.option("--short", "shorts", default=1, show_default=True, help="How many picks to leave one unit short.")
@click.option("--until-idle", type=float, help="End after this many seconds without work.")
@click.option("--max-seconds", type=float, help="End after this many seconds in any case.")
def partner_sim(
    url: str,
    key: str,
    warehouses: tuple[str, ...],
    seed: int,
    rejects: int,
    shorts: int,
    until_idle: float | None,
    max_seconds: float | None,
) -> None:
    """Be a 3PL: claim work, reject some, pick, pack, ship, and take returns in. It knows only the partner's API."""
    from fulfilhub.demo.partner import Habits, simulate

    habits = Habits(seed=seed, rejects=rejects, shorts=shorts, until_idle=until_idle, max_seconds=max_seconds)
    _told(lambda: simulate(url, key, warehouses, habits, click.echo))


def _told(act: Callable[[], T]) -> T:
    """Run it; whatever fails becomes one clear message and a non-zero exit."""
    from fulfilhub.demo.door import StepFailed
    from fulfilhub.platform.processes import StartError

    try:
        return act()
    except (StartError, StepFailed, SettingsError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@main.command()
@click.option("--port", type=int, help="Port to listen on (PORT).")
@click.option("--workers", type=int, help="API processes (API_WORKERS).")
def api(port: int | None, workers: int | None) -> None:
    """Serve the HTTP API and the customers' pages."""
    from granian import Granian
    from granian.constants import Interfaces

    from fulfilhub.platform.processes import StartError, require_free

    settings = _logged(read_settings(), "api")
    host, port = settings.server.host, port or settings.server.port
    try:
        require_free(host, port)
    except StartError as error:
        raise click.ClickException(str(error)) from None
    settings.database_url("api")
    Granian(
        "fulfilhub.app:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers or settings.server.api_workers,
        backlog=1024,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


@main.command()
def worker() -> None:
    """Run background jobs (one process; start as many as are needed)."""
    from fulfilhub.worker import WorkerProcess

    WorkerProcess(_logged(read_settings(), "worker")).serve()


@main.command()
def relay() -> None:
    """Number events, hand over due jobs, keep schedules. One is enough; two share the work."""
    from fulfilhub.worker import run_relay

    settings = _logged(read_settings(), "relay")
    _run(lambda: run_relay(settings))


@main.command()
@click.option("--to", "revision", default="head", show_default=True, help="Alembic revision to end at.")
@click.option("--down", is_flag=True, help="Go down to the revision instead of up.")
def migrate(revision: str, down: bool) -> None:
    """Bring the database (DATABASE_URL) to the present schema, roles and logins included."""
    from fulfilhub.platform import migrate as migrations

    settings = read_settings()
    try:
        asyncio.run(migrations.ensure_roles(settings))
        (migrations.downgrade if down else migrations.upgrade)(settings, revision)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The database is at {revision}.")


@main.command()
@click.option("--write", is_flag=True, help="Write openapi/openapi.json.")
@click.option("--check", is_flag=True, help="Fail when openapi/openapi.json differs from the code.")
def openapi(write: bool, check: bool) -> None:
    """Print the API's contract (OpenAPI 3.1), or write or check the committed copy."""
    from fulfilhub.app import contract

    made = contract()
    committed = Path("openapi/openapi.json")
    if write:
        committed.parent.mkdir(exist_ok=True)
        committed.write_text(made)
        click.echo(f"Wrote {committed}.")
    elif check:
        if not committed.is_file() or committed.read_text() != made:
            raise click.ClickException(f"{committed} differs from the code: run `make openapi` and commit it.")
    else:
        click.echo(made, nl=False)


@main.command()
@click.argument("name", default="platform key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def keys(name: str, as_json: bool) -> None:
    """Make a platform key, with which accounts are made by API. It is shown this once."""
    import msgspec

    from fulfilhub.accounts.bootstrap import make_platform_key

    settings = read_settings()
    made = _run(lambda: make_platform_key(settings, name))
    if as_json:
        click.echo(msgspec.json.encode({"id": made.id, "secret": made.secret}).decode())
    else:
        click.echo(f"{made.id}\n{made.secret}\nKeep the secret: it is not shown again.")


@main.group()
def users() -> None:
    """Let people in: the first owner, and whoever lost every other way."""


@users.command("invite")
@click.option("--account", "account_id", required=True, help="The live account (acc_...).")
@click.option("--email", required=True, help="Whom to invite.")
@click.option(
    "--role", default="owner", show_default=True, type=click.Choice(["owner", "operations", "finance", "read_only"])
)
def users_invite(account_id: str, email: str, role: str) -> None:
    """Print a link by which somebody joins an account, once and within some days."""
    from fulfilhub.people import bootstrap

    settings = read_settings()
    click.echo(_answered(lambda found: bootstrap.invite(settings, found, email, role), account_id))


@users.command("reset")
@click.option("--account", "account_id", required=True, help="The live account (acc_...).")
@click.option("--email", required=True, help="Whose password it is.")
def users_reset(account_id: str, email: str) -> None:
    """Print a link by which somebody sets a new password, once and within a day."""
    from fulfilhub.people import bootstrap

    settings = read_settings()
    click.echo(_answered(lambda found: bootstrap.reset(settings, found, email), account_id))


@main.command("store-code")
@click.option("--account", "account_id", required=True, help="The merchant's account, live or test (acc_...).")
def store_code(account_id: str) -> None:
    """Print a code with which a storefront's plugin connects one store, once and within 15 minutes."""
    from fulfilhub.stores import bootstrap

    settings = read_settings()
    click.echo(_answered(lambda found: bootstrap.store_code(settings, found), account_id).code)


def _answered(make: Callable[[UUID], Coroutine[None, None, T]], account_id: str) -> T:
    """What it makes for this account; a refusal becomes one clear message."""
    from fulfilhub.platform import ids
    from fulfilhub.platform.errors import FulfilHubError

    try:
        found = ids.ACCOUNT.find(account_id)
        return _run(lambda: make(found))
    except FulfilHubError as error:
        raise click.ClickException(error.fields[0].detail if error.fields else error.detail) from None


@main.group()
def jobs() -> None:
    """Look after dead jobs."""


@jobs.command("dead")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
def jobs_dead(limit: int) -> None:
    """List jobs that failed too often, newest first."""
    from fulfilhub.platform import ids
    from fulfilhub.platform.jobs import deadletters

    settings = read_settings()
    rows = _run(lambda: deadletters.list_as_platform(settings, limit))
    for row in rows:
        click.echo(f"{ids.JOB.show(row.id)}  {row.kind}  attempts={row.attempts}  {row.last_error}")
    if not rows:
        click.echo("No dead jobs.")


@jobs.command("rerun")
@click.argument("job_ids", nargs=-1, required=True)
def jobs_rerun(job_ids: tuple[str, ...]) -> None:
    """Give dead jobs (job_...) a fresh start."""
    from fulfilhub.platform import ids
    from fulfilhub.platform.errors import FulfilHubError
    from fulfilhub.platform.jobs import deadletters

    settings = read_settings()
    try:
        wanted = [ids.JOB.find(text) for text in job_ids]
    except FulfilHubError as error:
        raise click.ClickException(error.detail) from None
    done = _run(lambda: deadletters.rerun_as_platform(settings, wanted))
    click.echo(f"{done} of {len(wanted)} jobs run again.")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite the file if it is there.")
def backup(file: Path, replace: bool) -> None:
    """Write the whole database (DATABASE_URL) to FILE. Keep FULFILHUB_SECRET_KEYS safe beside it."""
    from fulfilhub.platform import backup as backups

    settings = read_settings()
    try:
        size = backups.backup(settings, file, replace=replace)
    except (backups.BackupError, SettingsError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Wrote {file}, {size / 1_000_000:.1f} MB.")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Bring a backup from FILE into the empty database that DATABASE_URL names."""
    from fulfilhub.platform import backup as backups

    settings = read_settings()
    try:
        backups.restore(settings, file)
    except (backups.BackupError, SettingsError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("Restored. Check it with `fulfilhub audit`.")


@main.command("settings")
def show_settings() -> None:
    """List every environment variable with its default."""
    for env, default, doc in documented():
        click.echo(f"{env:32} {default:24} {doc}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(as_json: bool) -> None:
    """Recompute ledgers, counters, leases, charges and tickets; exit 1 naming each break."""
    import msgspec

    from fulfilhub import auditing

    settings = read_settings()
    report = _run(lambda: auditing.audit(settings))
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        for check in report.checks:
            click.echo(f"{'ok   ' if not check.breaks else 'BREAK'} {check.name}")
            for line in check.breaks:
                click.echo(f"      {line}")
    if report.breaks:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
