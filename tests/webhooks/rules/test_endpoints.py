"""Addresses and secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fulfilhub.platform.errors import Invalid
from fulfilhub.platform.secrets import MOST_SECRETS, LiveSecret, live_secrets, rotated
from fulfilhub.platform.secrets import new_signing_secret as new_secret
from fulfilhub.webhooks.rules.endpoints import check_url

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/a?b=c", "https://[2606:4700::1]/x"])
def test_public_addresses_are_kept_as_they_are(url: str) -> None:
    assert check_url(url, allow_private=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "https://",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://0177.0.0.1/",
        "https://999.1.1.1/",
        "https://example.com\\@evil.example/",
        "https://example.com/\n",
        "https://b\u00fccher.example/",
    ],
)
def test_what_is_no_plain_address_is_refused_also_in_the_demo(url: str) -> None:
    for allow in (True, False):
        with pytest.raises(Invalid) as refused:
            check_url(url, allow_private=allow)
        assert refused.value.fields[0].pointer == "/url"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://localhost/",
        "https://printer/",
        "https://printer.local/",
        "https://db.internal/",
        "https://localhost./",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_private_or_open_addresses_need_the_demos_leave(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, allow_private=False)
    assert check_url(url, allow_private=True) == url


def test_a_rotation_keeps_the_old_one_for_the_overlap() -> None:
    first, second = new_secret(), new_secret()
    kept = rotated([LiveSecret(first)], second, NOW, HOUR)
    assert live_secrets(kept, NOW) == (second, first)
    assert live_secrets(kept, NOW + HOUR) == (second,)
    assert live_secrets(rotated([LiveSecret(first)], second, NOW, timedelta()), NOW) == (second,)


def test_many_rotations_never_let_too_many_sign_nor_prolong_an_old_one() -> None:
    kept = [LiveSecret("s0")]
    for number in range(1, 6):
        kept = rotated(kept, f"s{number}", NOW, HOUR)
    assert live_secrets(kept, NOW) == ("s5", "s4", "s3")
    assert len(kept) == MOST_SECRETS
    longer = rotated(kept, "s6", NOW, 5 * HOUR)
    assert live_secrets(longer, NOW + 2 * HOUR) == ("s6", "s5")
