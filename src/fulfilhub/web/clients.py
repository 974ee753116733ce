"""Who is at the other end of the line: the caller's address, and as much of it as may be kept."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from fulfilhub.web.tracing import AsgiScope

FORWARDED = b"x-forwarded-for"


def client_address(scope: AsgiScope, *, trust_forwarded: bool) -> str | None:
    """The caller's IP address. Behind a proxy that is trusted, the one which that proxy saw (the last it names)."""
    if trust_forwarded:
        given = [value for name, value in scope["headers"] if name == FORWARDED]
        if given:
            return _address(given[-1].decode("latin-1").rpartition(",")[2].strip())
    client = scope.get("client")
    return _address(str(client[0])) if client else None


def forwarded_for(scope: AsgiScope) -> str | None:
    """Who a caller says it asks for: the first address in its X-Forwarded-For. Only for callers that are proven."""
    given = next((value for name, value in scope["headers"] if name == FORWARDED), b"")
    return _address(given.decode("latin-1").partition(",")[0].strip())


def network(address: str | None) -> str | None:
    """The address without what tells households apart: /24 for IPv4, /48 for IPv6."""
    return None if address is None else _network(address, 24, 48)


def neighbourhood(address: str | None) -> str:
    """What counts as one caller when calls are slowed down: an IPv4 address, or an IPv6 /64, which one customer of a
    provider has for itself."""
    return "" if address is None else _network(address, 32, 64)


def _address(text: str) -> str | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _network(address: str, four: int, six: int) -> str:
    size = six if ":" in address else four
    return str(ip_network(f"{address}/{size}", strict=False))
