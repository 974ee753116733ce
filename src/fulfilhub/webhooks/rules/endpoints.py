"""What an endpoint is: its address and its event types."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from fulfilhub.accounts.rules import AccountKind
from fulfilhub.platform.errors import FieldError, Invalid
from fulfilhub.platform.outbound import is_public
from fulfilhub.webhooks.rules.payloads import types_for

MOST_ENDPOINTS = 20
"""Endpoints that one account may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where events go and which. `event_types` None: all. `rate_per_second` None: as fast as it answers."""

    url: str
    description: str = ""
    event_types: tuple[str, ...] | None = None
    rate_per_second: int | None = None


def check_url(text: str, *, allow_private: bool) -> str:
    """The address as it is kept. Raises Invalid when it is none, carries credentials or a fragment, is not https, or
    names what is not on the public internet. A name is judged again, by where it leads, at every connection."""
    detail = "Must be an address such as https://example.com/webhooks."
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = parts.port
        httpx.URL(text)  # as the client that will connect reads it
    except (ValueError, httpx.InvalidURL):
        raise _bad_url(detail) from None
    if parts.scheme not in ("https", "http") or not host or port == 0 or not text.isascii() or not text.isprintable():
        raise _bad_url(detail)
    if " " in text or "\\" in text or parts.fragment:
        raise _bad_url(detail)
    if parts.scheme == "http" and not allow_private:
        raise _bad_url("Must begin with https://, so that nobody on the way can read or change what is sent.")
    if "@" in parts.netloc:
        raise _bad_url("Must not carry a user name or password; check the signature instead.")
    if not allow_private and not _may_be_public(host):
        raise _bad_url("Must lead to the public internet.")
    return text


def _may_be_public(host: str) -> bool:
    try:
        return is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        pass
    name = host.rstrip(".").lower()
    # What ends in a number is IPv4 in an odd notation. Source: https://url.spec.whatwg.org/#ends-in-a-number-checker
    last = name.rpartition(".")[2]
    odd = last.isdigit() or last.startswith("0x")
    return "." in name and not odd and not name.endswith((".localhost", ".local", ".internal", ".home.arpa"))


def _bad_url(detail: str) -> Invalid:
    return Invalid(detail, fields=[FieldError("/url", detail)])


def check_types(wanted: Sequence[str] | None, kind: AccountKind) -> tuple[str, ...] | None:
    """The event types, sorted, each once. Raises Invalid naming each that an account of this kind is never told of."""
    if wanted is None:
        return None
    known = {public.fact.TYPE for public in types_for(kind)}
    detail = "There is no such event type; GET /v1/webhook-event-types lists them."
    bad = [FieldError(f"/event_types/{place}", detail) for place, each in enumerate(wanted) if each not in known]
    if bad:
        raise Invalid("Some event types are unknown.", fields=bad)
    return tuple(sorted(set(wanted)))
