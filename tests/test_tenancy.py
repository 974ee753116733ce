"""The wall between tenants, table by table: class, leading key, forced row security, and what each role may do."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fulfilhub.catalogue_of_tables import METADATA
from fulfilhub.platform import ids
from fulfilhub.platform.database import Base
from fulfilhub.platform.scopes import Customer, Merchant, Operator, Partner, Platform, Scope
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works

TABLES = sorted(METADATA.tables)
CLASSES = {mapper.local_table.name: mapper.class_.table_class for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
LEADS = {"merchant": "merchant_id", "account": "account_id"}
# Look-ups that happen before there is a tenant, or across tenants by the relay: indexes, never keys.
ACROSS = {
    "ix_carrier_connections_id",
    "ix_early_scans_received",
    "ix_order_promises_look",
    "ix_orders_id",
    "ix_store_assigned_orders_run",
    "ix_store_pulls_next",
    "ix_store_services_id",
    "ix_products_barcodes",
    "ix_store_catalogues_sweep",
    "ix_store_sweeps_next",
    "ix_stores_id",
    "ix_api_keys_fingerprint",
    "ix_jobs_next",
    "ix_contract_invitations_fingerprint",
    "ix_contract_invitations_invited",
    "ix_contracts_partner",
    "ix_inbox_expires",
    "ix_idempotency_keys_expires",
    "ix_privacy_requests_expires",
    "ix_shopify_installs_refresh_expires",
    "ix_shopify_installs_shop",
    "ix_webhook_deliveries_ended",
    "ix_webhook_endpoints_wake",
    "ix_store_codes_expires",
    "ix_store_codes_fingerprint",
    "ix_user_links_expires",
    "ix_user_links_fingerprint",
    "ix_user_sessions_expires",
    "ix_user_sessions_fingerprint",
    "ix_users_email",
    "ix_work_orders_look",
}


def test_every_table_has_a_class() -> None:
    assert set(CLASSES) == set(TABLES)
    assert set(CLASSES.values()) <= {"merchant", "account", "platform"}


async def test_the_database_holds_exactly_these_tables(worker_works: Works) -> None:
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        assert {row.tablename for row in rows} == {*TABLES, "alembic_version"}


@pytest.mark.parametrize("table", [t for t in TABLES if CLASSES.get(t) in LEADS])
async def test_row_security_is_forced_and_the_tenant_leads_every_key(worker_works: Works, table: str) -> None:
    lead = LEADS[CLASSES[table]]
    async with worker_works.begin(Platform("test")) as work:
        flags = (
            await work.db.execute(
                text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = cast(:t AS regclass)"),
                {"t": table},
            )
        ).one()
        assert tuple(flags) == (True, True)
        policies = (
            await work.db.execute(
                text("SELECT roles, qual, with_check FROM pg_policies WHERE tablename = :t"), {"t": table}
            )
        ).all()
        assert policies
        for roles, qual, check in policies:
            assert len(roles) == 1, "one policy names one audience"
            if roles[0] not in {"fh_platform", "fh_operator"}:
                assert "app_account()" in (qual or check), roles
        keys = await work.db.execute(
            text(
                "SELECT conname, contype::text, "
                "(SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) "
                "FROM pg_constraint WHERE conrelid = cast(:t AS regclass) AND contype IN ('p', 'u', 'f')"
            ),
            {"t": table},
        )
        for name, kind, column in keys:
            if kind == "f" and name == "fk_contract_warehouses_warehouse":
                continue  # the partner's own warehouse: its tenant is the partner
            assert column == lead, name
        indexes = await work.db.execute(
            text(
                "SELECT c.relname, i.indisunique, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
                "WHERE i.indrelid = cast(:t AS regclass)"
            ),
            {"t": table},
        )
        for name, unique, column in indexes:
            if name not in ACROSS:
                assert column == lead, name
            assert column == lead or not unique, name


async def _visible(works: Works, scope: Scope, table: str) -> int | None:
    """How many rows the scope sees; None when it may not even ask."""
    try:
        async with works.begin(scope) as work:
            return int((await work.db.execute(text(f'SELECT count(*) FROM "{table}"'))).scalar_one())  # noqa: S608
    except DBAPIError as error:
        if "permission denied" not in str(error):
            raise
        return None


STRANGERS: list[Scope] = [Merchant(ids.new()), Partner(ids.new()), Customer(ids.new(), ids.new()), Operator(ids.new())]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda scope: type(scope).__name__)
async def test_a_stranger_sees_no_row_of_any_table(works: Works, stranger: Scope) -> None:
    for table in TABLES:
        if CLASSES[table] in LEADS:
            assert not await _visible(works, stranger, table), table


async def test_without_a_scope_nothing_can_be_read(works: Works, settings: Settings) -> None:
    for table in TABLES:
        with pytest.raises(Exception, match="permission denied"):
            async with works.engine.connect() as bare:
                await bare.execute(text(f'SELECT 1 FROM "{table}"'))  # noqa: S608


async def test_partners_hold_no_grant_on_merchants_tables(worker_works: Works) -> None:
    async with worker_works.begin(Platform("test")) as work:
        rows = await work.db.execute(
            text("SELECT DISTINCT table_name FROM information_schema.role_table_grants WHERE grantee = 'fh_partner'")
        )
        granted = {row.table_name for row in rows}
    merchants = {t for t in TABLES if CLASSES[t] == "merchant"}
    assert granted & merchants <= {"contracts", "contract_versions", "contract_warehouses"}
