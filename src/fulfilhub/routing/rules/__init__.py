"""The pure rules of routing: promise, fences, ratings, and the decision they add up to."""

from __future__ import annotations

from fulfilhub.routing.rules.decide import decide, decide_batch
from fulfilhub.routing.rules.promise import is_kept, promise_of
from fulfilhub.routing.rules.terms import (
    DEFAULT_WEIGHTS,
    RULES_VERSION,
    Assignment,
    Candidate,
    Decision,
    Excluded,
    FenceCode,
    LineToRoute,
    OnShortage,
    OrderToRoute,
    Outcome,
    Portion,
    Promise,
    Rated,
    Rating,
    RoutingPolicy,
    Stock,
    Verdict,
)

__all__ = [
    "DEFAULT_WEIGHTS",
    "RULES_VERSION",
    "Assignment",
    "Candidate",
    "Decision",
    "Excluded",
    "FenceCode",
    "LineToRoute",
    "OnShortage",
    "OrderToRoute",
    "Outcome",
    "Portion",
    "Promise",
    "Rated",
    "Rating",
    "RoutingPolicy",
    "Stock",
    "Verdict",
    "decide",
    "decide_batch",
    "is_kept",
    "promise_of",
]
