"""Wire shapes of what a store's plugin asks about its connection, and of what it hands over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from fulfilhub.accounts.queries import AccountRow
from fulfilhub.platform import ids
from fulfilhub.platform.inbox import Intake
from fulfilhub.stores.commands.connections import Made
from fulfilhub.stores.commands.handing import Handed, HandedOutcome
from fulfilhub.stores.queries import Outgoing, StoreRow, settings_of
from fulfilhub.stores.rules.checks import Check, CheckName
from fulfilhub.stores.schemas import CredentialsIn, PluginIn, given
from fulfilhub.web.front import VERSION

KEYS = {"consumer_key": "ck_0123456789abcdef", "consumer_secret": "cs_0123456789abcdef"}


class PluginStoreOut(Struct, kw_only=True):
    """The store as its plugin knows it."""

    id: str
    name: str
    state: Literal["connected", "disconnected"]
    base_url: str


class PluginIntakeOut(Struct, kw_only=True):
    """What came from the store: when the last message did, how many wait to be read, and how many orders wait for
    somebody to correct them."""

    last_received_at: datetime | None
    waiting: int
    needs_review: int


class PluginOutgoingOut(Struct, kw_only=True):
    """What the store is to be told of: still to be told, and given up or refused by the store."""

    waiting: int
    failed: int


class PluginConnectionOut(Struct, kw_only=True):
    """The connection as it stands. An order's customer finds it below `tracking_page`."""

    store: PluginStoreOut
    organisation: str
    mode: Literal["live", "test"]
    server_time: datetime
    api_version: str
    tracking_page: str
    stock_sync: bool
    intake: PluginIntakeOut
    outgoing: PluginOutgoingOut


class PluginSettingsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is adjusted in the shop; what is left out stays."""

    stock_sync: bool | None = None


class PluginChangeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the plugin says of itself now, and what was adjusted in the shop."""

    plugin: PluginIn | None = None
    settings: PluginSettingsIn = field(default_factory=PluginSettingsIn)


class PluginChecksIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Nothing is asked for: all is checked."""


class PluginCheckOut(Struct, kw_only=True):
    """One thing that was looked at. When it is not `ok`, `detail` says what was found and `fix` what to do in the
    shop."""

    name: CheckName
    ok: bool
    code: str
    detail: str
    fix: str


class PluginChecksOut(Struct, kw_only=True):
    """What FulfilHub found when it called the shop just now."""

    checks: list[PluginCheckOut]


class PluginRotateIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The shop's own new keys for FulfilHub; without them FulfilHub goes on with those it has."""

    credentials: Annotated[CredentialsIn, Meta(examples=[KEYS])] | None = None


class PluginSecretsOut(Struct, kw_only=True):
    """What signs and speaks for the store from now on, shown this once; the old ones live on for 24 hours."""

    webhook_secret: str
    api_key: str


class HandedOut(Struct, kw_only=True):
    """What became of one item. `code` and `detail` say why it was refused: sent as it is again, it is refused again."""

    id: str
    outcome: HandedOutcome
    code: str | None
    detail: str | None


class HandedAllOut(Struct, kw_only=True):
    """A verdict per item, in the order in which they were sent."""

    data: list[HandedOut]


def connection_out(
    store: StoreRow,
    account: AccountRow,
    intake: Intake,
    needs_review: int,
    outgoing: Outgoing,
    url: str,
    now: datetime,
) -> PluginConnectionOut:
    """`url` is our public base address."""
    return PluginConnectionOut(
        store=PluginStoreOut(
            id=ids.STORE.show(store.id),
            name=store.name,
            state=store.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
            base_url=store.base_url,
        ),
        organisation=account.name,
        mode=account.mode,  # type: ignore[arg-type]
        server_time=now,
        api_version=VERSION,
        tracking_page=f"{url}/t/",
        stock_sync=settings_of(store).stock_sync,
        intake=PluginIntakeOut(
            last_received_at=intake.last_received_at, waiting=intake.waiting, needs_review=needs_review
        ),
        outgoing=PluginOutgoingOut(waiting=outgoing.waiting, failed=outgoing.failed),
    )


def credentials_of(data: PluginRotateIn) -> dict[str, str] | None:
    """The command's words."""
    return None if data.credentials is None else given(data.credentials)


def checks_out(checks: Sequence[Check]) -> PluginChecksOut:
    return PluginChecksOut(
        checks=[
            PluginCheckOut(name=each.name, ok=each.ok, code=each.code, detail=each.detail, fix=each.fix)
            for each in checks
        ]
    )


def secrets_out(made: Made) -> PluginSecretsOut:
    return PluginSecretsOut(webhook_secret=made.webhook_secret or "", api_key=made.api_key or "")


def handed_out(verdicts: Sequence[Handed]) -> HandedAllOut:
    return HandedAllOut(
        data=[HandedOut(id=each.id, outcome=each.outcome, code=each.code, detail=each.detail) for each in verdicts]
    )
