"""What Schemathesis must know beyond the contract, and two checks of our own. Loaded by it, in its own process."""

from __future__ import annotations

import os
import re
import secrets
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

from fulfilhub.fulfilment.routes.events import LONGEST
from fulfilhub.platform import ids
from tests.contract.codes import SAID_BY_SCHEMAS

OWN_KEY = os.environ.get("CONTRACT_KEY_ID", "")
GOOD_KEY = re.compile(r"[\x21-\x7e]{1,255}")
ANY_OPERATION = frozenset({405})
"""Statuses that belong to a path rather than to an operation."""


@schemathesis.hook
def before_call(_: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Keep the world usable: never end the key we call with, or everything after is only answered 401; never wait for
    something new, since nothing happens; and a fresh Idempotency-Key for each good one, because one used again for
    another request is refused (tested elsewhere)."""
    wait = (case.query or {}).get("wait")
    if isinstance(wait, int) and 0 < wait <= LONGEST:
        case.query["wait"] = 0
    if OWN_KEY and (case.path_parameters or {}).get("key_id") == OWN_KEY and case.method == "POST":
        case.path_parameters["key_id"] = ids.API_KEY.show(ids.new())
    if _header_is_the_point(case):
        return
    if GOOD_KEY.fullmatch(str((case.headers or {}).get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = secrets.token_hex(8)


def _header_is_the_point(case: Any) -> bool:
    """Whether the case is about a bad or missing header: touched, it would no longer count as one."""
    if case.meta is None or not case.meta.generation.mode.is_negative:
        return False
    return getattr(case.meta.phase.data, "parameter_location", None) == ParameterLocation.HEADER


@schemathesis.hook
def filter_failure(_: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Well-formed data may be refused for rules beyond schemas, and only for them."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    problem = response.json()
    codes = {problem["code"], *(error["code"] for error in problem["errors"])}
    return bool(codes & SAID_BY_SCHEMAS)


@schemathesis.check
def status_is_named(_: Any, response: Any, case: Any) -> None:
    """The operation names the status; `default` is for what nobody foresaw."""
    named = case.operation.definition.raw["responses"]
    if (
        case.method == case.operation.method.upper()
        and response.status_code not in ANY_OPERATION
        and str(response.status_code) not in named
    ):
        raise AssertionError(f"{response.status_code} is not among the operation's {', '.join(named)}.")


@schemathesis.check
def problems_are_whole(_: Any, response: Any, case: Any) -> None:
    """A problem's status is the answer's, its kind is documented, and nothing internal leaks."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"].startswith("/docs#problem-")
    assert problem["detail"]
    assert "Traceback" not in response.text
