"""The public events: which facts leave the house by webhook, and what their payload looks like. One line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from inspect import cleandoc
from typing import get_type_hints
from uuid import UUID

import msgspec

from fulfilhub.accounts.events import ContractChanged, ContractInvited, KeyChanged
from fulfilhub.accounts.rules import AccountKind
from fulfilhub.billing.events import ChargeMade
from fulfilhub.carriers.events import CarrierConnectionChanged
from fulfilhub.catalogue.events import KitChanged, ListingChanged, ProductChanged
from fulfilhub.fulfilment import events as fulfilment
from fulfilhub.inventory.events import StockAdjusted, StockReceived, WarehouseChanged
from fulfilhub.orders import events as orders
from fulfilhub.people.events import UserChanged, UserInvited
from fulfilhub.platform import ids
from fulfilhub.platform.events import Fact
from fulfilhub.privacy.events import PrivacyDone, PrivacyRequested
from fulfilhub.returns import events as returns
from fulfilhub.routing.events import OrderBackordered, OrderRouted
from fulfilhub.shipping.events import (
    OrderDelivered,
    ParcelAdvanced,
    PromiseAtRisk,
    PromiseBroken,
    PromiseKept,
    ShipmentCreated,
)
from fulfilhub.stores.events import (
    BackfillEnded,
    OrderFoundLate,
    StoreConnected,
    StoreDisconnected,
    StorePrivacyAsked,
    StoreTold,
)
from fulfilhub.webhooks.events import WebhookEndpointChanged, WebhookEndpointDisabled

M = (AccountKind.MERCHANT,)
P = (AccountKind.PARTNER,)
BOTH = (AccountKind.MERCHANT, AccountKind.PARTNER)
PING = "webhook_endpoint.ping"
"""Sent when somebody asks for a test; it is no fact and has no number."""


@dataclass(frozen=True, slots=True)
class Public:
    """A fact that accounts of these kinds are told of. `values` are examples of its fields that are no ids; its
    description is the fact's own."""

    fact: type[Fact]
    kinds: tuple[AccountKind, ...] = M
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """One paragraph, as the fact's class says it."""
        return " ".join(cleandoc(self.fact.__doc__ or "").replace("`", "").split())


PUBLIC: tuple[Public, ...] = (
    Public(orders.OrderReceived),
    Public(orders.OrderUpdated, values={"parts": ["ship_to"], "late": []}),
    Public(orders.OrderReviewNeeded, values={"reasons": ["unknown_sku"]}),
    Public(orders.OrderCancelRequested, values={"store_state": "cancelled"}),
    Public(orders.OrderCancelled),
    Public(orders.OrderHeld, values={"reason": "manual"}),
    Public(orders.OrderHoldReleased, values={"still_held": False}),
    Public(OrderRouted, values={"complete": True}),
    Public(OrderBackordered),
    Public(OrderDelivered, values={"on_time": True}),
    Public(PromiseAtRisk, values={"stage": "deliver", "due": "2026-11-25T23:59:59Z"}),
    Public(PromiseKept, values={"stage": "deliver", "outcome": "kept", "cause": None}),
    Public(PromiseBroken, values={"stage": "deliver", "cause": "carrier"}),
    Public(fulfilment.FulfilmentQueued),
    Public(fulfilment.FulfilmentAccepted),
    Public(fulfilment.FulfilmentReleased),
    Public(fulfilment.FulfilmentRejected, values={"reason": "out_of_stock"}),
    Public(fulfilment.FulfilmentShortPicked, values={"quantity": 1, "reason": "not_found"}),
    Public(fulfilment.FulfilmentPicked),
    Public(fulfilment.FulfilmentPacked),
    Public(fulfilment.FulfilmentShipped),
    Public(fulfilment.FulfilmentCancelled, values={"reason": "merchant", "reroute": False}),
    Public(fulfilment.FulfilmentLinesRejected, values={"reason": "out_of_stock"}),
    Public(fulfilment.FulfilmentLate, values={"what": "ship"}),
    Public(
        fulfilment.FulfilmentChangeRequested,
        values={"kind": "cancel", "asked_by": "merchant"},
    ),
    Public(
        fulfilment.FulfilmentChangeAnswered,
        values={
            "kind": "cancel",
            "asked_by": "merchant",
            "state": "accepted",
            "reason": None,
            "carried_out": True,
        },
    ),
    Public(ShipmentCreated),
    Public(ParcelAdvanced, values={"state": "in_transit"}),
    Public(returns.ReturnRequested, values={"requested_by": "customer"}),
    Public(returns.ReturnApproved),
    Public(returns.ReturnDeclined),
    Public(returns.ReturnCancelled),
    Public(returns.ReturnHandedOver),
    Public(returns.ReturnShippingSet),
    Public(returns.ReturnReceived, values={"quantity": 2}),
    Public(returns.ReturnInspected, values={"restocked": 1, "quarantined": 0, "disposed": 1}),
    Public(returns.ReturnCompleted),
    Public(fulfilment.WorkQueued, P),
    Public(fulfilment.WorkHeld, P),
    Public(fulfilment.WorkResumed, P),
    Public(fulfilment.WorkWithdrawn, P),
    Public(fulfilment.WorkChanged, P),
    Public(fulfilment.WorkLate, P, values={"what": "accept"}),
    Public(fulfilment.WorkClaimExpired, BOTH),
    Public(fulfilment.WorkChangeRequested, P, values={"kind": "cancel", "answer_by": "2026-11-24T10:30:00Z"}),
    Public(fulfilment.WorkChangeClosed, P, values={"kind": "cancel", "state": "withdrawn", "carried_out": False}),
    Public(returns.WorkReturnExpected, P),
    Public(returns.WorkReturnChanged, P, values={"state": "in_transit"}),
    Public(StockReceived, values={"quantity": 100}),
    Public(StockAdjusted, values={"delta": -2}),
    Public(ProductChanged, values={"change": "updated"}),
    Public(KitChanged),
    Public(ListingChanged, values={"change": "mapped"}),
    Public(StoreConnected, values={"platform": "woocommerce"}),
    Public(StoreDisconnected, values={"platform": "shopify"}),
    Public(StoreTold, values={"state": "sent"}),
    Public(OrderFoundLate, values={"what": "order", "how": "sweep"}),
    Public(BackfillEnded, values={"state": "completed"}),
    Public(ChargeMade, values={"kind": "order_fulfilled", "amount_minor": 250, "currency": "GBP"}),
    Public(ContractChanged, BOTH, values={"state": "active", "change": "accepted"}),
    Public(ContractInvited, BOTH, values={"state": "invited"}),
    Public(WarehouseChanged, BOTH, values={"state": "active", "version": 2}),
    Public(WebhookEndpointDisabled, BOTH, values={"reason": "failing"}),
)
PRIVATE: tuple[type[Fact], ...] = (
    CarrierConnectionChanged,
    KeyChanged,
    PrivacyDone,
    PrivacyRequested,
    StorePrivacyAsked,
    UserChanged,
    UserInvited,
    WebhookEndpointChanged,
)
"""Facts that stay in the log: who holds keys, who works there, who asked about customers, and where events go to and
come from."""

BY_TYPE: dict[str, Public] = {public.fact.TYPE: public for public in PUBLIC}
EXAMPLE_ID = UUID("01893726-efee-7f02-8fbf-9f2b7bc2f910")
EXAMPLE_TIME = "2026-11-24T09:30:00Z"


def body_of(type_: str, at: datetime, seq: int | None, data: Mapping[str, object]) -> str:
    """The payload as it is sent: `data` as the log keeps it, with the ids that the outside knows."""
    told = {"type": type_, "timestamp": at, "seq": seq, "data": ids.show_fact(data)}
    return msgspec.json.encode(told).decode()


def example_of(public: Public) -> dict[str, object]:
    """A payload as a receiver may get it."""
    hints = get_type_hints(public.fact)
    made = {spec.name: _example(spec.name, hints[spec.name], public.values) for spec in fields(public.fact)}
    return {"type": public.fact.TYPE, "timestamp": EXAMPLE_TIME, "seq": 42, "data": ids.show_fact(made)}


def _example(name: str, hint: object, values: Mapping[str, object]) -> object:
    if hint is UUID:
        return EXAMPLE_ID
    return [EXAMPLE_ID] if hint == tuple[UUID, ...] else values[name]


def types_for(kind: AccountKind) -> list[Public]:
    """What an account of this kind can be told of, by type."""
    return sorted((public for public in PUBLIC if kind in public.kinds), key=lambda public: public.fact.TYPE)
