"""What a shop shows of our connection with it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from fulfilhub.stores.adapters import reading
from fulfilhub.stores.adapters.port import Connection, Missing, Refused, Retry
from fulfilhub.stores.adapters.shopify import client, documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """`shop`: its permanent domain. `scopes`: what it grants. `data`: whether it lets us see who its customers are;
    None when it has no order to tell by."""

    shop: str
    scopes: tuple[str, ...]
    data: bool | None


async def look(http: httpx.AsyncClient, connection: Connection) -> Sight | Refused | Retry:
    """Ask the shop about itself, our app and its newest order."""
    answer = await client.query(http, connection, documents.CONNECTION, {})
    if isinstance(answer, Missing):
        return Refused("not_shopify", "The address does not answer as Shopify's Admin API; check it.")
    if isinstance(answer, Refused | Retry):
        return answer
    installation = reading.table(answer.get("currentAppInstallation"))
    scopes = {reading.text(row.get("handle")) for row in reading.rows(installation.get("accessScopes"))}
    return Sight(
        shop=reading.text(reading.table(answer.get("shop")).get("myshopifyDomain")).lower(),
        scopes=tuple(sorted(scopes - {""})),
        data=_shows_customers(answer),
    )


def _shows_customers(answer: client.Data) -> bool | None:
    withheld = answer.get(client.WITHHELD)
    if isinstance(withheld, list) and any(path.startswith("orders.") for path in withheld):
        return False
    order = next(iter(reading.rows(answer.get("orders"))), None)
    if order is None:
        return None
    address = reading.table(order.get("shippingAddress"))
    if reading.text(order.get("email")) or reading.text(address.get("address1")):
        return True
    # Neither e-mail address nor street, of an order that is to be sent: they are kept from us.
    return False if order.get("requiresShipping") is True else None
