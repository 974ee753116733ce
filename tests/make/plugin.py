"""A WooCommerce shop with our plugin in it: connected by a one-time code, handing over orders in signed letters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from tests.make.world import Client

Json = dict[str, Any]
ABOUT = {"version": "1.0.0", "woocommerce": "11.0.1", "wordpress": "7.1", "php": "8.4.1"}


@dataclass
class PluginShop:
    """The shop and its connection. `key` is the client that its plugin calls with."""

    shop: WooCommerceShop
    key: Client
    store_id: str
    secret: str

    def letter(
        self, body: bytes, *, secret: str | None = None, ago: timedelta = timedelta(), name: str = ""
    ) -> dict[str, str]:
        """The headers of a letter, signed `ago`."""
        stamp = str(int((datetime.now(UTC) - ago).timestamp()))
        letter_id = name or f"msg_{secrets.token_hex(6)}"
        signed = f"{letter_id}.{stamp}.".encode() + body
        key = (secret or self.secret).encode()
        digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return {
            "Content-Type": "application/json",
            "webhook-id": letter_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{digest}",
        }

    async def send(self, items: Sequence[object], **how: Any) -> httpx.Response:
        """Hand these items over in one letter."""
        body = json.dumps({"deliveries": list(items)}).encode()
        headers = self.letter(body, **how)
        return await self.key.http.post(f"/v1/stores/{self.store_id}/deliveries", content=body, headers=headers)

    async def hand_over(self, *orders: Mapping[str, object], topic: str = "order.created") -> list[Json]:
        """Hand whole orders over; the verdicts."""
        answer = await self.send([item(order, topic) for order in orders])
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()["data"]
        return found


def item(order: Mapping[str, object], topic: str = "order.created", name: str = "") -> Json:
    """One entry of a letter."""
    at = datetime.now(UTC).isoformat()
    return {"id": name or f"q_{secrets.token_hex(8)}", "topic": topic, "occurred_at": at, "order": dict(order)}


async def plugin_shop(merchant: Client, shop: WooCommerceShop) -> PluginShop:
    """Connect the shop as its plugin does."""
    code = (await merchant.made("/v1/store-codes", {}))["code"]
    answer = await merchant.http.post("/v1/stores/connect", json=connecting(str(code), shop))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    shop.webhook_secret = made["webhook_secret"]
    key = Client(merchant.http, made["api_key"], merchant.account_id)
    return PluginShop(shop, key, made["store"]["id"], made["webhook_secret"])


def connecting(code: str, shop: WooCommerceShop, **more: object) -> Json:
    """What the plugin sends to connect."""
    keys = {"consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret}
    return {
        "code": code,
        "platform": "woocommerce",
        "name": "Ada's Mugs",
        "base_url": shop.url,
        "credentials": keys,
        "plugin": ABOUT,
        **more,
    }
