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

from fulfilhub.accounts.principal import KeyRing, authenticate, callers
from fulfilhub.accounts.routes import ROUTES as ACCOUNTS
from fulfilhub.billing.routes import ROUTES as BILLING
from fulfilhub.catalogue.routes import ROUTES as CATALOGUE
from fulfilhub.fulfilment.routes import ROUTES as FULFILMENT
from fulfilhub.inventory.routes import ROUTES as INVENTORY
from fulfilhub.orders.routes import ROUTES as ORDERS
from fulfilhub.orders.together import Intake
from fulfilhub.pages.routes import ROUTES as PAGES
from fulfilhub.platform import telemetry
from fulfilhub.platform.clock import Clock, utc_now
from fulfilhub.platform.database import engine
from fulfilhub.platform.jobs.broker import Handover, make_broker
from fulfilhub.platform.logs import configure_logs
from fulfilhub.platform.scopes import Nobody
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from fulfilhub.privacy.routes import ROUTES as PRIVACY
from fulfilhub.returns.routes import ROUTES as RETURNS
from fulfilhub.routing.queries import RememberedSites
from fulfilhub.routing.routes import ROUTES as ROUTING
from fulfilhub.shipping.routes import ROUTES as SHIPPING
from fulfilhub.stores.routes import ROUTES as STORES
from fulfilhub.web.front import Api
from fulfilhub.web.health import health_routes
from fulfilhub.web.once import once
from fulfilhub.web.openapi import dumps
from fulfilhub.wiring import HEARD_BY, load_tasks

ROUTES: list[HTTPRouteHandler] = [
    *ACCOUNTS,
    *CATALOGUE,
    *INVENTORY,
    *ORDERS,
    *ROUTING,
    *FULFILMENT,
    *SHIPPING,
    *RETURNS,
    *STORES,
    *BILLING,
    *PRIVACY,
    *PAGES,
]


def make_app(settings: Settings, clock: Clock = utc_now) -> Api:
    """The API on these settings. Pools open at the first use and close at shutdown."""
    load_tasks()
    pool = engine(settings.database_url("api"), settings.database, "api")
    broker = make_broker(settings)
    handover = Handover(broker)
    works = Works(pool, HEARD_BY, clock=clock, handover=handover)
    cache = redis.asyncio.from_url(settings.redis.url, socket_timeout=0.5, socket_connect_timeout=0.5)
    given = {
        "intake": Intake(works),
        "settings": settings,
        "sites": RememberedSites(),
        "vault": Vault(settings.security.secret_keys),
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
        handover.close()
        await cache.aclose()
        await pool.dispose()
        broker.close()

    return Api(
        settings,
        route_handlers=[*ROUTES, *health_routes({"database": database_answers}, {"redis": redis_answers})],
        guards=[authenticate],
        dependencies={**{name: _always(value) for name, value in given.items()}, **callers(), **once()},
        state=State({"key_ring": KeyRing(works), "settings": settings, "clock": clock}),
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
    return made
