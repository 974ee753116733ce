"""Accounts, keys and contracts; and what each account may see of its own machinery: events and dead jobs."""

from __future__ import annotations

from fulfilhub.accounts.routes import accounts, contracts, invitations, machinery

ROUTES = [*accounts.ROUTES, *contracts.ROUTES, *invitations.ROUTES, *machinery.ROUTES]
