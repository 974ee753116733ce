"""Wire shapes of shops that our Shopify app is in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fulfilhub.platform import ids
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.queries import InstallRow
from fulfilhub.stores.rules.shopify import LIVE, ShopCheck, consent_url

InstallStateName = Literal["installed", "lapsed", "uninstalled", "released"]


class ShopifyConnectIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The connection code that a merchant of FulfilHub made or approved, for the shop whose page sends it.
    `code_verifier` belongs to the code's challenge."""

    code: Annotated[str, Meta(min_length=32, max_length=60, examples=["7K2M-V0QD-1R9C-XY4T-HB6N-0ZP3-M8WA-E5GS"])]
    code_verifier: Annotated[str, Meta(min_length=43, max_length=128)] | None = None


class ShopifyInstallOut(Struct, kw_only=True):
    """Our app in a shop. `lapsed`: Shopify renews our access no more until somebody opens the app; `released`: the
    store has a token of its own since. While `missing_scopes` is not empty, something does not work, and the shop's
    owner can grant them at `consent_url`. `code` and `reason` say why access could not be renewed last."""

    store_id: str
    shop: str
    state: InstallStateName
    scopes: list[str]
    missing_scopes: list[str]
    consent_url: str | None
    token_expires_at: datetime | None
    renewed_at: datetime
    failures: int
    failed_at: datetime | None
    code: str | None
    reason: str | None
    installed_at: datetime
    ended_at: datetime | None


class ShopifySessionOut(Struct, kw_only=True):
    """What a page in the shop's admin needs to begin. While the shop is not connected, `connect_url` leads to where a
    merchant of FulfilHub signs in and approves; the page adds `return_url`, `state` and `code_challenge`."""

    shop: str
    connected: bool
    connect_url: str | None
    install: ShopifyInstallOut | None


class ShopifyCheckOut(Struct, kw_only=True):
    """One thing that was looked at; `ok` null: it could not be found out."""

    name: Literal["app", "api", "scopes", "customer_data"]
    ok: bool | None
    code: str
    detail: str
    fix: str


class ShopifyChecksOut(Struct, kw_only=True):
    """What was found out just now, in the order in which to mend it."""

    checks: list[ShopifyCheckOut]


def install_out(row: InstallRow, url: str) -> ShopifyInstallOut:
    missing = list(scopes.missing(row.scopes)) if row.state in LIVE else []
    return ShopifyInstallOut(
        store_id=ids.STORE.show(row.store_id),
        shop=row.shop,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        scopes=row.scopes,
        missing_scopes=missing,
        consent_url=consent_url(url, row.shop) if missing else None,
        token_expires_at=row.expires_at,
        renewed_at=row.renewed_at,
        failures=row.failures,
        failed_at=row.failed_at,
        code=row.code,
        reason=row.reason,
        installed_at=row.installed_at,
        ended_at=row.ended_at,
    )


def shop_checks_out(found: list[ShopCheck]) -> ShopifyChecksOut:
    return ShopifyChecksOut(
        checks=[
            ShopifyCheckOut(name=each.name.value, ok=each.ok, code=each.code, detail=each.detail, fix=each.fix)
            for each in found
        ]
    )
