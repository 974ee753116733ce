"""Where outgoing calls may go: judged by the address, whatever the name or notation, at every connection."""

from __future__ import annotations

import threading

import httpcore
import httpx
import pytest

from fulfilhub.platform import outbound
from fulfilhub.platform.outbound import ForbiddenAddress, GuardedBackend, guarded_client, is_public
from tests.fakes.receiver import Reply, receiver

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:0:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001:db8::1",
    "2001:0:7f00:1::",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_routed_publicly_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_routed_publicly_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"],
)
async def test_no_notation_of_this_machine_is_connected_to(host: str) -> None:
    async with receiver() as mine, guarded_client(allow_private=False) as http:
        with pytest.raises(httpx.ConnectError) as refused:
            await http.get(f"http://{host}:{mine.port}/")
        assert isinstance(refused.value.__cause__, ForbiddenAddress)
        assert mine.got == []


async def test_octal_is_not_even_an_address() -> None:
    async with guarded_client(allow_private=False) as http:
        with pytest.raises(httpx.InvalidURL):
            await http.get("http://0177.0.0.1/")
    with pytest.raises(ForbiddenAddress):
        await GuardedBackend().connect_tcp("0177.0.0.1", 80, timeout=5)


class Names:
    """Other people's name servers: the answers to each question, one by one."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(outbound, "resolve", made)
    return made


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_refused(names: Names, address: str) -> None:
    names.answers = [[address]]
    with pytest.raises(ForbiddenAddress):
        await GuardedBackend().connect_tcp("rebound.example", 443, timeout=1)


async def test_the_connection_goes_to_the_address_that_was_checked(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that says something else a moment later is not asked a second time."""
    connected: list[str] = []

    async def connect(_self: object, host: str, *_args: object) -> httpcore.AsyncNetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("nobody there")

    monkeypatch.setattr(GuardedBackend.__base__, "connect_tcp", connect)
    names.answers = [["127.0.0.1", "93.184.215.14", "1.1.1.1", "93.184.215.14"], ["127.0.0.1"]]
    with pytest.raises(httpcore.ConnectError, match="nobody there"):
        await GuardedBackend().connect_tcp("rebound.example", 443, timeout=1)
    assert connected == ["93.184.215.14", "1.1.1.1"], "each public address once, the private one never"
    assert names.asked == 1


async def test_a_kept_connection_is_for_its_own_name_only(names: Names) -> None:
    """Two names lead to one machine; the second is refused although a connection to that machine is open."""
    async with receiver() as mine, guarded_client(allow_private=True) as http:
        names.answers = [["127.0.0.1"]]
        await http.get(f"http://one.example:{mine.port}/")
        await http.get(f"http://one.example:{mine.port}/")
        assert names.asked == 1
        backend = http._transport._pool._network_backend  # type: ignore[attr-defined]
        backend._allow_private = False
        with pytest.raises(httpx.ConnectError):
            await http.get(f"http://two.example:{mine.port}/")
        assert len(mine.got) == 2


async def test_redirects_are_not_followed() -> None:
    async with receiver() as inner, receiver(Reply(302, {"Location": inner.url})) as outer:
        async with guarded_client(allow_private=True) as http:
            assert (await http.post(outer.url)).status_code == 302
        assert inner.got == []


async def test_a_silent_name_server_costs_no_more_than_the_time_for_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        answered.wait(30)
        return []

    monkeypatch.setattr(outbound, "resolve", resolve)
    with pytest.raises(httpcore.ConnectTimeout):
        await GuardedBackend().connect_tcp("silent.example", 443, timeout=0.05)
    answered.set()


async def test_no_socket_of_this_machine() -> None:
    with pytest.raises(ForbiddenAddress):
        await GuardedBackend(allow_private=True).connect_unix_socket("/var/run/docker.sock")
