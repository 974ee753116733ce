"""Shopify's OAuth endpoint: token exchange, the authorisation-code grant, and expiring offline tokens whose refresh
token rotates. The old one works until the new one is first used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import jwt
from litestar import Request, Response
from litestar.datastructures import State

from tests.fakes.shopify.shop import Shop
from tests.fakes.shopify.tokens import Grant

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
LIFE = timedelta(seconds=3600)
REFRESH_LIFE = timedelta(days=90)

Reply = Response[Any]


def opens(shop: Shop, token: str) -> bool:
    """Is it a token of this shop that has not ended?"""
    ends = shop.tokens.ends.get(token)
    return token in shop.access_tokens and (ends is None or ends > shop.now())


def session_token(shop: Shop, *, user: str = "1", secret: str | None = None, **claims: Any) -> str:
    """The token App Bridge hands the embedded page: a minute long, signed with the client secret."""
    now = int(shop.now().timestamp())
    whole = {
        "iss": f"https://{shop.domain}/admin",
        "dest": f"https://{shop.domain}",
        "aud": shop.client_id,
        "sub": user,
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": f"{shop.chance.getrandbits(128):032x}",
        "sid": f"{shop.chance.getrandbits(256):064x}",
        **claims,
    }
    return jwt.encode(whole, secret or shop.client_secrets[0], algorithm="HS256")


def grant_code(shop: Shop) -> str:
    """The merchant agreed: a code for the authorisation-code grant."""
    code = f"{shop.chance.getrandbits(128):032x}"
    shop.tokens.codes.add(code)
    return code


async def given(request: Request[object, object, State]) -> dict[str, str]:
    """The members of the request, sent as a form or as JSON."""
    body = await request.body()
    if request.headers.get("Content-Type", "").startswith("application/json"):
        return {str(name): str(value) for name, value in (await request.json()).items()}
    return dict(parse_qsl(body.decode()))


def answer(shop: Shop, asked: dict[str, str]) -> Reply:
    """POST /admin/oauth/access_token."""
    if asked.get("client_id") != shop.client_id or asked.get("client_secret") not in shop.client_secrets:
        return _no("application_cannot_be_found", 400)
    expiring = asked.get("expiring") == "1"
    if asked.get("grant_type") == EXCHANGE:
        return _exchange(shop, asked, expiring=expiring)
    if asked.get("grant_type") == "refresh_token":
        return _refresh(shop, asked.get("refresh_token", ""))
    code = asked.get("code", "")
    if code not in shop.tokens.codes:
        return _no("invalid_request", 400)
    shop.tokens.codes.discard(code)
    return _token(shop, expiring=expiring)


def _exchange(shop: Shop, asked: dict[str, str], *, expiring: bool) -> Reply:
    """Of a session token; or of a lasting offline token for an expiring one, which ends the lasting one for good."""
    subject = asked.get("subject_token", "")
    if asked.get("subject_token_type") == OFFLINE:
        if not opens(shop, subject):
            return _no("invalid_subject_token", 400)
        shop.access_tokens.discard(subject)
        return _token(shop, expiring=True)
    if asked.get("subject_token_type") != ID_TOKEN or asked.get("requested_token_type") != OFFLINE:
        return _no("invalid_request", 400)
    for secret in shop.client_secrets:
        try:
            claims = jwt.decode(
                subject, secret, ["HS256"], audience=shop.client_id, options={"verify_exp": False, "verify_nbf": False}
            )
        except jwt.InvalidTokenError:
            continue
        if claims["dest"] == f"https://{shop.domain}" and claims["exp"] > shop.now().timestamp():
            return _token(shop, expiring=expiring)
    return _no("invalid_subject_token", 400)


def _refresh(shop: Shop, token: str) -> Reply:
    state = shop.tokens
    grant = state.refresh.get(token)
    if grant is None or grant.expires < shop.now():
        return _no("invalid_grant", 400)
    if grant.replaces is not None:
        state.refresh.pop(grant.replaces, None)
        grant.replaces = None
    return _token(shop, expiring=True, replaces=token)


def _token(shop: Shop, *, expiring: bool, replaces: str | None = None) -> Reply:
    state = shop.tokens
    token = f"shpat_{shop.chance.getrandbits(128):032x}"
    shop.access_tokens.add(token)
    told: dict[str, Any] = {"access_token": token, "scope": ",".join(sorted(shop.scopes))}
    if expiring:
        refresh = f"shprt_{shop.chance.getrandbits(128):032x}"
        state.ends[token] = shop.now() + LIFE
        state.refresh[refresh] = Grant(shop.now() + REFRESH_LIFE, replaces)
        told |= {
            "expires_in": int(LIFE.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }
    return Response(told)


def _no(error: str, status: int) -> Reply:
    return Response({"error": error, "error_description": error.replace("_", " ")}, status_code=status)
