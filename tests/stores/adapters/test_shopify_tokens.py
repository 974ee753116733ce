"""Session tokens, signed addresses and the app proxy's signature: genuine ones are read, anything else is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.platform.errors import Unauthenticated
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.tokens import (
    ProxyCall,
    check_proxy,
    check_query,
    proxy_signature,
    query_signature,
    read_customer_token,
    read_session_token,
    shop_domain,
)

APP = "1f2e3d4c5b6a79880716253443526170"
NEW, OLD, OTHERS = "shpss_" + "a" * 32, "shpss_" + "b" * 32, "shpss_" + "c" * 32
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SHOP = "hearth-and-home.myshopify.com"


def claims(**changed: object) -> dict[str, Any]:
    at = int(NOW.timestamp())
    made = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": APP,
        "sub": "42",
        "exp": at + 60,
        "nbf": at,
        "iat": at,
        "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
        "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
    }
    return {name: value for name, value in (made | changed).items() if value is not None}


def token(secret: str = NEW, **changed: object) -> str:
    return jwt.encode(claims(**changed), secret, algorithm="HS256")


def customers(**changed: object) -> str:
    bare: dict[str, object] = {"iss": None, "sid": None, "dest": SHOP, "sub": "gid://shopify/Customer/7"}
    return token(**(bare | changed))  # type: ignore[arg-type]


class TestSessionTokens:
    @pytest.mark.parametrize("secret", [NEW, OLD])
    def test_any_live_secret_is_accepted(self, secret: str) -> None:
        read = read_session_token(token(secret), APP, (NEW, OLD), NOW)
        assert (read.shop, read.subject) == (SHOP, "42")
        assert read.token_id == "f8912129-1af6-4cad-9ca3-76b0f7621087"
        assert read.expires_at == NOW + timedelta(seconds=60)

    @pytest.mark.parametrize(
        "changed",
        [
            {"aud": "another-app"},
            {"aud": [APP]},
            {"aud": None},
            {"iss": "https://another.myshopify.com/admin"},
            {"iss": None},
            {"dest": None},
            {"dest": "https://shop.example.com", "iss": "https://shop.example.com/admin"},
            {"dest": f"http://{SHOP}", "iss": f"http://{SHOP}/admin"},
            {"dest": f"https://{SHOP}.evil.example", "iss": f"https://{SHOP}.evil.example/admin"},
            {"dest": f"https://user@{SHOP}", "iss": f"https://user@{SHOP}/admin"},
            {"dest": f"https://{SHOP}:8443", "iss": f"https://{SHOP}:8443/admin"},
            {"sub": None},
            {"sub": "gid://shopify/Customer/7"},
            {"exp": None},
            {"nbf": None},
            {"iat": None},
            {"exp": True},
            {"exp": 1e300},
            {"exp": "tomorrow"},
            {"nbf": int(NOW.timestamp()) + 11},
            {"iat": int(NOW.timestamp()) + 11},
        ],
    )
    def test_what_does_not_fit_is_refused(self, changed: dict[str, object]) -> None:
        with pytest.raises(Unauthenticated) as refused:
            read_session_token(token(**changed), APP, (NEW,), NOW)  # type: ignore[arg-type]
        assert refused.value.code == "bad_session_token"

    def test_the_clocks_may_differ_by_ten_seconds(self) -> None:
        late = NOW + timedelta(seconds=69)
        assert read_session_token(token(), APP, (NEW,), late).shop == SHOP
        early = NOW - timedelta(seconds=10)
        assert read_session_token(token(), APP, (NEW,), early).shop == SHOP
        with pytest.raises(Unauthenticated) as refused:
            read_session_token(token(), APP, (NEW,), NOW + timedelta(seconds=70))
        assert refused.value.code == "expired_session_token"

    @pytest.mark.parametrize("algorithm", ["HS512", "none"])
    def test_only_the_one_algorithm_counts(self, algorithm: str) -> None:
        key = "" if algorithm == "none" else "x" * 64
        made = jwt.encode(claims(), key, algorithm=algorithm)
        with pytest.raises(Unauthenticated):
            read_session_token(made, APP, ("x" * 64,), NOW)

    @pytest.mark.parametrize("secrets", [(), ("",), (OTHERS,)])
    def test_no_other_secret_fits(self, secrets: tuple[str, ...]) -> None:
        with pytest.raises(Unauthenticated):
            read_session_token(token(), APP, secrets, NOW)

    def test_an_app_without_an_id_takes_none(self) -> None:
        with pytest.raises(Unauthenticated):
            read_session_token(token(aud=""), "", (NEW,), NOW)

    @given(st.text(max_size=200) | st.from_regex(r"\A[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\Z"))
    def test_nonsense_is_refused(self, given: str) -> None:
        with pytest.raises(Unauthenticated):
            read_session_token(given, APP, (NEW,), NOW)

    def test_a_header_nested_without_end_is_refused(self) -> None:
        deep = base64.urlsafe_b64encode(b"[" * 2500).decode().rstrip("=")
        with pytest.raises(Unauthenticated):
            read_session_token(f"{deep}.e30.AAAA", APP, (NEW,), NOW)

    @given(st.data())
    def test_one_changed_letter_is_refused(self, data: st.DataObject) -> None:
        made = token()
        body = made.rpartition(".")[0]
        place = data.draw(st.integers(0, len(body) - 1))
        letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"))
        if made[place] == letter:
            return
        with pytest.raises(Unauthenticated):
            read_session_token(made[:place] + letter + made[place + 1 :], APP, (NEW,), NOW)


class TestCustomersTokens:
    def test_they_name_the_shop_and_perhaps_the_customer(self) -> None:
        read = read_customer_token(customers(), APP, (OLD, NEW), NOW)
        assert (read.shop, read.subject) == (SHOP, "gid://shopify/Customer/7")
        assert read_customer_token(customers(sub=None), APP, (NEW,), NOW).subject == ""

    def test_a_whole_address_does_as_well(self) -> None:
        made = customers(dest=f"https://{SHOP}", iss=f"https://{SHOP}/admin")
        assert read_customer_token(made, APP, (NEW,), NOW).shop == SHOP

    def test_they_open_no_page_of_the_merchants(self) -> None:
        for made in (customers(), customers(dest=f"https://{SHOP}", iss=f"https://{SHOP}/admin")):
            with pytest.raises(Unauthenticated):
                read_session_token(made, APP, (NEW,), NOW)

    @pytest.mark.parametrize("changed", [{"sub": "42"}, {"sub": 7}, {"iss": "https://another.myshopify.com/admin"}])
    def test_others_are_refused(self, changed: dict[str, object]) -> None:
        with pytest.raises(Unauthenticated):
            read_customer_token(customers(**changed), APP, (NEW,), NOW)


class TestSignedAddresses:
    PAIRS = (("shop", SHOP), ("timestamp", str(int(NOW.timestamp()))), ("host", "YWRtaW4/x"), ("locale", "de DE"))

    def signed(self, pairs: tuple[tuple[str, str], ...] = PAIRS, secret: str = NEW) -> list[tuple[str, str]]:
        told = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(pairs))
        return [*pairs, ("hmac", hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest())]

    def test_a_published_example(self) -> None:
        # https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
        pairs = [
            ("code", "0907a61c0c8d55e99db179b68161bc00"),
            ("shop", "some-shop.myshopify.com"),
            ("timestamp", "1337178173"),
        ]
        told = "code=0907a61c0c8d55e99db179b68161bc00&shop=some-shop.myshopify.com&timestamp=1337178173"
        wanted = hmac.new(b"hush", told.encode(), hashlib.sha256).hexdigest()
        assert query_signature(list(reversed(pairs)), "hush") == wanted

    @pytest.mark.parametrize("secret", [NEW, OLD])
    def test_any_live_secret_is_accepted(self, secret: str) -> None:
        assert check_query(self.signed(secret=secret), (NEW, OLD), NOW) == SHOP

    def test_what_is_not_known_to_us_is_signed_too(self) -> None:
        given = self.signed()
        with pytest.raises(Unauthenticated):
            check_query([*given, ("embedded", "1")], (NEW,), NOW)
        assert check_query(self.signed((*self.PAIRS, ("embedded", "1"))), (NEW,), NOW) == SHOP

    @pytest.mark.parametrize("seconds", [-91, 91])
    def test_it_holds_for_ninety_seconds(self, seconds: int) -> None:
        with pytest.raises(Unauthenticated) as refused:
            check_query(self.signed(), (NEW,), NOW + timedelta(seconds=seconds))
        assert refused.value.code == "stale_timestamp"

    @pytest.mark.parametrize("shop", ["shop.example.com", f"{SHOP}.evil.example", f"x/{SHOP}", f"{SHOP}/", "", "é.com"])
    def test_only_shops_of_shopify_count(self, shop: str) -> None:
        pairs = (("shop", shop), *self.PAIRS[1:])
        with pytest.raises(Unauthenticated):
            check_query(self.signed(pairs), (NEW,), NOW)

    @pytest.mark.parametrize("name", ["shop", "timestamp", "hmac"])
    def test_what_stands_there_twice_or_not_at_all_is_refused(self, name: str) -> None:
        given = self.signed()
        twice = [*given, next(pair for pair in given if pair[0] == name)]
        for pairs in (twice, [pair for pair in given if pair[0] != name]):
            with pytest.raises(Unauthenticated):
                check_query(pairs, (NEW,), NOW)

    def test_an_empty_secret_signs_nothing(self) -> None:
        with pytest.raises(Unauthenticated):
            check_query(self.signed(secret=""), ("",), NOW)

    @given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=6))
    def test_whatever_else_is_in_it_the_order_does_not_matter(self, extra: list[tuple[str, str]]) -> None:
        taken = {"shop", "timestamp", "hmac", "signature"}
        fresh = {name: value for name, value in extra if name not in taken}
        pairs = [("shop", SHOP), ("timestamp", str(int(NOW.timestamp()))), *fresh.items()]
        signature = query_signature(pairs, NEW)
        assert check_query([("hmac", signature), *reversed(pairs)], (NEW,), NOW) == SHOP


class TestAppProxy:
    PAIRS = (
        ("extra", "1"),
        ("extra", "2"),
        ("shop", SHOP),
        ("logged_in_customer_id", ""),
        ("path_prefix", "/apps/track"),
        ("timestamp", str(int(NOW.timestamp()))),
    )

    def test_a_published_example(self) -> None:
        # https://shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies
        pairs = [
            ("extra", "1"),
            ("extra", "2"),
            ("shop", "shop-name.myshopify.com"),
            ("logged_in_customer_id", "1"),
            ("path_prefix", "/apps/awesome_reviews"),
            ("timestamp", "1317327555"),
        ]
        wanted = "4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb"
        assert proxy_signature(pairs, "hush") == wanted

    def test_it_tells_who_calls(self) -> None:
        given = [*self.PAIRS, ("signature", proxy_signature(self.PAIRS, OLD))]
        wanted = ProxyCall(shop=SHOP, path_prefix="/apps/track", customer_id="")
        assert check_proxy(given, (NEW, OLD), NOW) == wanted

    @pytest.mark.parametrize(
        "changed",
        [
            [("shop", "another.myshopify.com")],
            [("logged_in_customer_id", "7")],
            [("extra", "3")],
            [("shop", SHOP), ("shop", SHOP)],
        ],
    )
    def test_nothing_of_it_can_be_changed(self, changed: list[tuple[str, str]]) -> None:
        kept = [pair for pair in self.PAIRS if pair[0] != changed[0][0]]
        given = [*kept, *changed, ("signature", proxy_signature(self.PAIRS, NEW))]
        with pytest.raises(Unauthenticated):
            check_proxy(given, (NEW,), NOW)

    def test_an_old_one_is_refused(self) -> None:
        given = [*self.PAIRS, ("signature", proxy_signature(self.PAIRS, NEW))]
        with pytest.raises(Unauthenticated) as refused:
            check_proxy(given, (NEW,), NOW + timedelta(seconds=91))
        assert refused.value.code == "stale_timestamp"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (SHOP, SHOP),
        (f" {SHOP.upper()} ", SHOP),
        ("a.b.myshopify.com", None),
        ("-a.myshopify.com", None),
        ("myshopify.com", None),
        (f"https://{SHOP}", None),
        (f"{SHOP}\n.evil", None),
    ],
)
def test_a_shop_is_named_by_its_permanent_domain(text: str, wanted: str | None) -> None:
    assert shop_domain(text) == wanted


class TestScopes:
    def test_leave_to_write_is_leave_to_read(self) -> None:
        held = {"write_orders", *(each for each in scopes.REQUIRED if each != "read_orders")}
        assert scopes.missing(held) == ()

    def test_what_lacks_is_named(self) -> None:
        held = [each for each in scopes.REQUIRED if each not in ("read_orders", "write_returns")]
        assert scopes.missing(held) == ("read_orders", "write_returns")
        assert scopes.missing([*held, "read_orders", "read_returns"]) == ("write_returns",)

    def test_they_are_listed_once_each_and_by_the_alphabet(self) -> None:
        assert list(scopes.REQUIRED) == sorted(set(scopes.REQUIRED))
        assert not set(scopes.OPTIONAL) & set(scopes.REQUIRED)

    def test_they_are_read_as_they_are_written(self) -> None:
        assert scopes.parsed(scopes.told(scopes.REQUIRED)) == scopes.REQUIRED
        assert scopes.parsed(" b, a,,a ") == ("a", "b")


def test_claims_are_only_read_once_they_are_proven() -> None:
    header, _, signature = token().split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(sub="1")).encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated):
        read_session_token(f"{header}.{forged}.{signature}", APP, (NEW,), NOW)
