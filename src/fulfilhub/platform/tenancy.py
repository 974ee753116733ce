"""Row level security as statements for migrations: who may touch a table, and which rows.

One policy and one set of grants per audience role, so policies are never OR-ed. `fh_platform` (worker
and relay only) sees all rows. Columns can be granted one by one: `partner="SELECT (id, name)"`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

AUDIENCES = ("fh_merchant", "fh_partner", "fh_customer", "fh_operator")
ROLES = (*AUDIENCES, "fh_platform", "fh_door")
API_ROLES = (*AUDIENCES, "fh_door")

OWN_ACCOUNT = "account_id = (SELECT app_account())"
OWN_MERCHANT = "merchant_id = (SELECT app_account())"
ALL = "SELECT, INSERT, UPDATE, DELETE"
APPEND = "SELECT, INSERT"

FUNCTIONS = """
CREATE FUNCTION app_account() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.account_id', true), '')::uuid;
CREATE FUNCTION app_order() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.order_id', true), '')::uuid;
"""


def secure(table: str, own: str, grants: Mapping[str, str], where: Mapping[str, str] | None = None) -> list[str]:
    """Statements that force row security on `table`.

    `own` is the default row filter (`OWN_MERCHANT` or `OWN_ACCOUNT`); `grants` maps a role to its
    privileges; `where` replaces the filter for a role.
    """
    filters = dict(where or {})
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"GRANT {ALL} ON {table} TO fh_platform",
        f"CREATE POLICY platform ON {table} TO fh_platform USING (true) WITH CHECK (true)",
        *_per_role(table, own, grants, filters),
    ]


def _per_role(table: str, own: str, grants: Mapping[str, str], where: Mapping[str, str]) -> Iterator[str]:
    for role, privileges in grants.items():
        rows = where.get(role, own)
        yield f"GRANT {privileges} ON {table} TO {role}"
        yield f"CREATE POLICY {role.removeprefix('fh_')} ON {table} TO {role} USING ({rows}) WITH CHECK ({rows})"


def reference(table: str, readers: Sequence[str] = AUDIENCES) -> list[str]:
    """Statements for a platform table: everybody reads, only the platform writes."""
    return [f"GRANT {ALL} ON {table} TO fh_platform", f"GRANT SELECT ON {table} TO {', '.join(readers)}"]


def door(signature: str) -> list[str]:
    """Statements for a SECURITY DEFINER function that turns a secret into ids: only `fh_door` may call it."""
    return [
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO fh_door, fh_platform",
    ]
