"""Reading what carriers delivered."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fulfilhub.accounts.principal import scope_of
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.carriers.commands import messages
from fulfilhub.platform import ids
from fulfilhub.platform.jobs.tickets import Run, Ticket, task


@task(messages.READ, batch=20)
async def read_messages(run: Run, tickets: Sequence[Ticket]) -> None:
    """Read stored deliveries in the scope of the account that connected the carrier, in one transaction for each
    connection's."""
    by_carrier: dict[UUID, list[Ticket]] = {}
    for ticket in tickets:
        by_carrier.setdefault(ticket.uuid("carrier_id"), []).append(ticket)
    for carrier_id, mine in sorted(by_carrier.items()):
        kind = AccountKind(str(mine[0].args["kind"]))
        async with run.works.begin(scope_of(kind, run.account_id, ids.CARRIER.show(carrier_id))) as work:
            await work.finish(mine)
            await messages.read_messages(work, run.vault, carrier_id, [each.uuid("message_id") for each in mine])
