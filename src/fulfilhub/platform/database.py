"""Tables' common ground: the declarative base, the three classes of tables, and engines.

Models give typed columns and what Alembic compares against; statements are SQLAlchemy Core on
`work.db`. There is no ORM session.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import structlog
from sqlalchemy import DateTime, LargeBinary, MetaData, Text, Uuid, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fulfilhub.platform.settings import DatabaseSettings

log = structlog.get_logger("fulfilhub.database")

Json = dict[str, object]
JsonList = list[object]

TableClass = Literal["merchant", "account", "platform"]


class Base(DeclarativeBase):
    """Every table's base; constraint names follow one convention so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        str: Text(),
        UUID: Uuid(),
        datetime: DateTime(timezone=True),
        bytes: LargeBinary(),
        Json: JSONB(),
        JsonList: JSONB(),
        list[str]: ARRAY(Text()),
        list[UUID]: ARRAY(Uuid()),
    }


class MerchantTable:
    """Rows of one merchant: `merchant_id` leads every key, and row security is forced."""

    table_class: ClassVar[TableClass] = "merchant"
    merchant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)


class AccountTable:
    """Rows of one account of any kind: `account_id` leads every key, and row security is forced."""

    table_class: ClassVar[TableClass] = "account"
    account_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)


class PlatformTable:
    """Reference data and settings of the platform: readable by all, written by the platform only."""

    table_class: ClassVar[TableClass] = "platform"


def engine(url: str, settings: DatabaseSettings, name: str) -> AsyncEngine:
    """A pool for one process. AUTOCOMMIT, because `Works.begin` opens and ends transactions itself:
    that way BEGIN and the scope travel in one round trip."""
    made = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=10,
        pool_pre_ping=False,
        pool_reset_on_return=None,
        pool_use_lifo=True,
        connect_args={
            "timeout": 10,
            "command_timeout": settings.statement_timeout + 5,
            "prepared_statement_cache_size": 500,
            "server_settings": {
                "application_name": f"fulfilhub {name}",
                "statement_timeout": str(settings.statement_timeout * 1000),
                "lock_timeout": str(settings.lock_timeout * 1000),
                "idle_in_transaction_session_timeout": "60000",
                "jit": "off",
                "timezone": "UTC",
            },
        },
    )
    if settings.slow_query_ms > 0:
        _log_slow_queries(made, settings.slow_query_ms / 1000)
    return made


def _log_slow_queries(made: AsyncEngine, seconds: float) -> None:
    """Log statements that take longer. Their text holds no values: those travel beside it."""

    def tell(statement: str, took: float) -> None:
        if took >= seconds:
            log.warning("database.slow_query", ms=round(took * 1000), statement=" ".join(statement.split())[:500])

    # The driver's own statements and SQLAlchemy's go different ways through the driver, so neither is told of twice.
    @event.listens_for(made.sync_engine, "connect")
    def connected(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.driver_connection.add_query_logger(lambda query: tell(query.query, query.elapsed))

    @event.listens_for(made.sync_engine, "before_cursor_execute")
    def begun(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        connection.info["begun"] = time.monotonic()

    @event.listens_for(made.sync_engine, "after_cursor_execute")
    def done(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        tell(statement, time.monotonic() - connection.info["begun"])
