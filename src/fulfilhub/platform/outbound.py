"""Calls to other people's servers: one HTTP client whose connections are checked, address by address, as they are made.

The name is resolved here and the connection goes to the very address that was checked, so a name that
changes its answer between check and connect (DNS rebinding) gains nothing. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx
from httpcore._backends.anyio import AnyIOBackend

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


class ForbiddenAddress(httpcore.ConnectError):
    """The name leads to an address that outgoing calls may not reach."""


def is_public(address: str) -> bool:
    """True for addresses that are routed on the public internet (also judging IPv4 inside IPv6)."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is None and parsed in NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return parsed.is_global and not parsed.is_multicast


class GuardedBackend(AnyIOBackend):
    """Resolves, checks, and connects to the checked address."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first public address of `host`. Raises ForbiddenAddress when there is none."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} can't be resolved") from error
        addresses = [str(entry[4][0]) for entry in found if is_public(str(entry[4][0]))]
        if not addresses:
            raise ForbiddenAddress(f"{host} is not a public address")
        return await super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def guarded_client(allow_private: bool) -> httpx.AsyncClient:
    """The client for all outgoing calls. `allow_private` (demo, tests) switches the address check off."""
    transport = httpx.AsyncHTTPTransport(limits=LIMITS, retries=0, trust_env=False)
    if not allow_private:
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            network_backend=GuardedBackend(),
        )
    return httpx.AsyncClient(
        transport=transport,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "FulfilHub/1"},
    )
