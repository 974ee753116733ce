"""Accounts, keys and contracts; and what each account may see of its own machinery: events and dead jobs."""

from __future__ import annotations

from fulfilhub.accounts.routes import accounts, machinery

ROUTES = [*accounts.ROUTES, *machinery.ROUTES]
