"""Each fact is public or private on purpose, and no payload shows an id of ours as it is inside."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from dataclasses import fields
from uuid import UUID

import pytest

import fulfilhub
from fulfilhub.platform import ids
from fulfilhub.platform.events import Fact
from fulfilhub.webhooks.rules.payloads import PRIVATE, PUBLIC, Public, body_of, example_of
from tests.webhooks.rules.test_retries import NOW

INSIDE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
PERSONAL = ("name", "email", "phone", "address", "postcode", "city", "street", "note")


def facts() -> set[type[Fact]]:
    """Every fact that any domain tells."""
    found: set[type[Fact]] = set()
    for domain in pkgutil.iter_modules(fulfilhub.__path__):
        try:
            module = importlib.import_module(f"fulfilhub.{domain.name}.events")
        except ModuleNotFoundError:
            continue
        found |= {each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Fact)}
    return {each for each in found if each.TYPE}


def test_every_fact_is_public_or_private_on_purpose() -> None:
    named = [public.fact for public in PUBLIC] + list(PRIVATE)
    assert len(named) == len(set(named))
    assert facts() == set(named), "put a new fact into PUBLIC or PRIVATE of webhooks.rules.payloads"
    assert len({fact.TYPE for fact in named}) == len(named)


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public.fact.TYPE)
def test_examples_have_just_the_fields_and_public_ids(public: Public) -> None:
    example = example_of(public)
    data = example["data"]
    assert isinstance(data, dict)
    assert set(data) == {spec.name for spec in fields(public.fact)}
    assert set(public.values) <= set(data)
    assert not INSIDE.search(json.dumps(example)), "name the id's kind in ids.OF_FIELD"
    assert not [name for name in data if any(word in name for word in PERSONAL)]
    assert public.description


def test_a_body_has_public_ids_its_number_and_its_time() -> None:
    order, places = ids.new(), [ids.new(), ids.new()]
    data = {"order_id": str(order), "store_id": str(UUID(int=0)), "warehouse_ids": [str(each) for each in places]}
    assert json.loads(body_of("order.routed", NOW, 7, data)) == {
        "type": "order.routed",
        "timestamp": "2026-11-25T12:00:00Z",
        "seq": 7,
        "data": {
            "order_id": ids.ORDER.show(order),
            "store_id": None,
            "warehouse_ids": [ids.WAREHOUSE.show(each) for each in places],
        },
    }
