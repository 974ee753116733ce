"""Jobs of accounts: the other side of a contract is told, what was invited is offered, and what is over ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from fulfilhub.accounts.commands import end_past_contracts
from fulfilhub.accounts.commands.contracts import TELL
from fulfilhub.accounts.commands.invitations import OFFER, TELL_INVITED, forget_invitations, offer_invited
from fulfilhub.accounts.events import ContractChanged, ContractInvited
from fulfilhub.platform.jobs.tickets import Run, Ticket, task
from fulfilhub.platform.scopes import Merchant, Partner, Platform


@task(TELL, batch=100)
async def tell_contract(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell an account's log what the other side, or time, did to its contracts."""
    merchant = tickets[0].uuid("merchant_id") == run.account_id
    async with run.works.begin(Merchant(run.account_id) if merchant else Partner(run.account_id)) as work:
        await work.finish(tickets)
        for ticket in tickets:
            named = {name: ticket.uuid(name) for name in ("contract_id", "merchant_id", "warehouse_id")}
            places = tuple(UUID(each) for each in cast("list[str]", ticket.args["warehouse_ids"]))
            work.publish(
                ContractChanged(
                    **named,
                    warehouse_ids=places,
                    state=str(ticket.args["state"]),
                    change=str(ticket.args["change"]),
                )
            )


@task(TELL_INVITED, batch=100)
async def tell_invited(run: Run, tickets: Sequence[Ticket]) -> None:
    """Tell a partner's log that a merchant invited it."""
    async with run.works.begin(Partner(run.account_id)) as work:
        await work.finish(tickets)
        for ticket in tickets:
            invitation_id = ticket.uuid("contract_invitation_id")
            work.publish(ContractInvited(contract_invitation_id=invitation_id, state=str(ticket.args["state"])))


@task(OFFER)
async def offer_what_was_invited(run: Run, tickets: Sequence[Ticket]) -> None:
    """Links were taken up: offer what their partners invited to."""
    async with run.works.begin(Partner(run.account_id)) as work:
        await work.finish(tickets)
        for ticket in tickets:
            await offer_invited(work, ticket.uuid("contract_invitation_id"))


@task("accounts.end_contracts")
async def end_contracts(run: Run, tickets: Sequence[Ticket]) -> None:
    """The last day of contracts is over, and invitations came to nothing."""
    async with run.works.begin(Platform("end contracts and forget invitations")) as work:
        await work.finish(tickets)
        await end_past_contracts(work)
        await forget_invitations(work)
