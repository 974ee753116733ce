"""Who hears what: fact -> the jobs it queues. Read it to know the whole system."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from fulfilhub.catalogue.events import KitChanged
from fulfilhub.fulfilment.events import (
    FulfilmentCancelled,
    FulfilmentChangeAnswered,
    FulfilmentLinesRejected,
    FulfilmentRejected,
    FulfilmentReleased,
    FulfilmentShortPicked,
)
from fulfilhub.inventory.events import StockAdjusted, StockReceived
from fulfilhub.orders.events import (
    OrderCancelled,
    OrderCancelRequested,
    OrderHeld,
    OrderHoldReleased,
    OrderReceived,
    OrderReviewNeeded,
    OrderUpdated,
)
from fulfilhub.platform.events import Fact
from fulfilhub.privacy.events import PrivacyRequested
from fulfilhub.shipping.events import OrderDelivered, ParcelAdvanced, ShipmentCreated
from fulfilhub.stores.events import StorePrivacyAsked, StoreTold

HEARD_BY: dict[type[Fact], tuple[str, ...]] = {
    FulfilmentCancelled: ("fulfilment.route_orders",),
    FulfilmentChangeAnswered: ("stores.heed_orders",),
    FulfilmentLinesRejected: ("fulfilment.route_orders", "stores.heed_orders"),
    FulfilmentRejected: ("fulfilment.route_orders", "stores.heed_orders"),
    FulfilmentReleased: ("fulfilment.follow_orders",),
    FulfilmentShortPicked: ("fulfilment.route_orders", "stores.heed_orders"),
    KitChanged: ("fulfilment.route_waiting",),
    OrderCancelRequested: ("fulfilment.follow_orders",),
    OrderCancelled: ("shipping.judge_promises", "stores.heed_orders"),
    OrderDelivered: ("shipping.judge_promises",),
    OrderHeld: ("fulfilment.follow_orders",),
    OrderHoldReleased: ("fulfilment.follow_orders", "fulfilment.route_orders"),
    OrderReceived: ("fulfilment.route_orders",),
    OrderReviewNeeded: ("fulfilment.follow_orders",),
    OrderUpdated: ("fulfilment.follow_orders", "fulfilment.route_orders"),
    ParcelAdvanced: ("stores.tell_milestones",),
    PrivacyRequested: ("privacy.carry_out",),
    ShipmentCreated: ("billing.charge_order", "shipping.judge_promises", "stores.tell_shipment"),
    StockAdjusted: ("fulfilment.route_waiting",),
    StoreTold: ("stores.heed_orders", "stores.tell_milestones"),
    StockReceived: ("fulfilment.route_waiting",),
    StorePrivacyAsked: ("privacy.take_ask",),
}

SCHEDULES: dict[str, str] = {
    "accounts.end_contracts": "3 * * * *",
    "fulfilment.retry_waiting": "7 * * * *",
    "fulfilment.watch_lateness": "* * * * *",
    "people.forget": "41 * * * *",
    "platform.expire_raw": "17 * * * *",
    "privacy.expire_exports": "27 * * * *",
    "shipping.forget_early": "57 * * * *",
    "shipping.watch_promises": "*/5 * * * *",
    "stores.renew_tokens": "23 4 * * *",
    "stores.pull_due": "* * * * *",
    "stores.sweep_due": "* * * * *",
    "stores.sweep_goods_due": "*/5 * * * *",
    "stores.watch": "*/5 * * * * *",
    "webhooks.forget": "37 * * * *",
}
"""Repeating jobs of the platform: kind -> cron expression (UTC; with six fields, the first is seconds)."""

TASK_MODULES = (
    "fulfilhub.platform.retention",
    "fulfilhub.platform.jobs.passing",
    "fulfilhub.accounts.tasks",
    "fulfilhub.people.tasks",
    "fulfilhub.fulfilment.tasks",
    "fulfilhub.shipping.tasks",
    "fulfilhub.stores.tasks",
    "fulfilhub.stores.tasks.assigning",
    "fulfilhub.carriers.tasks",
    "fulfilhub.billing.tasks",
    "fulfilhub.returns.tasks",
    "fulfilhub.privacy.tasks",
    "fulfilhub.webhooks.tasks",
)


def load_tasks() -> None:
    """Import every module that registers tasks."""
    for name in TASK_MODULES:
        if find_spec(name):
            importlib.import_module(name)
