"""What is wrong between us and a WooCommerce shop, told from what its answers looked like, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

LARGEST_DRIFT = timedelta(minutes=5)
"""Signed letters are honoured within it, and keys over plain http within fifteen minutes."""

LEAST = {"woocommerce": (8, 2), "wordpress": (6, 4), "php": (7, 4)}
"""The oldest versions that the plugin runs on."""

NAMES = {"woocommerce": "WooCommerce", "wordpress": "WordPress", "php": "PHP"}
REST, PLUGIN_REST = "wc/v3", "wc-fulfilhub/v1"
HINTS = re.compile(r"cloudflare|sucuri|wordfence|imunify|captcha|access denied|forbidden|attention required", re.I)


class CheckName(StrEnum):
    """What is looked at, in the order in which it is shown."""

    REACHABLE = "reachable"
    TLS = "tls"
    REST_API = "rest_api"
    CREDENTIALS = "credentials"
    PLUGIN = "plugin"
    CLOCK = "clock"
    VERSIONS = "versions"


class Trouble(StrEnum):
    """Why a request had no answer."""

    UNKNOWN_HOST = "unknown_host"
    PRIVATE_ADDRESS = "private_address"
    REFUSED = "connection_refused"
    BAD_CERTIFICATE = "bad_certificate"
    TIMEOUT = "timeout"
    BROKEN = "broken_answer"
    BAD_ADDRESS = "bad_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one request came to: an answer with its `status`, or a `trouble`. `data` is its JSON (None: it had none),
    `text` the beginning of what else it was, `at` the sender's clock, `location` where a redirect led."""

    status: int = 0
    trouble: Trouble | None = None
    data: object = None
    text: str = ""
    at: datetime | None = None
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """What the shop answered: its list of APIs by its own address, and by the address that needs no permalinks; its
    orders, with our keys; its plugin, which was to give back `nonce`. None: not asked."""

    index: Seen
    plain: Seen | None = None
    orders: Seen | None = None
    ping: Seen | None = None
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `fix` is empty when it is `ok`."""

    name: CheckName
    ok: bool
    code: str
    detail: str
    fix: str = ""


SAID: Mapping[str, tuple[str, str]] = {
    Trouble.UNKNOWN_HOST: ("The shop's host name leads nowhere.", "Correct the shop's address, or its DNS."),
    Trouble.PRIVATE_ADDRESS: (
        "The shop's address is not on the public internet.",
        "FulfilHub can only reach shops that are online; a shop on a private network needs a public address.",
    ),
    Trouble.REFUSED: ("The shop refused the connection.", "Check that the web server runs and lets FulfilHub in."),
    Trouble.BAD_CERTIFICATE: (
        "The shop's certificate is not valid for its address.",
        "Renew the certificate, with all its intermediate ones; your host can tell how.",
    ),
    Trouble.TIMEOUT: ("The shop did not answer in time.", "Look for slow plugins, or for a firewall that drops us."),
    Trouble.BROKEN: ("The shop's answer broke off.", "Look into the web server's error log."),
    Trouble.BAD_ADDRESS: ("The shop's address can't be called.", "Correct the shop's address in FulfilHub."),
    "http_only": (
        "The shop is connected by plain http: orders travel unencrypted.",
        "Set up https for the shop, and connect it anew by its https address.",
    ),
    "moved": (
        "The shop answers from another address: {location}.",
        "Connect the shop by that address, or correct WordPress Address and Site Address in Settings > General.",
    ),
    "plain_permalinks": (
        "Permalinks are plain, so the REST API has no address of its own.",
        "Choose any structure but Plain in Settings > Permalinks.",
    ),
    "rest_blocked": (
        "Something in the shop keeps the REST API shut ({status}).",
        "Let the REST API be used without a login in your security plugin, at least /wc/ and /wc-fulfilhub/.",
    ),
    "firewall": (
        "Something in front of the shop answers with a page instead ({status}).",
        "Allow FulfilHub in the firewall or CDN: no challenge, captcha or maintenance page for /wp-json/.",
    ),
    "no_woocommerce": ("WordPress answers, but WooCommerce does not.", "Activate WooCommerce."),
    "no_rest_api": (
        "There is no REST API at this address ({status}).",
        "Correct the shop's address: it is the Site Address in Settings > General.",
    ),
    "shop_failed": ("The shop failed ({status}).", "Look into WooCommerce > Status > Logs and the server's error log."),
    "credentials_refused": (
        "The shop does not accept our keys.",
        "Connect the shop anew. If that does not help, let the web server pass the Authorization header on to PHP.",
    ),
    "not_allowed": (
        "Our keys may not read orders.",
        "Connect the shop anew as a user who may manage WooCommerce; the keys need read and write access.",
    ),
    "plugin_not_answering": (
        "The FulfilHub plugin does not answer ({status}).",
        "Activate the plugin, and bring it up to date.",
    ),
    "cached": (
        "An old answer of the plugin came back.",
        "Exclude /wp-json/ from your page cache or CDN.",
    ),
    "other_store": (
        "The plugin is connected to another store of FulfilHub.",
        "Connect this shop anew, and disconnect copies of it (a staging site, for example).",
    ),
    "clock_off": ("The shop's clock is {drift} {way}.", "Let the server set its clock by NTP; your host can tell how."),
    "too_old": ("Too old: {found}.", "Bring up to date: {wanted}."),
    "unknown": ("It could not be found out.", "Mend what is named above first."),
}


def judge(base_url: str, seen: Sightings, store_id: str, now: datetime) -> list[Check]:
    """Every check, in its order. `store_id` as the outside knows it, `now` our clock when the shop answered."""
    rest = _rest(seen)
    ping = _ping(seen, store_id) if rest.ok else None
    credentials = _credentials(seen) if rest.ok else None
    return [
        _reachable(seen.index),
        _tls(base_url, seen.index),
        rest,
        credentials or _unknown(CheckName.CREDENTIALS),
        ping or _unknown(CheckName.PLUGIN),
        _clock(seen, now),
        _versions(seen.ping) if ping is not None and ping.ok else _unknown(CheckName.VERSIONS),
    ]


def _reachable(index: Seen) -> Check:
    if index.trouble is None or index.trouble is Trouble.BAD_CERTIFICATE:
        return Check(CheckName.REACHABLE, True, "ok", "The shop answers.")
    return _bad(CheckName.REACHABLE, index.trouble)


def _tls(base_url: str, index: Seen) -> Check:
    if not base_url.lower().startswith("https://"):
        return _bad(CheckName.TLS, "http_only")
    if index.trouble is Trouble.BAD_CERTIFICATE:
        return _bad(CheckName.TLS, Trouble.BAD_CERTIFICATE)
    if index.trouble is not None:
        return _unknown(CheckName.TLS)
    return Check(CheckName.TLS, True, "ok", "The connection is encrypted.")


def _rest(seen: Sightings) -> Check:
    name, index = CheckName.REST_API, seen.index
    if index.trouble is not None:
        return _unknown(name)
    spaces = _namespaces(index)
    if spaces is not None:
        ok = Check(name, True, "ok", "The REST API is open.")
        return ok if REST in spaces else _bad(name, "no_woocommerce")
    if 300 <= index.status < 400:
        return _bad(name, "moved", location=_place(index.location))
    if seen.plain is not None and _namespaces(seen.plain) is not None:
        return _bad(name, "plain_permalinks")
    return _bad(name, _why(index, "no_rest_api"), status=index.status)


def _credentials(seen: Sightings) -> Check:
    name, orders = CheckName.CREDENTIALS, seen.orders
    if orders is None or orders.trouble is not None:
        return _unknown(name) if orders is None else _bad(name, orders.trouble or "unknown")
    if orders.status == 200 and isinstance(orders.data, list):
        return Check(name, True, "ok", "The keys are accepted.")
    if orders.data is not None and orders.status == 401:
        return _bad(name, "credentials_refused")
    if orders.data is not None and orders.status == 403:
        return _bad(name, "not_allowed")
    return _bad(name, _why(orders, "credentials_refused"), status=orders.status)


def _ping(seen: Sightings, store_id: str) -> Check:
    name, ping = CheckName.PLUGIN, seen.ping
    if ping is None or ping.trouble is not None:
        return _unknown(name) if ping is None else _bad(name, ping.trouble or "unknown")
    if ping.status != 200 or not isinstance(ping.data, Mapping):
        plain = ping.status in (401, 403) and ping.data is not None
        code = "credentials_refused" if plain else _why(ping, "plugin_not_answering")
        return _bad(name, code, status=ping.status)
    if ping.data.get("nonce") != seen.nonce:
        return _bad(name, "cached")
    if ping.data.get("store_id") not in (None, "", store_id):
        return _bad(name, "other_store")
    return Check(name, True, "ok", "The plugin answers.")


def _clock(seen: Sightings, now: datetime) -> Check:
    theirs = _time(seen.ping) or seen.index.at
    if theirs is None:
        return _unknown(CheckName.CLOCK)
    drift = theirs - now
    if abs(drift) <= LARGEST_DRIFT:
        return Check(CheckName.CLOCK, True, "ok", "The shop's clock is right.")
    minutes = round(abs(drift).total_seconds() / 60)
    return _bad(CheckName.CLOCK, "clock_off", drift=f"{minutes} minutes", way="fast" if drift > timedelta() else "slow")


def _versions(ping: Seen | None) -> Check:
    told = ping.data if ping is not None and isinstance(ping.data, Mapping) else {}
    found = {name: str(told.get(name) or "") for name in LEAST}
    old = [name for name, least in LEAST.items() if found[name] and _number(found[name]) < least]
    if not old:
        return Check(CheckName.VERSIONS, True, "ok", ", ".join(f"{NAMES[each]} {found[each]}" for each in LEAST))
    return _bad(
        CheckName.VERSIONS,
        "too_old",
        found=", ".join(f"{NAMES[each]} {found[each]}" for each in old),
        wanted=", ".join(f"{NAMES[each]} {'.'.join(map(str, LEAST[each]))}" for each in old),
    )


def _why(seen: Seen, otherwise: str) -> str:
    """What stands between, by the looks of an answer that is not the API's."""
    if seen.status >= 500 and not HINTS.search(seen.text):
        return "shop_failed"
    if seen.data is not None and seen.status in (401, 403, 404):
        return "rest_blocked" if seen.status != 404 else otherwise
    if seen.status in (401, 403, 405, 406, 409, 418, 429) or seen.status >= 500 or seen.status == 200:
        return "firewall"
    return otherwise


def _namespaces(seen: Seen) -> list[object] | None:
    if seen.status != 200 or not isinstance(seen.data, Mapping):
        return None
    spaces = seen.data.get("namespaces")
    return spaces if isinstance(spaces, list) else None


def _time(ping: Seen | None) -> datetime | None:
    told = ping.data.get("time") if ping is not None and isinstance(ping.data, Mapping) else None
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(each[:6]) for each in re.findall(r"\d+", version)[:3]) or (0,)


def _place(location: str) -> str:
    """Where a redirect leads, without what may be secret in it."""
    try:
        parts = urlsplit(location)
    except ValueError:  # brackets that hold no IPv6 address
        return "another page"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another page"


def _unknown(name: CheckName) -> Check:
    return _bad(name, "unknown")


def _bad(name: CheckName, code: str, **values: object) -> Check:
    detail, fix = SAID[code]
    return Check(name, False, str(code), detail.format(**values), fix.format(**values))
