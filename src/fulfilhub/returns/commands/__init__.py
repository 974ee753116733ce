"""Every write of returns: asking for one, deciding on it, taking it in, and the policy."""

from __future__ import annotations

from fulfilhub.returns.commands.custody import Arrived, Inspected, inspect, receive
from fulfilhub.returns.commands.policy import set_policy
from fulfilhub.returns.commands.requests import (
    Asked,
    ReturnShipping,
    approve,
    begun_elsewhere,
    cancel,
    complete,
    decline,
    hand_over,
    request,
    set_shipping,
)

__all__ = [
    "Arrived",
    "Asked",
    "Inspected",
    "ReturnShipping",
    "approve",
    "begun_elsewhere",
    "cancel",
    "complete",
    "decline",
    "hand_over",
    "inspect",
    "receive",
    "request",
    "set_policy",
    "set_shipping",
]
