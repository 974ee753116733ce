"""Every operation shows how it is called and what it answers, and what it shows is true."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.codes import SAID_BY_SCHEMAS
from tests.contract.conftest import Served
from tests.contract.operations import Operation, call, checker, operations

OPERATIONS = operations()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_what_it_takes_and_answers_has_examples_that_fit(operation: Operation) -> None:
    for parameter in operation.parameters:
        assert parameter.get("description"), parameter["name"]
        checker(parameter["schema"]).validate(parameter["example"])
    if operation.body is not None:
        checker(operation.body["schema"]).validate(operation.body["example"])
    for status, answer in operation.answers.items():
        for content in answer.get("content", {}).values():
            assert "example" in content, status
            checker(content["schema"]).validate(content["example"])


def test_examples_are_taken(served: Served) -> None:
    """As they stand, ids included: what is not there may be missed or refused, what is shown is never ill-formed."""
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as api:
        for operation in sorted(OPERATIONS, key=lambda each: each.id == "disconnectStorefront"):
            for kind in operation.callers or (None,):
                key = served.world.key(kind) if kind else None
                answer = call(
                    api,
                    operation,
                    key,
                    query=operation.parameters_in("query"),
                    body=operation.body["example"] if operation.body else None,
                )
                where = (operation.id, kind, answer.status_code, answer.text)
                assert answer.status_code < 300 or answer.status_code in {401, 404, 409, 422}, where
                assert answer.status_code != 401 or not operation.callers, where
                if answer.status_code == 422:
                    problem = answer.json()
                    codes = {problem["code"], *(error["code"] for error in problem["errors"])}
                    assert not codes & SAID_BY_SCHEMAS, where
