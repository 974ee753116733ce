"""Passwords, codes, roles and addresses, by example and by property."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilhub.accounts.rules import PERMISSIONS, ROLES, AccountKind, Role, permissions_of
from fulfilhub.people.adapters.authenticator import code_at
from fulfilhub.people.rules import (
    browser_name,
    check_may_give,
    check_not_last_owner,
    clean_email,
    email_key,
    local_path,
)
from fulfilhub.people.rules.passwords import check_password
from fulfilhub.people.rules.second_factor import PERIOD, new_recovery_codes, step_at, step_of
from fulfilhub.platform.errors import Conflict, Forbidden, Invalid
from fulfilhub.platform.secrets import new_code, plain_code
from fulfilhub.web.clients import client_address, neighbourhood, network

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "password1234",
        "P@ssw0rd2026!",
        "Password!Password!",
        "passwordpassword",
        "qwertyuiop12",
        "123456789012",
        "210987654321",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghijkl",
        "iloveyou2026!!",
        "correcthorsebatterystaple",
        "Welcome-2026-2026",
        "ada@example.com",
        "my ada@example.com",
        "Lovelace1815!",
        "adalovelace2026",
        "x" * 201,
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "ada@example.com", "Ada Lovelace", "/password")
    assert refused.value.fields[0].pointer == "/password"


@pytest.mark.parametrize(
    "password", ["seven green bicycles", "829174650318", "Über-Größe zwölf", "tr0ub4dor&3 and more", "ლამაზი დღე დღეს"]
)
def test_what_is_long_and_ones_own_is_taken(password: str) -> None:
    assert check_password(password, "ada@example.com", "Ada Lovelace", "/password")


def test_a_password_is_the_same_however_it_was_typed() -> None:
    composed, decomposed = "gr\u00fcne Fahrr\u00e4der", "gru\u0308ne Fahrra\u0308der"
    assert check_password(composed, "", "", "") == check_password(decomposed, "", "", "")


SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
)
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    assert code_at(SECRET, at // PERIOD) == code


def _step(code: str, last: int = 0) -> int | None:
    return step_of(code, NOW, last, lambda step: code_at(SECRET, step))


def test_a_code_is_taken_a_step_early_or_late_and_never_twice() -> None:
    present = step_at(NOW)
    for step in (present - 1, present, present + 1):
        assert _step(code_at(SECRET, step)) == step
    assert _step(code_at(SECRET, present - 2)) is None
    assert _step(code_at(SECRET, present + 2)) is None
    assert _step(code_at(SECRET, present), last=present) is None
    assert _step(code_at(SECRET, present), last=present + 1) is None, "an older code after a newer one"
    for nonsense in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        assert _step(nonsense) is None


@given(st.integers(1, 12))
def test_codes_read_back_whatever_was_done_to_them(groups: int) -> None:
    code = new_code(groups)
    plain = plain_code(code)
    assert len(plain) == 4 * groups
    garbled = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert plain_code(garbled) == plain


def test_recovery_codes_differ() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == len(codes) == 10


def test_roles_are_made_of_permissions_that_exist() -> None:
    known = {name for names in PERMISSIONS.values() for name in names}
    for role, names in ROLES.items():
        assert names <= known, role
    for kind in AccountKind:
        assert permissions_of(Role.OWNER, kind) == set(PERMISSIONS[kind])
    reader = permissions_of(Role.READ_ONLY, AccountKind.MERCHANT)
    assert all(name.endswith(":read") for name in reader)
    for role in (Role.OPERATIONS, Role.FINANCE, Role.READ_ONLY):
        for kind in AccountKind:
            assert not permissions_of(role, kind) & {"keys:write", "users:write", "audit:read", "stores:write"}


def test_nobody_gives_more_than_they_have() -> None:
    own = permissions_of(Role.FINANCE, AccountKind.MERCHANT)
    check_may_give(Role.FINANCE, AccountKind.MERCHANT, own)
    with pytest.raises(Forbidden):
        check_may_give(Role.OWNER, AccountKind.MERCHANT, own)


def test_an_owner_is_left() -> None:
    check_not_last_owner(["a", "b"], "a")
    for owners in (["a"], []):
        with pytest.raises(Conflict):
            check_not_last_owner(owners, "a")


@pytest.mark.parametrize("path", ["/me", "/connect?shop_url=https%3A%2F%2Fshop.test&state=a%20b", "/"])
def test_one_goes_on_to_our_own_pages(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "javascript:alert(1)",
        " /me",
        "/me\r\nSet-Cookie: x=y",
        "/é",
        "evil.test/me",
    ],
)
def test_one_is_never_sent_elsewhere(path: str) -> None:
    assert local_path(path) == "/me"


@given(st.text(max_size=60))
def test_whatever_is_asked_stays_with_us(text: str) -> None:
    path = local_path(text)
    assert path.startswith("/")
    assert path[1:2] not in ("/", "\\")


def test_addresses() -> None:
    assert clean_email(" Ada@Example.com ", "/email") == "Ada@Example.com"
    assert email_key("Ada@Example.com ") == "ada@example.com"
    for bad in ("", "ada", "ada@", "@example.com", "a b@example.com", "ada@example", "a@b@c.de", "ada@x.com\nBcc: y"):
        with pytest.raises(Invalid):
            clean_email(bad, "/email")


def test_of_an_address_only_the_network_is_kept() -> None:
    assert network("203.0.113.77") == "203.0.113.0/24"
    assert network("2001:db8:1:2:3::9") == "2001:db8:1::/48"
    assert network(None) is None
    assert neighbourhood("2001:db8:1:2:3::9") == neighbourhood("2001:db8:1:2:ffff::1")
    assert neighbourhood("203.0.113.77") != neighbourhood("203.0.113.78")


def test_a_forwarded_address_is_believed_only_when_told_to() -> None:
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"1.1.1.1, 203.0.113.9")]}
    assert client_address(scope, trust_forwarded=False) == "10.0.0.1"
    assert client_address(scope, trust_forwarded=True) == "203.0.113.9"
    assert client_address({"client": ("::ffff:10.0.0.1", 1), "headers": []}, trust_forwarded=True) == "10.0.0.1"
    assert client_address({"client": None, "headers": []}, trust_forwarded=False) is None


def test_browsers_have_short_names() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    assert browser_name(chrome) == "Chrome on Windows"
    assert browser_name("curl/8") == "Unknown browser"
