"""Calls to other people's servers: one HTTP client whose connections are checked, address by address, as they are made.

The name is resolved here and the connection goes to the very address that was checked, so a name that
changes its answer between check and connect (DNS rebinding) gains nothing. Whatever notation a host is written in
(decimal, octal, IPv6 with IPv4 inside), what is judged is the address it leads to. Redirects are not followed, so no
answer can lead anywhere else; a kept connection is reused for its own host only, and was checked when it was made.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore
import httpx
from httpcore._backends.anyio import AnyIOBackend

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)
RESOLVERS = 32
"""Names resolved at once: the system's resolver blocks a thread, and a dead name server holds it for many seconds."""
ADDRESSES_TRIED = 3

# Source: https://www.iana.org/assignments/ipv6-address-space ; only this eighth of IPv6 is routed publicly.
ROUTED = ipaddress.IPv6Network("2000::/3")
DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Public by its number, yet Azure answers it inside the data centre, with what machines are told about themselves.
CLOUD_HOST = ipaddress.IPv4Address("168.63.129.16")
RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")


class ForbiddenAddress(httpcore.ConnectError):
    """The name leads to an address that outgoing calls may not reach."""


def is_public(address: str) -> bool:
    """True for addresses that are routed on the public internet (also judging IPv4 inside IPv6)."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_public_v4(parsed)
    inner = _inner(parsed)
    if inner is not None:
        return _is_public_v4(inner)
    return parsed in ROUTED and parsed not in DOCUMENTATION and parsed.is_global and not parsed.is_multicast


def _is_public_v4(address: ipaddress.IPv4Address) -> bool:
    special = address == CLOUD_HOST or address in RELAYS or address in PROTOCOLS
    return address.is_global and not address.is_multicast and not special


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a tunnel or translator would make of it."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


class GuardedBackend(AnyIOBackend):
    """Resolves, checks, and connects to the checked address."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first public address of `host` that answers. Raises ForbiddenAddress when it has none."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in (await self._addresses(host, port, timeout))[:ADDRESSES_TRIED]:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: nothing on this machine is somebody else's server."""
        raise ForbiddenAddress("a socket of this machine is not a public address")

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            found = await asyncio.wait_for(self._resolve(host, port), seconds)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} can't be resolved") from error
        allowed = [address for address in found if self._allow_private or is_public(address)]
        if not allowed:
            raise ForbiddenAddress(f"{host} is not a public address")
        return allowed

    async def _resolve(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._resolvers, resolve, host, port)
        return list(dict.fromkeys(found))


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system's resolver orders them. Blocks; raises OSError."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def guarded_client(allow_private: bool) -> httpx.AsyncClient:
    """The client for outgoing calls. `allow_private` (demo, tests) switches the address check off."""
    return guarded_clients(allow_private, 1, LIMITS)[0]


def guarded_clients(allow_private: bool, count: int, limits: httpx.Limits) -> list[httpx.AsyncClient]:
    """Clients with pools of their own, for many calls at once: finding a connection in a pool takes longer the more it
    has. `limits` are those of each."""
    tls = ssl.create_default_context()
    backend = GuardedBackend(allow_private=allow_private)
    return [_client(tls, backend, limits) for _ in range(count)]


def _client(tls: ssl.SSLContext, backend: GuardedBackend, limits: httpx.Limits) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(verify=tls, limits=limits, retries=0, trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
        network_backend=backend,
    )
    return httpx.AsyncClient(
        transport=transport,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "FulfilHub/1"},
    )
