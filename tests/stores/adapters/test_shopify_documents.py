"""Every GraphQL document we send is valid in both published versions of Shopify's schema, and in the demo shop's."""

from __future__ import annotations

import gzip
import json
from functools import cache

import pytest
from graphql import GraphQLSchema, build_client_schema, parse, validate

from fulfilhub.demo.storefronts.shopify.api import SCHEMA as DEMO
from fulfilhub.demo.storefronts.shopify.schema import SDL
from fulfilhub.stores.adapters.shopify import documents
from fulfilhub.stores.adapters.shopify.client import API_VERSIONS
from tests.stores.adapters.samples import SHOPIFY, needs_shopify_samples

DOCUMENTS = {name: text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")}


@cache
def published(version: str) -> GraphQLSchema:
    raw = json.loads(gzip.decompress((SHOPIFY / "schema" / f"admin_{version}.json.gz").read_bytes()))
    return build_client_schema(raw["data"], assume_valid=True)


def test_there_are_documents() -> None:
    assert len(DOCUMENTS) == 10


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_demo_shop_understands(name: str) -> None:
    assert validate(DEMO, parse(DOCUMENTS[name])) == []


@needs_shopify_samples
@pytest.mark.parametrize("version", API_VERSIONS)
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_shopify_understands(name: str, version: str) -> None:
    assert validate(published(version), parse(DOCUMENTS[name])) == []


@needs_shopify_samples
@pytest.mark.parametrize("version", API_VERSIONS)
def test_the_demo_schema_claims_nothing_that_shopify_has_not(version: str) -> None:
    """Members of the demo's types exist in Shopify's; it may leave out, never make up."""
    real = published(version).type_map
    for name, kind in DEMO.type_map.items():
        if name.startswith("__") or not hasattr(kind, "fields"):
            continue
        theirs = {"Query": "QueryRoot", "FulfillmentPayload": "FulfillmentCreatePayload"}.get(name, name)
        assert kind.fields.keys() <= real[theirs].fields.keys(), name  # type: ignore[attr-defined]
    assert "directive @idempotent" in SDL
