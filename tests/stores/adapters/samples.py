"""Where the tests of the adapters find what real stores sent: our captures here, others' data beside the project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CAPTURES = Path(__file__).parents[1] / "woocommerce" / "captures"
SHOPIFY = Path(__file__).parents[4] / "shared" / "shopify"

needs_shopify_samples = pytest.mark.skipif(
    not SHOPIFY.is_dir(), reason="../shared/shopify (schemas, recordings, webhook samples) is not beside the project"
)


def capture(name: str) -> dict[str, object]:
    """One of our captures of a real WooCommerce."""
    found = json.loads((CAPTURES / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


def delivery(name: str) -> tuple[dict[str, str], bytes]:
    """Headers and raw body of a captured delivery, the body exactly as it came."""
    found = capture(name)
    headers, body = found["headers"], found["body_raw"]
    assert isinstance(headers, dict)
    assert isinstance(body, str)
    return headers, body.encode()


def webhook_samples() -> list[tuple[str, bytes]]:
    """(topic, body) of every published Shopify sample; empty when they are not there."""
    files = sorted((SHOPIFY / "webhooks").glob("*__*.json")) if SHOPIFY.is_dir() else []
    return [(path.stem.split(".")[0].replace("__", "/"), path.read_bytes()) for path in files]
