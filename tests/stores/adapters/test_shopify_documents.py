"""Every GraphQL document we send stands in a file named for its operation, and is valid in both published versions of
Shopify's schema; those that the demo's small shop needs, in its schema too."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from fulfilhub.demo.storefronts.shopify.api import SCHEMA as DEMO
from fulfilhub.demo.storefronts.shopify.schema import SDL
from fulfilhub.stores.adapters import shopify
from fulfilhub.stores.adapters.shopify import documents
from fulfilhub.stores.adapters.shopify.client import API_VERSIONS
from tests.fakes.shopify.schema import needs_schema, schema_of

ADAPTER = Path(next(iter(shopify.__path__)))
DOCUMENTS = {path.stem: path.read_text() for path in (ADAPTER / "graphql").glob("*.graphql")}
#: What the demo's shop is asked.
DEMO_SPEAKS = [
    "FulfilHubChangedOrders",
    "FulfilHubCreateFulfilment",
    "FulfilHubFulfilmentLines",
    "FulfilHubFulfilmentOrderLines",
    "FulfilHubMilestones",
    "FulfilHubOrder",
    "FulfilHubOrdersNamed",
    "FulfilHubSetStock",
    "FulfilHubShippingState",
    "FulfilHubStock",
    "FulfilHubTellMilestone",
    "FulfilHubUpdateTracking",
]


def test_there_are_documents() -> None:
    assert DOCUMENTS.keys() >= set(DEMO_SPEAKS)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_file_holds_the_one_operation_it_is_named_for(name: str) -> None:
    operations = [node for node in parse(DOCUMENTS[name]).definitions if isinstance(node, OperationDefinitionNode)]
    assert [node.name.value for node in operations if node.name] == [name]
    assert documents.read(name) == DOCUMENTS[name]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_sent_by_somebody(name: str) -> None:
    assert any(f'"{name}"' in path.read_text() for path in ADAPTER.rglob("*.py"))


@pytest.mark.parametrize("name", DEMO_SPEAKS)
def test_the_demo_shop_understands(name: str) -> None:
    assert validate(DEMO, parse(DOCUMENTS[name])) == []


@needs_schema
@pytest.mark.parametrize("version", API_VERSIONS)
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_shopify_understands(name: str, version: str) -> None:
    assert validate(schema_of(version), parse(DOCUMENTS[name])) == []


@needs_schema
@pytest.mark.parametrize("version", API_VERSIONS)
def test_the_demo_schema_claims_nothing_that_shopify_has_not(version: str) -> None:
    """Members of the demo's types exist in Shopify's; it may leave out, never make up."""
    real = schema_of(version).type_map
    elsewhere = {
        "Query": "QueryRoot",
        "FulfillmentPayload": "FulfillmentCreatePayload",
        "FulfillmentEventPayload": "FulfillmentEventCreatePayload",
    }
    for name, kind in DEMO.type_map.items():
        if name.startswith("__") or not hasattr(kind, "fields"):
            continue
        theirs = elsewhere.get(name, name)
        assert kind.fields.keys() <= real[theirs].fields.keys(), name  # type: ignore[attr-defined]
    assert "directive @idempotent" in SDL
