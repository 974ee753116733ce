"""Contracts in versions that both sides accept, invitations to them, and what partners' queues are asked by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from fulfilhub.platform.tenancy import OWN_ACCOUNT, OWN_MERCHANT, door, secure

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EDITS = "SELECT, INSERT, UPDATE"
LIVE = "ended_at IS NULL AND NOT held"
OF_PARTNER = {"fh_partner": "partner_id = (SELECT app_account())"}
# Who invited, and who was invited: both read and answer it; only the first makes one.
EITHER = "account_id = (SELECT app_account()) OR to_account_id = (SELECT app_account())"


def _known_warehouses(source: str) -> str:
    rows = f"{OWN_ACCOUNT} OR id IN (SELECT c.warehouse_id FROM {source} AS c WHERE c.{OWN_MERCHANT})"  # noqa: S608
    return f"ALTER POLICY merchant ON warehouses USING ({rows}) WITH CHECK ({rows})"


# What was agreed before the terms were written down: one warehouse, all it offers, and the phone number it always saw.
VERSIONS_OF_KNOWN = """
INSERT INTO contract_versions (merchant_id, contract_id, number, partner_id, state, warehouse_ids, services,
                               ship_by_cutoff, notice_days, starts_on, ends_on, proposed_by, proposed_at, answered_at)
SELECT merchant_id, id, 1, partner_id, CASE state WHEN 'offered' THEN 'proposed' ELSE 'accepted' END,
       ARRAY[warehouse_id], '[{"code": "*", "contact": ["phone"]}]', false, 0, starts_on, ends_on, 'partner',
       created_at, CASE state WHEN 'offered' THEN NULL ELSE created_at END
FROM contracts
"""
WAREHOUSES_OF_KNOWN = """
INSERT INTO contract_warehouses (merchant_id, contract_id, warehouse_id, partner_id, live)
SELECT merchant_id, id, warehouse_id, partner_id, state <> 'ended' FROM contracts
"""
PHONES_OF_KNOWN = """
UPDATE work_orders SET document = document || '{"contact": ["phone"]}', single_sku = CASE l.lines WHEN 1 THEN l.sku END
FROM (SELECT account_id, work_order_id, count(*) AS lines, (array_agg(product_id))[1] AS sku FROM work_order_lines
      GROUP BY account_id, work_order_id) AS l
WHERE l.account_id = work_orders.account_id AND l.work_order_id = work_orders.id
"""

# Whoever has the link, and an account of the kind and mode that was invited, takes the invitation up once.
TAKE = """
CREATE FUNCTION take_contract_invitation(given bytea, at timestamptz)
RETURNS TABLE (inviter_id uuid, invitation_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    UPDATE public.contract_invitations AS i SET to_account_id = public.app_account(), taken_at = at
    FROM public.accounts AS a, public.accounts AS b
    WHERE i.fingerprint = given AND i.state = 'open' AND i.to_account_id IS NULL AND i.expires_at > at
      AND a.account_id = i.account_id AND b.account_id = public.app_account() AND b.kind = i.kind AND b.mode = a.mode
    RETURNING i.account_id, i.id;
END
"""
RESOLVE = """
CREATE FUNCTION resolve_contract_invitation(given bytea, at timestamptz)
RETURNS TABLE (inviter text, kind text, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT a.name, i.kind, i.email
    FROM public.contract_invitations AS i JOIN public.accounts AS a USING (account_id)
    WHERE i.fingerprint = given AND i.state = 'open' AND i.to_account_id IS NULL AND i.expires_at > at;
END
"""
# How far each account's log has got: a number says nothing about anybody.
LAST_NUMBERS = """
CREATE FUNCTION last_numbers(asked uuid[]) RETURNS TABLE (account_id uuid, last bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT s.account_id, s.last FROM public.event_sequences AS s WHERE s.account_id = ANY (asked);
END
"""
FUNCTIONS = (
    "take_contract_invitation(bytea, timestamptz)",
    "resolve_contract_invitation(bytea, timestamptz)",
    "last_numbers(uuid[])",
)


def upgrade() -> None:
    _contracts()
    _invitations()
    _queue()
    for statement in (
        TAKE,
        "REVOKE ALL ON FUNCTION take_contract_invitation(bytea, timestamptz) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION take_contract_invitation(bytea, timestamptz) "
        "TO fh_merchant, fh_partner, fh_operator",
        RESOLVE,
        *door("resolve_contract_invitation(bytea, timestamptz)"),
        LAST_NUMBERS,
        *door("last_numbers(uuid[])"),
        "GRANT EXECUTE ON FUNCTION may_contract(uuid, uuid) TO fh_merchant",
    ):
        op.execute(statement)


def _contracts() -> None:
    op.create_table(
        "contract_versions",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("warehouse_ids", pg.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("services", pg.JSONB(), nullable=False),
        sa.Column("accept_within_minutes", sa.Integer()),
        sa.Column("ship_by_cutoff", sa.Boolean(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("merchant_id", "contract_id", "number", name="pk_contract_versions"),
        _of_contract("contract_versions"),
        sa.CheckConstraint("state IN ('proposed', 'accepted', 'declined')", name=op.f("ck_contract_versions_state")),
        sa.CheckConstraint("proposed_by IN ('merchant', 'partner')", name=op.f("ck_contract_versions_proposed_by")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_contract_versions_dates")),
        sa.CheckConstraint("cardinality(warehouse_ids) > 0", name=op.f("ck_contract_versions_warehouses")),
        sa.CheckConstraint(
            "notice_days >= 0 AND (accept_within_minutes IS NULL OR accept_within_minutes > 0)",
            name=op.f("ck_contract_versions_terms"),
        ),
    )
    op.create_index(
        "uq_contract_versions_open",
        "contract_versions",
        ["merchant_id", "contract_id"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "contract_warehouses",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "contract_id", "warehouse_id", name="pk_contract_warehouses"),
        _of_contract("contract_warehouses"),
        sa.ForeignKeyConstraint(
            ["partner_id", "warehouse_id"],
            ["warehouses.account_id", "warehouses.id"],
            name="fk_contract_warehouses_warehouse",
        ),
    )
    op.create_index(
        "uq_contract_warehouses_live",
        "contract_warehouses",
        ["merchant_id", "warehouse_id"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
    op.add_column("contracts", sa.Column("notice_by", sa.Text()))
    op.add_column("contracts", sa.Column("notice_at", TIME))
    for statement in (
        *secure("contract_versions", OWN_MERCHANT, {"fh_merchant": EDITS, "fh_partner": EDITS}, where=OF_PARTNER),
        *secure(
            "contract_warehouses",
            OWN_MERCHANT,
            {"fh_merchant": "SELECT, UPDATE", "fh_partner": EDITS},
            where=OF_PARTNER,
        ),
        VERSIONS_OF_KNOWN,
        WAREHOUSES_OF_KNOWN,
        _known_warehouses("contract_warehouses"),
    ):
        op.execute(statement)
    op.drop_constraint("fk_contracts_warehouse", "contracts", type_="foreignkey")
    op.drop_constraint("uq_contracts_warehouse", "contracts", type_="unique")
    op.drop_column("contracts", "warehouse_id")


def _of_contract(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", "contract_id"], ["contracts.merchant_id", "contracts.id"], name=f"fk_{table}_contract"
    )


def _invitations() -> None:
    op.create_table(
        "contract_invitations",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to_account_id", sa.Uuid()),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("terms", pg.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Uuid()),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("taken_at", TIME),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_contract_invitations"),
        sa.CheckConstraint("kind IN ('merchant', 'partner')", name=op.f("ck_contract_invitations_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'offered', 'declined', 'revoked')", name=op.f("ck_contract_invitations_state")
        ),
        sa.CheckConstraint(
            "to_account_id IS NOT NULL OR fingerprint IS NOT NULL", name=op.f("ck_contract_invitations_invited")
        ),
    )
    op.create_index("ix_contract_invitations_fingerprint", "contract_invitations", ["fingerprint"])
    op.create_index("ix_contract_invitations_invited", "contract_invitations", ["to_account_id", "id"])
    roles = {"fh_merchant": EITHER, "fh_partner": EITHER}
    for statement in secure("contract_invitations", OWN_ACCOUNT, dict.fromkeys(roles, EDITS), where=roles):
        op.execute(statement)
    for role in roles:
        op.execute(
            f"CREATE POLICY {role.removeprefix('fh_')}_makes ON contract_invitations AS RESTRICTIVE FOR INSERT "
            f"TO {role} WITH CHECK ({OWN_ACCOUNT})"
        )


def _queue() -> None:
    op.add_column("work_orders", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("work_orders", sa.Column("single_sku", sa.Uuid()))
    for name, value in (
        ("carrier", "document ->> 'carrier'"),
        ("country", "(document -> 'ship_to') ->> 'country'"),
        ("postcode", "replace(upper((document -> 'ship_to') ->> 'postcode'), ' ', '')"),
    ):
        op.add_column("work_orders", sa.Column(name, sa.Text(), sa.Computed(value, persisted=True)))
    for name in ("accept_by", "accepted_at", "leave_by", "look_at"):
        op.add_column("work_orders", sa.Column(name, TIME))
    op.add_column("work_orders", sa.Column("rejection", pg.JSONB()))
    op.create_check_constraint(op.f("ck_work_orders_priority"), "work_orders", "priority BETWEEN 0 AND 9")
    op.execute(PHONES_OF_KNOWN)
    for name, columns, where in (
        ("service", ["service"], LIVE),
        ("single", ["single_sku"], f"{LIVE} AND single_sku IS NOT NULL"),
        ("urgent", [], f"{LIVE} AND priority > 0"),
    ):
        op.create_index(
            f"ix_work_orders_{name}",
            "work_orders",
            ["account_id", "warehouse_id", *columns, "ship_by", "id"],
            postgresql_where=sa.text(where),
        )
    op.create_index("ix_work_orders_look", "work_orders", ["look_at"], postgresql_where=sa.text("look_at IS NOT NULL"))
    op.create_index("ix_work_requests_work_order", "work_requests", ["account_id", "work_order_id", "id"])


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("REVOKE EXECUTE ON FUNCTION may_contract(uuid, uuid) FROM fh_merchant")
    op.drop_index("ix_work_requests_work_order", "work_requests")
    for name in ("look", "urgent", "single", "service"):
        op.drop_index(f"ix_work_orders_{name}", "work_orders")
    op.drop_constraint(op.f("ck_work_orders_priority"), "work_orders", type_="check")
    added = ("rejection", "look_at", "leave_by", "accepted_at", "accept_by", "postcode", "country", "carrier")
    for name in (*added, "single_sku", "priority"):
        op.drop_column("work_orders", name)
    op.drop_table("contract_invitations")
    op.add_column("contracts", sa.Column("warehouse_id", sa.Uuid()))
    op.execute(
        "UPDATE contracts AS c SET warehouse_id = v.warehouse_ids[1] FROM contract_versions AS v "
        "WHERE v.merchant_id = c.merchant_id AND v.contract_id = c.id AND v.number = 1"
    )
    op.execute(
        "DELETE FROM contracts AS c WHERE EXISTS (SELECT FROM contracts AS d WHERE d.merchant_id = c.merchant_id "
        "AND d.warehouse_id = c.warehouse_id AND d.id > c.id)"
    )
    op.alter_column("contracts", "warehouse_id", nullable=False)
    op.create_unique_constraint("uq_contracts_warehouse", "contracts", ["merchant_id", "warehouse_id"])
    op.create_foreign_key(
        "fk_contracts_warehouse", "contracts", "warehouses", ["partner_id", "warehouse_id"], ["account_id", "id"]
    )
    op.execute(_known_warehouses("contracts"))
    for name in ("notice_at", "notice_by"):
        op.drop_column("contracts", name)
    for table in ("contract_warehouses", "contract_versions"):
        op.drop_table(table)
