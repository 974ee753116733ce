"""The Litestar application, assembled in one readable place."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from fulfilhub.accounts.principal import KeyRing, access, audit_refusals, authenticate, callers
from fulfilhub.accounts.routes import ROUTES as ACCOUNTS
from fulfilhub.accounts.sessions import Doorkeeper
from fulfilhub.billing.routes import ROUTES as BILLING
from fulfilhub.carriers.routes import ROUTES as CARRIERS
from fulfilhub.catalogue.routes import ROUTES as CATALOGUE
from fulfilhub.fulfilment.routes import ROUTES as FULFILMENT
from fulfilhub.inventory.routes import ROUTES as INVENTORY
from fulfilhub.orders.routes import ROUTES as ORDERS
from fulfilhub.orders.together import Intake, take_together
from fulfilhub.pages.routes import ROUTES as PAGES
from fulfilhub.people.routes import ROUTES as PEOPLE
from fulfilhub.platform import telemetry
from fulfilhub.platform.clock import Clock, utc_now
from fulfilhub.platform.database import engine
from fulfilhub.platform.jobs.broker import Handover, make_broker
from fulfilhub.platform.logs import configure_logs
from fulfilhub.platform.memory import keep_what_is_loaded
from fulfilhub.platform.scopes import Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.waiting import Watch
from fulfilhub.platform.work import Works
from fulfilhub.privacy.routes import ROUTES as PRIVACY
from fulfilhub.returns.routes import ROUTES as RETURNS
from fulfilhub.routing.queries import RememberedSites
from fulfilhub.routing.routes import ROUTES as ROUTING
from fulfilhub.shipping.routes import ROUTES as SHIPPING
from fulfilhub.shipping.together import Dispatch, ship_together, work_of
from fulfilhub.storefront.routes import ROUTES as STOREFRONT
from fulfilhub.storefront.schemas import PromisedOut
from fulfilhub.stores.adapters.outside import Outside
from fulfilhub.stores.routes import ROUTES as STORES
from fulfilhub.web.front import Api
from fulfilhub.web.health import health_routes
from fulfilhub.web.kept import Kept
from fulfilhub.web.once import once
from fulfilhub.web.openapi import dumps
from fulfilhub.webhooks.routes import ROUTES as WEBHOOKS
from fulfilhub.wiring import HEARD_BY, load_tasks

ROUTES: list[HTTPRouteHandler] = [
    *ACCOUNTS,
    *PEOPLE,
    *CATALOGUE,
    *INVENTORY,
    *ORDERS,
    *ROUTING,
    *FULFILMENT,
    *SHIPPING,
    *RETURNS,
    *STORES,
    *STOREFRONT,
    *CARRIERS,
    *BILLING,
    *PRIVACY,
    *PAGES,
    *WEBHOOKS,
]


TAGS: dict[str, str] = {
    "Accounts": "Organisations: merchants, partners (3PLs) and the platform. Each has a live account and a test twin.",
    "API keys": "Keys of the caller's own account: made, rotated and revoked. A secret is shown once.",
    "Users": "People of the account: invited by link, with a role, a password and a second factor of their own.",
    "Audit log": "Who did what: one row for each change that a key or a person made, and each that was refused.",
    "Contracts": "Which merchant may use which warehouses of which partner, for what, and on what terms.",
    "Products": "What is stocked, picked and shipped: one product is one SKU.",
    "Listings": "Which variant of which store means which product, where its SKU does not say so.",
    "Warehouses": "Places with stock, cut-off times, a calendar and shipping services, run by a partner or a merchant.",
    "Stock": "Levels per product and warehouse, goods that come in, counts, and the ledger of every change.",
    "Orders": "Taken once each, corrected, held, cancelled, and followed by their timeline.",
    "Promises": "Dates for a cart before it is an order, and how the promises given turned out.",
    "Routing": "Why an order goes where it goes: the policy, and each decision with every candidate.",
    "Fulfilments": "Lines of an order sent to one warehouse, as the merchant sees them.",
    "Work": "The queue of whoever runs a warehouse: claim, accept, pick, pack, ship, and take returns in.",
    "Shipments": "What left, parcel by parcel, and where carriers say it is.",
    "Returns": "Goods that come back: requested, decided, received and inspected, by the merchant's policy.",
    "Stores": "Connections to Shopify, WooCommerce and your own storefront, and what each was told.",
    "Store completeness": "Whether everything a store has is here: the proof, what came late, and its history.",
    "Store locations": "Which warehouse stands for which location of a shop, and what the shop assigns to it.",
    "Store products": "What a store has: its products and what each means here, and returns that stand in both places.",
    "Store webhooks": "Doors that storefronts call, signed with the store's webhook secret instead of an API key.",
    "Shopify app": "Shops connected by the FulfilHub app for Shopify: what they grant, and what stands in the way.",
    "Storefront": "What a store's plugin asks with the store's own key: its connection, its orders, dates for a cart.",
    "Carriers": "Doors by which carriers and aggregators tell where parcels are, signed instead of with an API key.",
    "Webhooks": "Your own programs told of what happens: signed, retried for three days, every attempt kept.",
    "Billing": "What was charged, why, and a month's sums.",
    "Events": "The log of everything that happened in the account, read by cursor.",
    "Privacy": "A customer's data, handed out or erased on request.",
    "Jobs": "Background work that failed too often and waits for a person.",
    "Health": "Whether this server lives and is ready.",
}
"""What the groups of the reference are for, in reading order."""


def make_app(settings: Settings, clock: Clock = utc_now) -> Api:
    """The API on these settings. Pools open at the first use and close at shutdown."""
    load_tasks()
    pool = engine(settings.database_url("api"), settings.database, "api")
    broker = make_broker(settings)
    handover = Handover(broker)
    works = Works(pool, HEARD_BY, clock=clock, handover=handover)
    cache = redis.asyncio.from_url(settings.redis.url, socket_timeout=0.5, socket_connect_timeout=0.5)
    vault = Vault(settings.security.secret_keys)
    keeper = Doorkeeper(works, vault, settings)
    watch = Watch(works)
    outside = Outside(allow_private=settings.security.allow_private_hosts)
    given: dict[str, object] = {
        "dispatch": Dispatch(works, ship_together, work_of),
        "intake": Intake(works, take_together),
        "outside": outside,
        "promised": Kept(cache, settings.redis.namespace, "promised", PromisedOut, 60),
        "settings": settings,
        "sites": RememberedSites(),
        "vault": vault,
        "watch": watch,
        "works": works,
    }

    async def database_answers() -> None:
        async with works.begin(Nobody()):
            pass

    async def redis_answers() -> None:
        await cache.ping()

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        yield
        watch.close()
        handover.close()
        await outside.close()
        await cache.aclose()
        await pool.dispose()
        broker.close()

    return Api(
        settings,
        tags=TAGS,
        access=access,
        route_handlers=[*ROUTES, *health_routes({"database": database_answers}, {"redis": redis_answers})],
        guards=[authenticate],
        refused=audit_refusals(works),
        dependencies={**{name: _always(value) for name, value in given.items()}, **callers(), **once()},
        state=State({"key_ring": KeyRing(works), "doorkeeper": keeper, "settings": settings, "clock": clock}),
        lifespan=[lifespan],
    )


def contract() -> str:
    """The contract as it is committed. Needs no server: nothing is connected before the first use."""
    names = {"DATABASE_URL": "postgresql://nobody@localhost/none", "FULFILHUB_SECRET_KEYS": "x" * 32}
    return dumps(make_app(Settings.from_env({**names, "REDIS_URL": "redis://localhost"})).contract())


def _always(value: object) -> Provide:
    async def provide() -> Any:
        return value

    return Provide(provide)


def create() -> Api:
    """What the HTTP server calls in each of its processes."""
    settings = Settings.from_env(os.environ)
    configure_logs(settings.server.log_level, settings.server.log_format, "api")
    made = make_app(settings)
    made.on_shutdown.append(telemetry.start(settings, "api"))
    keep_what_is_loaded()
    return made
