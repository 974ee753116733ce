"""What a country and a postcode say: which prefixes match, whose holidays apply, whose clock."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

UK_STYLE = frozenset({"GB", "JE", "GG", "IM"})
SCOTTISH_AREAS = frozenset(
    ["AB", "DD", "DG", "EH", "FK", "G", "HS", "IV", "KA", "KW", "KY", "ML", "PA", "PH", "TD", "ZE"]
)
"""Postcode areas of Scotland; TD and DG cross the border by a few sectors, which changes no more than a
holiday."""

_WHOLE = re.compile(r"([A-Z]{1,2})([0-9][0-9A-Z]?)([0-9])([A-Z]{2})")
_OUTWARD = re.compile(r"([A-Z]{1,2})([0-9][0-9A-Z]?)(?: ([0-9]))?")
_NOISE = re.compile(r"[^A-Z0-9]")
_LONGEST = 10


def tidy_prefix(country: str, prefix: str) -> str:
    """A zone's postcode prefix in the form in which `postcode_keys` gives it."""
    text = " ".join(prefix.upper().split())
    if country not in UK_STYLE:
        return _NOISE.sub("", text)
    whole = _WHOLE.fullmatch(text.replace(" ", ""))
    return f"{whole[1]}{whole[2]} {whole[3]}{whole[4]}" if whole else text


@lru_cache(maxsize=100_000)
def postcode_keys(country: str, postcode: str) -> tuple[str, ...]:
    """Every prefix that the postcode has, the most specific first, ending with the empty one.

    In the UK these are unit, sector, district, district without its letter, area (`W1A 1AA`, `W1A 1`, `W1A`,
    `W1`, `W`), because `B` must not match BT1 nor `IV5` IV51; elsewhere all beginnings of the code.
    """
    squeezed = _NOISE.sub("", postcode.upper())
    if country not in UK_STYLE:
        longest = min(len(squeezed), _LONGEST)
        return tuple(squeezed[:end] for end in range(longest, -1, -1))
    keys: list[str] = []
    if whole := _WHOLE.fullmatch(squeezed):
        area, district, sector, unit = whole.groups()
        keys = [f"{area}{district} {sector}{unit}", f"{area}{district} {sector}"]
    elif outward := _OUTWARD.fullmatch(" ".join(postcode.upper().split())):
        area, district, sector = outward.groups()
        keys = [f"{area}{district} {sector}"] if sector else []
    else:
        return ("",)
    keys.append(area + district)
    if district[-1].isalpha():
        keys.append(area + district[:-1])
    return (*keys, area, "")


def uk_area(country: str, postcode: str) -> str:
    """The postcode area (`BT`) of a UK-style postcode, empty when there is none to read."""
    keys = postcode_keys(country, postcode) if country in UK_STYLE else ("",)
    return keys[-2] if len(keys) > 1 else ""


@lru_cache(maxsize=100_000)
def holiday_region(country: str, postcode: str) -> str:
    """Whose public holidays apply at an address: the nation within the UK, else the country."""
    if country != "GB":
        return country
    area = uk_area(country, postcode)
    if area == "BT":
        return "GB-NIR"
    return "GB-SCT" if area in SCOTTISH_AREAS else "GB-ENG"


PRIMARY_ZONES = {
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kiev",
}
"""Countries with several zones of which one is nearly everybody's. Source: CLDR, primaryZones (and Cyprus)."""


@lru_cache(maxsize=512)
def clock_of(country: str) -> ZoneInfo | None:
    """The time zone that nearly everybody in a country has (CLDR), None where there is no such one."""
    zones = get_global("territory_zones").get(country, ())
    name = zones[0] if len(zones) == 1 else PRIMARY_ZONES.get(country)
    return ZoneInfo(name) if name else None


def distance_step(country: str, postcode: str, to_country: str, to_postcode: str) -> int:
    """How far apart two addresses are in rough steps: 0 the same postcode area, 1 the same nation or country,
    2 another nation of the UK, 3 abroad."""
    if country != to_country:
        return 3
    here, there = _neighbourhood(country, postcode), _neighbourhood(to_country, to_postcode)
    if here and here == there:
        return 0
    return 1 if holiday_region(country, postcode) == holiday_region(to_country, to_postcode) else 2


def _neighbourhood(country: str, postcode: str) -> str:
    return uk_area(country, postcode) if country in UK_STYLE else _NOISE.sub("", postcode.upper())[:2]
