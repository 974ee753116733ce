"""People over HTTP: the API for whoever manages them, and the pages on which they sign in and keep their own keys."""

from __future__ import annotations

from fulfilhub.people.routes import audit, invitations, joining, links, me, sign_in, users

ROUTES = [
    *users.ROUTES,
    *invitations.ROUTES,
    *audit.ROUTES,
    *sign_in.ROUTES,
    *links.ROUTES,
    *joining.ROUTES,
    *me.ROUTES,
]
