"""A delivered order with its customer's link."""

from __future__ import annotations

from sqlalchemy import update

from fulfilhub.orders.models import OrderLine
from fulfilhub.platform import ids
from fulfilhub.platform.scopes import Platform
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from tests.make.shipped import ShippedOrder, shipped_order
from tests.make.world import Client


async def delivered_order(works: Works, merchant: Client, title: str = "Blue mug, hand thrown") -> ShippedOrder:
    """An order of this merchant that has arrived, all its lines with this title. `works` is the worker's."""
    made = await shipped_order(works, ids.ACCOUNT.find(merchant.account_id))
    async with works.begin(Platform("test")) as work:
        await work.db.execute(update(OrderLine).where(OrderLine.order_id == made.order_id).values(title=title))
    return made


def link(vault: Vault, made: ShippedOrder) -> str:
    """The path of the customer's page."""
    return f"/t/{ids.ORDER.show(made.order_id)}.{vault.link_mac('order', made.order_id)}"
