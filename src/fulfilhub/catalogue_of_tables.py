"""Every table of every domain, in one place: what migrations are compared with and the tenancy test walks."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from fulfilhub.platform import audit, events, idempotency, inbox  # noqa: F401 - their tables register on import
from fulfilhub.platform.database import Base
from fulfilhub.platform.jobs import models  # noqa: F401

DOMAINS = (
    "accounts",
    "people",
    "catalogue",
    "inventory",
    "orders",
    "routing",
    "fulfilment",
    "shipping",
    "returns",
    "stores",
    "carriers",
    "billing",
    "privacy",
    "webhooks",
)

for _domain in DOMAINS:
    if find_spec(f"fulfilhub.{_domain}") and find_spec(f"fulfilhub.{_domain}.models"):
        importlib.import_module(f"fulfilhub.{_domain}.models")

METADATA = Base.metadata
