"""Wire shapes of stores, their messages and what they were told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from fulfilhub.platform import ids
from fulfilhub.platform.inbox import MessageRow
from fulfilhub.stores.commands.codes import MadeCode
from fulfilhub.stores.commands.connections import NewStore, StoreChange
from fulfilhub.stores.queries import StoreRow, UpdateRow, settings_of
from fulfilhub.stores.rules import PlatformKind, Plugin, Settings
from fulfilhub.stores.rules.outgoing import LARGEST_BUFFER

PluginPlatform = Literal["shopify", "woocommerce"]
PlatformName = Literal["shopify", "woocommerce", "api"]
MessageState = Literal["waiting", "taken", "reread", "ignored", "unreadable", "privacy", "disconnected"]
UpdateStateName = Literal["pending", "sent", "in_doubt", "failed", "refused"]
Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Ada's Mugs"])]
Url = Annotated[str, Meta(max_length=2000, examples=["https://shop.example.com"])]
Domain = Annotated[str, Meta(max_length=255, examples=["adas-mugs.myshopify.com"])]
Secret = Annotated[str, Meta(min_length=8, max_length=500)]
Credential = Annotated[str, Meta(min_length=1, max_length=500)]
Version = Annotated[str, Meta(max_length=40, examples=["11.0.1"])]
Word = Annotated[str, Meta(min_length=1, max_length=255)]
Words = Annotated[dict[str, Word], Meta(max_length=500)]
WarehouseId = Annotated[str, Meta(pattern=ids.WAREHOUSE.pattern, examples=["wh_01h455vb4pex5vsknk084sn02q"])]
Locations = Annotated[dict[str, WarehouseId], Meta(max_length=500)]
OrderState = Literal["unpaid", "open", "completed", "cancelled"]
States = Annotated[dict[str, OrderState], Meta(max_length=100)]


class CredentialsIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """How we sign in to the store: `access_token` for Shopify, `consumer_key` and `consumer_secret` for
    WooCommerce. Kept sealed and never shown."""

    access_token: Credential | None = None
    consumer_key: Credential | None = None
    consumer_secret: Credential | None = None


class StoreSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be adjusted per store; the defaults suit most.

    `services`: the storefront's shipping method -> our service code. `states`: the storefront's order or payment
    status -> ours. `accept_test_orders`: treat test orders like real ones. `stock_location`: the storefront's
    location whose stock we set. `locations`: the storefront's location -> our warehouse. `stock_sync`: keep the shop's
    stock right; it overwrites the shop's own numbers. `stock_buffer`: units of each product that the shop does not get.
    `stock_drift`: what somebody else writes there is set right at once (`correct`), or shown until the next check
    (`report`). `product_import`: the shop's products are mapped to yours by SKU and barcode (`match`), made where there
    are none (`create`), or left alone (`off`). `refund_returns`: let the shop refund what was inspected, as it suggests
    itself.
    """

    services: Words = {}
    states: States = {}
    accept_test_orders: bool = False
    stock_location: Annotated[str, Meta(max_length=255)] = ""
    locations: Locations = {}
    stock_sync: bool = False
    stock_buffer: Annotated[int, Meta(ge=0, le=LARGEST_BUFFER)] = 0
    stock_drift: Literal["correct", "report"] = "correct"
    product_import: Literal["off", "match", "create"] = "match"
    refund_returns: bool = False


class StoreIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A store to connect. `webhook_secret`: Shopify's client secret, or the secret you typed into WooCommerce; without
    it we make one for WooCommerce. `shop_domain`: the shop's myshopify.com name, if `base_url` is another."""

    platform: Annotated[PlatformName, Meta(examples=["shopify"])]
    name: Name
    base_url: Url = ""
    shop_domain: Domain = ""
    credentials: Annotated[CredentialsIn, Meta(examples=[{"access_token": "shpat_0123456789abcdef"}])] = field(
        default_factory=CredentialsIn
    )
    webhook_secret: Secret | None = None
    settings: StoreSettings = field(default_factory=StoreSettings)


class StoreCodeIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a connection code gives leave for; what is left out is left to whoever uses it. `code_challenge`: theirs, of
    the method S256 (RFC 7636)."""

    platform: PluginPlatform | None = None
    name: Annotated[str, Meta(max_length=200, examples=["Ada's Mugs"])] = ""
    base_url: Url = ""
    code_challenge: Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-]{43})?$")] = ""


class StoreCodeOut(Struct, kw_only=True):
    """A connection code, shown this once. Hyphens and capitals don't matter."""

    id: str
    code: Annotated[str, Meta(examples=["7K2M-V0QD-1R9C-XY4T-HB6N-0ZP3-M8WA-E5GS"])]
    expires_at: datetime


class PluginIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a plugin says of itself and of what it runs in."""

    version: Version
    woocommerce: Version = ""
    wordpress: Version = ""
    php: Version = ""


class StoreConnectIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a storefront's plugin brings: the code, and its store. `code_verifier` belongs to the code's challenge;
    `webhook_secret` is Shopify's client secret, or one of the plugin's own for WooCommerce. A plugin that goes on to
    speak for its store says so with `plugin`, and is given a key for that."""

    code: Annotated[str, Meta(min_length=32, max_length=60, examples=["7K2M-V0QD-1R9C-XY4T-HB6N-0ZP3-M8WA-E5GS"])]
    code_verifier: Annotated[str, Meta(min_length=43, max_length=128)] | None = None
    platform: PluginPlatform
    name: Annotated[str, Meta(max_length=200, examples=["Ada's Mugs"])] = ""
    base_url: Url = ""
    shop_domain: Domain = ""
    credentials: CredentialsIn
    webhook_secret: Secret | None = None
    plugin: PluginIn | None = None


class StorePatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out or null stays. `settings` and `credentials` are replaced whole."""

    name: Name | None = None
    base_url: Url | None = None
    shop_domain: Domain | None = None
    credentials: CredentialsIn | None = None
    settings: StoreSettings | None = None


class RotateSecretIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The storefront's new webhook secret; without it we make one for WooCommerce. Our plugin fetches its own: leave it
    out."""

    webhook_secret: Secret | None = None


class StoreOut(Struct, kw_only=True):
    """A store. `webhook_url` is the address that the storefront is to call; null for `api`."""

    id: str
    platform: PlatformName
    name: str
    base_url: str
    shop_domain: str
    webhook_url: str | None
    settings: StoreSettings
    state: Literal["connected", "disconnected"]
    last_seen_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class StoreSecretOut(Struct, kw_only=True):
    """A store, and the webhook secret we made for it, shown this once; null when you gave your own, and where our
    plugin fetches it itself."""

    store: StoreOut
    webhook_secret: str | None


class StoreConnectedOut(Struct, kw_only=True):
    """A store that its plugin connected. `webhook_secret` is the one we made, `api_key` the plugin's own, which is good
    for this store only (null without `plugin`). Both are shown this once."""

    store: StoreOut
    webhook_secret: str | None
    api_key: str | None


class Received(Struct, kw_only=True):
    """The delivery is safe with us, or was before."""

    received: bool = True


class MessageOut(Struct, kw_only=True):
    """One delivery of a store and what became of it. `repeats`: how often the store sent it again. Its content is
    kept, sealed, until `expires_at`."""

    id: str
    topic: str
    state: MessageState
    detail: str | None
    repeats: int
    received_at: datetime
    read_at: datetime | None
    expires_at: datetime


class LeftOut(Struct, kw_only=True):
    """Units the store would not take, because it has them no longer open."""

    external_id: str
    quantity: int


class UpdateOut(Struct, kw_only=True):
    """One shipment as the store was told of it. `told_as`: what the store calls it."""

    id: str
    order_id: str
    shipment_id: str
    state: UpdateStateName
    attempts: int
    told_as: list[str]
    left_out: list[LeftOut]
    code: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime


def new_store(data: StoreIn) -> NewStore:
    """The command's words. Raises Invalid for a location's warehouse that is no id."""
    return NewStore(
        platform=PlatformKind(data.platform),
        name=data.name,
        base_url=data.base_url,
        shop_domain=data.shop_domain,
        credentials=given(data.credentials),
        webhook_secret=data.webhook_secret,
        settings=_settings(data.settings),
    )


def connecting_store(data: StoreConnectIn) -> NewStore:
    """The command's words."""
    return NewStore(
        platform=PlatformKind(data.platform),
        name=data.name,
        base_url=data.base_url,
        shop_domain=data.shop_domain,
        credentials=given(data.credentials),
        webhook_secret=data.webhook_secret,
        settings=Settings(),
        plugin=None if data.plugin is None else plugin_of(data.plugin),
    )


def plugin_of(data: PluginIn) -> Plugin:
    """The command's words."""
    return Plugin(**{name: getattr(data, name) for name in PluginIn.__struct_fields__})


def store_code_out(made: MadeCode) -> StoreCodeOut:
    return StoreCodeOut(id=ids.STORE_CODE.show(made.id), code=made.code, expires_at=made.expires_at)


def store_change(data: StorePatch) -> StoreChange:
    """The command's words."""
    return StoreChange(
        name=data.name,
        base_url=data.base_url,
        shop_domain=data.shop_domain,
        credentials=None if data.credentials is None else given(data.credentials),
        settings=None if data.settings is None else _settings(data.settings),
    )


def store_out(row: StoreRow, url: str) -> StoreOut:
    """`url` is our public base address."""
    kept = settings_of(row)
    door = f"{url}/v1/stores/{ids.STORE.show(row.id)}/webhooks/{row.platform}"
    return StoreOut(
        id=ids.STORE.show(row.id),
        platform=row.platform,  # type: ignore[arg-type]  # the CHECK constraint holds it to these values
        name=row.name,
        base_url=row.base_url,
        shop_domain=row.shop_domain,
        webhook_url=None if row.platform == PlatformKind.API else door,
        settings=StoreSettings(
            services=kept.services,
            states=kept.states,  # type: ignore[arg-type]  # checked when it came in
            accept_test_orders=kept.accept_test_orders,
            stock_location=kept.stock_location,
            locations=kept.locations,
            stock_sync=kept.stock_sync,
            stock_buffer=kept.stock_buffer,
            stock_drift=kept.stock_drift,  # type: ignore[arg-type]
            product_import=kept.product_import,  # type: ignore[arg-type]
            refund_returns=kept.refund_returns,
        ),
        state=row.state,  # type: ignore[arg-type]
        last_seen_at=row.last_seen_at,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def message_out(row: MessageRow) -> MessageOut:
    return MessageOut(
        id=ids.MESSAGE.show(row.id),
        topic=row.topic,
        state=row.outcome or "waiting",  # type: ignore[arg-type]  # written from rules.Outcome only
        detail=row.detail,
        repeats=row.repeats,
        received_at=row.received_at,
        read_at=row.handled_at,
        expires_at=row.expires_at,
    )


def update_out(row: UpdateRow) -> UpdateOut:
    return UpdateOut(
        id=ids.STORE_UPDATE.show(row.id),
        order_id=ids.ORDER.show(row.order_id),
        shipment_id=ids.SHIPMENT.show(row.shipment_id),
        state=row.state,  # type: ignore[arg-type]
        attempts=row.attempts,
        told_as=row.told_as,
        left_out=[LeftOut(external_id=line.external_id, quantity=line.quantity) for line in row.lines_left_out],
        code=row.code,
        reason=row.reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def given(data: CredentialsIn) -> dict[str, str]:
    """What was given of the credentials, by name."""
    named = {
        "access_token": data.access_token,
        "consumer_key": data.consumer_key,
        "consumer_secret": data.consumer_secret,
    }
    return {name: value for name, value in named.items() if value is not None}


def _settings(data: StoreSettings) -> Settings:
    for place, warehouse in data.locations.items():
        ids.WAREHOUSE.read(warehouse, f"/settings/locations/{place}")
    return Settings(
        services=data.services,
        states=dict(data.states),
        accept_test_orders=data.accept_test_orders,
        stock_location=data.stock_location,
        locations=data.locations,
        stock_sync=data.stock_sync,
        stock_buffer=data.stock_buffer,
        stock_drift=data.stock_drift,
        product_import=data.product_import,
        refund_returns=data.refund_returns,
    )
