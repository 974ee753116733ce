"""The one statement that leases work: what is wanted decides its conditions, so that each has its index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fulfilhub.fulfilment.queries import LINES_OF_WORK, WORK_COLUMNS

CLAIM = """
WITH next AS MATERIALIZED (
    SELECT q.id FROM work_orders AS q
    WHERE q.account_id = $1 AND q.warehouse_id = $2 AND q.ended_at IS NULL AND NOT q.held
      AND (q.lease_until IS NULL OR q.lease_until <= $3){conditions}
    ORDER BY q.ship_by, q.id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED
), w AS (
    UPDATE work_orders AS o SET lease_id = $5, lease_until = $6, lease_actor = $7, updated_at = $3
    FROM next WHERE o.account_id = $1 AND o.id = next.id
    RETURNING o.*
)
SELECT {columns} FROM w {lines} ORDER BY w.ship_by, w.id
"""
FIRST = 8
"""The number of the first parameter of what is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a claim is narrowed to; left out, anything. `single_sku`: of one product only, or of several;
    `postcode_prefixes` count within the `countries`."""

    service: str | None = None
    carrier: str | None = None
    merchant_id: UUID | None = None
    min_priority: int = 0
    single_sku: bool | None = None
    product_id: UUID | None = None
    countries: tuple[str, ...] | None = None
    postcode_prefixes: tuple[str, ...] = ()
    ship_by_before: datetime | None = None

    def conditions(self) -> Iterator[tuple[str, object]]:
        """Each condition with its value; `$` stands for that value's parameter."""
        for column in ("service", "carrier", "merchant_id"):
            if getattr(self, column) is not None:
                yield f"q.{column} = $", getattr(self, column)
        if self.min_priority:
            # Said twice, since the index holds what is urgent at all.
            yield "q.priority > 0 AND q.priority >= $", self.min_priority
        if self.product_id is not None:
            yield "q.single_sku = $", self.product_id
        if self.countries is not None:
            yield "q.country = ANY ($)", list(self.countries)
        if self.postcode_prefixes:
            prefixes = [each.upper().replace(" ", "") for each in self.postcode_prefixes]
            yield "q.postcode ^@ ANY ($::text[])", prefixes
        if self.ship_by_before is not None:
            yield "q.ship_by < $", self.ship_by_before


def claim_statement(wanted: Wanted) -> tuple[str, list[object]]:
    """The statement, and its parameters from `FIRST` on. Before them come the account, the warehouse, now, how many,
    the lease, its end and its actor."""
    conditions, values = "", list[object]()
    for condition, value in wanted.conditions():
        conditions += f"\n      AND {condition.replace('$', f'${FIRST + len(values)}')}"
        values.append(value)
    if wanted.single_sku is not None:
        conditions += f"\n      AND q.single_sku IS {'NOT ' if wanted.single_sku else ''}NULL"
    return CLAIM.format(conditions=conditions, columns=WORK_COLUMNS, lines=LINES_OF_WORK), values
