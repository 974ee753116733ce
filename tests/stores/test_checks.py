"""What stands between us and a shop: told from its answers, with what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State

from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform.outbound import guarded_client
from fulfilhub.stores.adapters.port import Connection
from fulfilhub.stores.adapters.woocommerce import checks
from fulfilhub.stores.adapters.woocommerce.checks import look
from fulfilhub.stores.rules.checks import SAID, Check, CheckName, Seen, Sightings, Trouble, judge
from tests.fakes.serving import free_port, serving
from tests.make.plugin import plugin_shop
from tests.make.world import Client

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STORE = "str_01h455vb4pex5vsknk084sn02q"
PONG = {
    "nonce": "n",
    "plugin": "1.0.0",
    "woocommerce": "11.0.1",
    "wordpress": "7.1",
    "php": "8.4.1",
    "time": "2026-11-25T12:00:01Z",
    "store_id": STORE,
}
INDEX = Seen(status=200, data={"namespaces": ["wp/v2", "wc/v3", "wc-fulfilhub/v1"]}, at=NOW)
WELL = Sightings(index=INDEX, orders=Seen(status=200, data=[]), ping=Seen(status=200, data=PONG), nonce="n")
PAGE = "<html>Attention Required! | Cloudflare</html>"


def found(seen: Sightings, base_url: str = "https://shop.test") -> dict[str, str]:
    """Name -> code of what is wrong."""
    return {each.name: each.code for each in judge(base_url, seen, STORE, NOW) if not each.ok}


def index(**seen: Any) -> Sightings:
    return Sightings(index=Seen(**seen))


UNKNOWN = dict.fromkeys(("credentials", "plugin", "versions"), "unknown")


def test_all_is_well() -> None:
    told = judge("https://shop.test", WELL, STORE, NOW)
    assert [each.name for each in told] == list(CheckName)
    assert all(each.ok and not each.fix for each in told)
    assert told[-1].detail == "WooCommerce 11.0.1, WordPress 7.1, PHP 8.4.1"


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (index(trouble=Trouble.UNKNOWN_HOST), {"reachable": "unknown_host"}),
        (index(trouble=Trouble.PRIVATE_ADDRESS), {"reachable": "private_address"}),
        (index(trouble=Trouble.TIMEOUT), {"reachable": "timeout"}),
        (index(trouble=Trouble.BAD_CERTIFICATE), {"tls": "bad_certificate"}),
        (index(status=301, location="https://www.shop.test/wp-json/?k=secret"), {"rest_api": "moved"}),
        (index(status=301, location="//["), {"rest_api": "moved"}),
        (
            replace(index(status=404, text="Not found"), plain=INDEX),
            {"rest_api": "plain_permalinks"},
        ),
        (replace(index(status=200, text="<html>"), plain=INDEX), {"rest_api": "plain_permalinks"}),
        (index(status=404, text="Not found"), {"rest_api": "no_rest_api"}),
        (index(status=401, data={"code": "rest_login_required"}), {"rest_api": "rest_blocked"}),
        (index(status=403, data={"code": "rest_cannot_access"}), {"rest_api": "rest_blocked"}),
        (index(status=403, text=PAGE), {"rest_api": "firewall"}),
        (index(status=503, text=PAGE), {"rest_api": "firewall"}),
        (index(status=200, text="<html>Coming soon"), {"rest_api": "firewall"}),
        (index(status=500, text="Fatal error"), {"rest_api": "shop_failed"}),
        (index(status=200, data={"namespaces": ["wp/v2"]}), {"rest_api": "no_woocommerce"}),
    ],
)
def test_what_keeps_the_rest_api_shut(seen: Sightings, wrong: dict[str, str]) -> None:
    told = found(seen)
    assert {name: code for name, code in told.items() if code != "unknown"} == wrong
    assert told.items() >= UNKNOWN.items()
    (rest,) = [each for each in judge("https://shop.test", seen, STORE, NOW) if each.name in wrong]
    assert rest.fix
    assert "secret" not in rest.detail


@pytest.mark.parametrize(
    ("orders", "code"),
    [
        (Seen(status=401, data={"code": "woocommerce_rest_cannot_view"}), "credentials_refused"),
        (Seen(status=403, data={"code": "woocommerce_rest_cannot_view"}), "not_allowed"),
        (Seen(status=403, text=PAGE), "firewall"),
        (Seen(status=200, text="<html>"), "firewall"),
        (Seen(trouble=Trouble.TIMEOUT), "timeout"),
        (Seen(status=500, text="Fatal error"), "shop_failed"),
    ],
)
def test_keys_that_open_nothing(orders: Seen, code: str) -> None:
    assert found(replace(WELL, orders=orders)) == {"credentials": code}


@pytest.mark.parametrize(
    ("ping", "wrong"),
    [
        (Seen(status=404, data={"code": "rest_no_route"}), {"plugin": "plugin_not_answering", "versions": "unknown"}),
        (Seen(status=401, data={"code": "x"}), {"plugin": "credentials_refused", "versions": "unknown"}),
        (Seen(status=200, text="<html>"), {"plugin": "firewall", "versions": "unknown"}),
        (Seen(trouble=Trouble.BROKEN), {"plugin": "broken_answer", "versions": "unknown"}),
        (Seen(status=200, data={**PONG, "nonce": "of yesterday"}), {"plugin": "cached", "versions": "unknown"}),
        (Seen(status=200, data={**PONG, "store_id": "str_other"}), {"plugin": "other_store", "versions": "unknown"}),
        (Seen(status=200, data={**PONG, "store_id": None}), {}),
        (Seen(status=200, data={**PONG, "time": "2026-11-25T12:07:00Z"}), {"clock": "clock_off"}),
        (Seen(status=200, data={**PONG, "time": "2026-11-25T11:00:00+00:00"}), {"clock": "clock_off"}),
        (Seen(status=200, data={**PONG, "php": "7.3.33"}), {"versions": "too_old"}),
        (Seen(status=200, data={**PONG, "woocommerce": "8.1.9", "wordpress": "6.3"}), {"versions": "too_old"}),
        (Seen(status=200, data={**PONG, "woocommerce": "8.2"}), {}),
    ],
)
def test_a_plugin_that_does_not_answer_well(ping: Seen, wrong: dict[str, str]) -> None:
    assert found(replace(WELL, ping=ping)) == wrong


def test_plain_http_is_told() -> None:
    assert found(WELL, "http://shop.test") == {"tls": "http_only"}


def test_the_clock_says_how_far_and_which_way() -> None:
    slow = replace(WELL, ping=None, index=replace(INDEX, at=NOW - timedelta(hours=2)))
    (told,) = [each for each in judge("https://shop.test", slow, STORE, NOW) if each.name is CheckName.CLOCK]
    assert told.detail == "The shop's clock is 120 minutes slow."


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PONG, "namespaces"]), inner),
    max_leaves=10,
)
SEEN = st.builds(
    Seen,
    status=st.sampled_from([200, 204, 301, 400, 401, 403, 404, 410, 429, 500, 502, 503]),
    data=ANY,
    text=st.sampled_from(["", PAGE, "{0} {status}"]),
    location=st.sampled_from(["", "https://x.test/y", "//[", "/z"]),
) | st.builds(Seen, trouble=st.sampled_from(Trouble))


@given(SEEN, st.none() | SEEN, st.none() | SEEN, st.none() | SEEN)
def test_whatever_a_shop_answers_is_judged(
    first: Seen, plain: Seen | None, orders: Seen | None, ping: Seen | None
) -> None:
    told = judge("https://s", Sightings(index=first, plain=plain, orders=orders, ping=ping, nonce="n"), STORE, NOW)
    assert [each.name for each in told] == list(CheckName)
    for each in told:
        assert each.detail
        assert "{" not in each.detail
        assert each.ok == (each.code == "ok") == (not each.fix)


def test_every_code_has_its_words() -> None:
    assert set(Trouble) <= SAID.keys()
    assert all(detail.endswith((".", "}.")) and fix.endswith((".", "}.")) for detail, fix in SAID.values())


# Over the wire -----------------------------------------------------------------------------------------------------

Answer = Callable[[Request[Any, Any, State]], Response[Any]]


@dataclass
class Host:
    """Somebody's WordPress: a path -> what it answers."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Litestar:
        @get(["/", "/{path:path}"])
        async def answer(request: Request[Any, Any, State]) -> Response[Any]:
            path = request.url.path
            self.asked.append(path)
            rest_route = "rest_route" in request.query_params
            say = self.answers.get("?rest_route" if rest_route else path.rstrip("/"))
            return Response("Not found", status_code=404, media_type="text/html") if say is None else say(request)

        return Litestar([answer], openapi_config=None, logging_config=None)


def well() -> dict[str, Answer]:
    def ping(request: Request[Any, Any, State]) -> Response[Any]:
        said = {**PONG, "time": datetime.now(UTC).isoformat(), "nonce": request.query_params["nonce"]}
        return Response({**said, "store_id": None})

    return {
        "/wp-json": lambda _: Response(INDEX.data),
        "/wp-json/wc/v3/orders": lambda request: Response(
            [{"id": 1}] if "oauth_signature" in request.url.query else {}
        ),
        "/wp-json/wc-fulfilhub/v1/ping": ping,
    }


@asynccontextmanager
async def looking(host: Host, *, allow_private: bool = True) -> AsyncIterator[tuple[httpx.AsyncClient, Connection]]:
    async with serving(host.app(), free_port()) as url, guarded_client(allow_private) as http:
        keys = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
        yield http, Connection(platform="woocommerce", base_url=url, credentials=keys)


def codes(told: list[Check]) -> dict[str, str]:
    return {each.name: each.code for each in told}


async def test_a_shop_is_called_and_seen() -> None:
    async with looking(Host(well())) as (http, connection):
        seen = await look(http, connection)
    told = codes(judge(connection.base_url, seen, STORE, datetime.now(UTC)))
    assert told == dict.fromkeys(CheckName, "ok") | {"tls": "http_only"}


async def test_plain_permalinks_are_found_out() -> None:
    host = Host({"?rest_route": lambda _: Response(INDEX.data)})
    async with looking(host) as (http, connection):
        seen = await look(http, connection)
    assert codes(judge(connection.base_url, seen, STORE, datetime.now(UTC)))["rest_api"] == "plain_permalinks"


async def test_no_address_of_ours_is_called() -> None:
    host = Host(well())
    async with looking(host, allow_private=False) as (http, connection):
        seen = await look(http, connection)
    assert codes(judge(connection.base_url, seen, STORE, datetime.now(UTC)))["reachable"] == "private_address"
    assert host.asked == []


@pytest.mark.parametrize(
    ("base_url", "code"),
    [
        ("http://127.0.0.1:1", "connection_refused"),
        ("https://no-such-host.invalid", "unknown_host"),
        ("ftp://shop.test", "bad_address"),
    ],
)
async def test_a_shop_that_is_nowhere(base_url: str, code: str) -> None:
    async with guarded_client(True) as http:
        seen = await look(http, Connection(platform="woocommerce", base_url=base_url, credentials={}))
    assert seen.index.trouble == code


async def test_a_certificate_of_nobody() -> None:
    """TLS to a server that speaks none: the handshake fails."""
    host = Host(well())
    async with looking(host) as (http, connection):
        seen = await look(http, replace(connection, base_url=connection.base_url.replace("http:", "https:")))
    assert seen.index.trouble == Trouble.BAD_CERTIFICATE


async def test_it_is_over_in_time_and_reads_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SECONDS", 0.3)
    monkeypatch.setattr(checks, "FOR_ONE", 0.2)
    monkeypatch.setattr(checks, "LARGEST", 1000)
    host = Host({"/wp-json": lambda _: Response("x" * 100_000, media_type="text/html")})
    async with looking(host) as (http, connection):
        assert (await look(http, connection)).index.status == 200
    ended = asyncio.Event()

    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(never, "127.0.0.1", port), guarded_client(True) as http:
        keys = Connection(platform="woocommerce", base_url=f"http://127.0.0.1:{port}", credentials={})
        assert (await look(http, keys)).index.trouble == Trouble.TIMEOUT
        ended.set()


async def test_the_plugin_asks_for_it(merchant: Client) -> None:
    host = Host(well())
    async with serving(host.app(), free_port()) as url:
        plugged = await plugin_shop(merchant, WooCommerceShop(url, "ck_1", "cs_1", ""))
        answer = await plugged.key.post("/v1/storefront/checks", {}, once=None)
    assert answer.status_code == 200, answer.text
    told = answer.json()["checks"]
    assert [each["name"] for each in told] == list(CheckName)
    assert [each["code"] for each in told if not each["ok"]] == ["http_only"]
    assert all(each.keys() == {"name", "ok", "code", "detail", "fix"} for each in told)
