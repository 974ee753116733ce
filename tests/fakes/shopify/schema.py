"""Shopify's own published Admin API schema: beside the project, or in the npm package that our app's project develops
with. It is never ours to commit; without either place the tests that need it are skipped by name."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_client_schema

from fulfilhub.stores.adapters.shopify.client import API_VERSIONS

ROOT = Path(__file__).parents[3]
_NPM = ROOT / "plugins" / "shopify" / "node_modules" / "@shopify" / "dev-mcp"
PLACES = (ROOT.parent / "shared" / "shopify" / "schema", _NPM / "dist" / "data", _NPM / "data")


def file_of(version: str) -> Path | None:
    """Where the schema of this API version is; None where nobody put it."""
    return next((found for place in PLACES if (found := place / f"admin_{version}.json.gz").is_file()), None)


HAVE_SCHEMA = all(file_of(version) is not None for version in API_VERSIONS)
needs_schema = pytest.mark.skipif(
    not HAVE_SCHEMA,
    reason="Shopify's schema is neither in ../shared/shopify/schema nor in plugins/shopify/node_modules",
)


@cache
def _published(version: str) -> Mapping[str, Any]:
    found = file_of(version)
    assert found is not None, f"no schema of {version}"
    whole = json.loads(gzip.decompress(found.read_bytes()))
    assert isinstance(whole, dict)
    return whole


@cache
def schema_of(version: str) -> GraphQLSchema:
    """The schema, built once in a process. `assume_valid`: graphql-core finds a few deprecations in it inconsistent."""
    return build_client_schema(_published(version)["data"], assume_valid=True)


@cache
def scopes_of(version: str) -> Mapping[tuple[str, str], frozenset[str]]:
    """The scopes that open a type (`(type, "")`) or a field (`(type, field)`) to an app's offline token: any one of
    them does. What needs none is left out."""
    return {
        (row["typeName"], row.get("fieldName") or ""): frozenset(row["offlineScopes"])
        for row in _published(version)["offline_scopes"]["items"]
        if row["offlineScopes"]
    }
