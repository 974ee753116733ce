"""Codes that let a storefront's plugin connect its own store: made for a merchant, used once and soon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update

from fulfilhub.platform import ids
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.secrets import Vault, fingerprint, new_code, plain_code
from fulfilhub.platform.work import Work
from fulfilhub.stores import queries
from fulfilhub.stores.commands import plugins
from fulfilhub.stores.commands.connections import Made, NewStore, StoreChange, change, connect, rotate_secret
from fulfilhub.stores.models import StoreCode
from fulfilhub.stores.rules import CODE_GROUPS, CODE_LASTS, PlatformKind, Settings, clean_url, proves


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A code, which is shown this once."""

    id: UUID
    code: str
    expires_at: datetime


async def make_code(
    work: Work, platform: PlatformKind | None = None, name: str = "", base_url: str = "", challenge: str = ""
) -> MadeCode:
    """Leave to connect one store within 15 minutes; what is given here binds whoever uses it. Raises Invalid for an
    address that can't be a store's."""
    made = MadeCode(ids.new(), new_code(CODE_GROUPS), work.now + CODE_LASTS)
    await work.db.execute(
        insert(StoreCode).values(
            merchant_id=work.account_id,
            id=made.id,
            fingerprint=code_fingerprint(made.code),
            platform=platform,
            name=name,
            base_url=clean_url(base_url, "/base_url") if base_url else "",
            challenge=challenge,
            made_by=work.actor,
            created_at=work.now,
            expires_at=made.expires_at,
        )
    )
    return made


async def use_authorisation(
    work: Work, vault: Vault, code_id: UUID, credentials: Mapping[str, str], permissions: str
) -> Made:
    """Connect the store whose merchant approved on WooCommerce's own page that we get these keys: the code says which.
    Raises as `use_code`, and Invalid (`keys_too_weak`) for keys that may not both read and write."""
    code = await queries.lock_code(work, code_id)
    if code is None or not code.base_url:
        raise bad_code()
    if permissions != "read_write":
        detail = "These keys may not both read and write."
        raise Invalid(detail, code="keys_too_weak", fields=[FieldError("/key_permissions", detail, "keys_too_weak")])
    new = NewStore(platform=PlatformKind.WOOCOMMERCE, name=code.name, credentials=credentials, settings=Settings())
    return await use_code(work, vault, code_id, None, new)


async def use_code(work: Work, vault: Vault, code_id: UUID, verifier: str | None, new: NewStore) -> Made:
    """Connect the store that the code gives leave for; what it leaves open comes from `new`. A store that is connected
    at this address already is connected anew, with these credentials and another secret: that is what a merchant who
    installs the plugin again means. Raises Invalid (`bad_code` for a code that is no longer good), Conflict."""
    code = await _live_code(work, code_id, verifier)
    wanted = replace(new, name=new.name or code.name or "Store", base_url=new.base_url or code.base_url)
    address = clean_url(wanted.base_url, "/base_url")
    _check_fits(code, new.platform, address)
    made = await _connect(work, vault, wanted, address)
    made = replace(made, api_key=await plugins.installed(work, made.store_id, new.plugin))
    await used(work, code_id, made.store_id)
    return made


async def good_code(
    work: Work, code_id: UUID, verifier: str | None, platform: PlatformKind, address: str
) -> queries.CodeRow:
    """A code that gives leave to connect this store, locked. Raises Invalid (`bad_code` for one that is no longer
    good)."""
    code = await _live_code(work, code_id, verifier)
    _check_fits(code, platform, address)
    return code


async def used(work: Work, code_id: UUID, store_id: UUID) -> None:
    """The code has done its service."""
    await work.db.execute(
        update(StoreCode)
        .where(StoreCode.merchant_id == work.account_id, StoreCode.id == code_id)
        .values(used_at=work.now, store_id=store_id)
    )


async def _live_code(work: Work, code_id: UUID, verifier: str | None) -> queries.CodeRow:
    code = await queries.lock_code(work, code_id)
    if code is None or code.used_at is not None or code.expires_at <= work.now or not proves(verifier, code.challenge):
        raise bad_code()
    return code


def _check_fits(code: queries.CodeRow, platform: PlatformKind, address: str) -> None:
    if code.platform is not None and platform != code.platform:
        detail = f"This code is for a {code.platform} store."
        raise Invalid(detail, fields=[FieldError("/platform", detail)])
    if code.base_url and address.casefold() != code.base_url.casefold():
        detail = f"This code is for the store at {code.base_url}."
        raise Invalid(detail, fields=[FieldError("/base_url", detail)])


async def _connect(work: Work, vault: Vault, new: NewStore, address: str) -> Made:
    before = await queries.store_at(work, address)
    if before is None or before.platform != new.platform:
        return await connect(work, vault, new)
    domain = new.shop_domain or None
    await change(work, vault, before.id, StoreChange(credentials=new.credentials, shop_domain=domain), None)
    return await rotate_secret(work, vault, before.id, new.webhook_secret)


def code_fingerprint(code: str) -> bytes:
    """What is kept of a code."""
    return fingerprint(plain_code(code))


def bad_code() -> Invalid:
    detail = "This code is unknown, used or too old; ask the merchant for a new one."
    return Invalid(detail, code="bad_code", fields=[FieldError("/code", detail, "bad_code")])
