"""The part of Shopify's search syntax that our documents use: `field:value` terms, all of which must hold. A term the
fake does not know is an error of the test, not an empty list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from tests.fakes.shopify.engine import stamp

Row = TypeVar("Row")

_TERM = re.compile(r"""(\w+):(>=|<=|>|<)?(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+))""")


def chosen(rows: Iterable[Row], query: str | None, members: Mapping[str, Callable[[Row], object]]) -> list[Row]:
    """The rows for which every term of the query holds. `members`: what each field of a term is compared with; a list
    holds when one of it does."""
    found = list(rows)
    asked = (query or "").replace(" AND ", " ")
    terms = list(_TERM.finditer(asked))
    if _TERM.sub("", asked).strip():
        raise NotImplementedError(f"The fake Shopify does not understand the search {query!r}.")
    for term in terms:
        if term[1] not in members:
            raise NotImplementedError(f"The fake Shopify does not search by {term[1]!r}.")
        quoted = next(value for value in term.groups()[2:] if value is not None)
        wanted = re.sub(r"\\(.)", r"\1", quoted)
        found = [row for row in found if _holds(members[term[1]](row), term[2] or "", wanted)]
    return found


def _holds(has: object, sign: str, wanted: str) -> bool:
    if isinstance(has, list):
        return any(_holds(each, sign, wanted) for each in has)
    shown = stamp(has) if isinstance(has, datetime) else "" if has is None else str(has)
    if isinstance(has, datetime) and (moment := _moment(wanted)):
        wanted = stamp(moment)
    if isinstance(has, int) and not isinstance(has, bool) and wanted.isdigit():
        shown, wanted = f"{has:030d}", f"{int(wanted):030d}"
    match sign:
        case ">=":
            return shown >= wanted
        case "<=":
            return shown <= wanted
        case ">":
            return shown > wanted
        case "<":
            return shown < wanted
        case _:
            return shown.lower() == wanted.lower()


def _moment(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
