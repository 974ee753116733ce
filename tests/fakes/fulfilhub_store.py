"""What the fake FulfilHub keeps of one WooCommerce shop, and how it calls the shop back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from fulfilhub.stores.adapters.woocommerce.auth import basic, oauth_parameters

Json = dict[str, Any]

KNOWN_SKUS = ("MUG-", "SHIRT-", "TEE-", "BOWL-")
HELD = {"id": "", "text": "Held by the shop", "note": None, "until": None, "releasable": True}


def at(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Faults:
    """What goes wrong from now on. Changed by name with `POST /_fake`."""

    down: bool = False
    """Connections are closed without an answer."""
    mute: str = ""
    """What is asked at this path is done, but the answer is lost."""
    fail: int = 0
    """So many calls are answered 503."""
    delay: float = 0.0
    """Seconds before each answer."""
    rate_limit: int = 0
    """So many deliveries are answered 429."""
    retry_after: int = 1
    clock: int = 0
    """Seconds by which our clock is ahead."""
    refuse: dict[str, str] = field(default_factory=dict)
    """Ids of orders that are refused, and why."""
    locked: bool = False
    """Every key is answered 401."""
    no_promise: bool = False


@dataclass
class Delivery:
    """One element of a delivery, and what became of it."""

    id: str
    topic: str
    external_id: str
    outcome: str
    modified: str


class Shop:
    """How the shop is called: WooCommerce's REST keys, by OAuth 1.0a over plain HTTP."""

    def __init__(self, base_url: str, key: str, secret: str) -> None:
        self.base_url, self.key, self.secret = base_url.rstrip("/"), key, secret

    def call(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON (or text). Raises httpx.HTTPError where nothing answers."""
        url, asked, headers = f"{self.base_url}/wp-json/{path.lstrip('/')}", dict(query or {}), {}
        if urlsplit(url).scheme == "https":
            headers["Authorization"] = basic(self.key, self.secret)
        else:
            nonce = secrets.token_hex(16)
            asked = oauth_parameters(method, url, asked, self.key, self.secret, now=datetime.now(UTC), nonce=nonce)
        got = httpx.request(method, url, params=asked, json=body, headers=headers, timeout=30, trust_env=False)
        try:
            return got.status_code, got.json()
        except ValueError:
            return got.status_code, got.text


class Store:
    """One connected shop, its orders and everything that came."""

    def __init__(self) -> None:
        self.id = "store_01fake00000000000000000000"
        self.name, self.base_url = "", ""
        self.state = "none"
        self.api_keys: dict[str, float] = {}
        self.webhook_secrets: dict[str, float] = {}
        self.codes: dict[str, str] = {}
        self.shop: Shop | None = None
        self.plugin: Json = {}
        self.stock_sync = True
        self.orders: dict[str, Json] = {}
        self.deleted: set[str] = set()
        self.panels: dict[str, Json] = {}
        self.seen: set[str] = set()
        self.deliveries: list[Delivery] = []
        self.webhooks: list[Json] = []
        self.answers: dict[str, tuple[int, Json]] = {}
        self.last_received_at: str | None = None

    def connect(self, name: str, base_url: str, credentials: Json, plugin: Json | None) -> tuple[str, str]:
        """(webhook secret, store key). Old keys end at once, the old secret lives on for a day."""
        self.name, self.base_url, self.state, self.plugin = name, base_url, "active", plugin or {}
        self.shop = Shop(base_url, credentials["consumer_key"], credentials["consumer_secret"])
        self.api_keys = {}
        return self.renew()

    def renew(self) -> tuple[str, str]:
        """A new secret and key; those that were go on for a day."""
        ends = time.time() + 86400
        self.api_keys = {key: min(end, ends) for key, end in self.api_keys.items()}
        self.webhook_secrets = {each: min(end, ends) for each, end in self.webhook_secrets.items()}
        key = "fh_test_" + secrets.token_urlsafe(32)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.api_keys[key] = self.webhook_secrets[secret] = float("inf")
        return secret, key

    def knows(self, key: str) -> bool:
        return self.state == "active" and self.api_keys.get(key, 0.0) > time.time()

    def live_secrets(self) -> list[str]:
        return [each for each, end in self.webhook_secrets.items() if end > time.time()]

    def disconnect(self) -> None:
        self.state, self.shop = "disconnected", None
        self.api_keys, self.webhook_secrets = {}, {}

    def signed_by_woocommerce(self, body: bytes, signature: str) -> bool:
        made = (hmac.new(each.encode(), body, hashlib.sha256).digest() for each in self.live_secrets())
        return any(hmac.compare_digest(base64.b64encode(each).decode(), signature) for each in made)

    def take(self, element: Json, refuse: dict[str, str]) -> Json:
        """One element of a delivery -> its outcome."""
        given, topic, order = (element.get(name) for name in ("id", "topic", "order"))
        if not isinstance(given, str) or not given:
            return {"id": given, "outcome": "refused", "code": "bad_element", "detail": "id: Must be a text."}
        if given in self.seen:
            self._note(element, "duplicate")
            return {"id": given, "outcome": "duplicate"}
        fault = wrong_shape(topic, order)
        external_id = "" if fault else str(order["id"])  # type: ignore[index]
        fault = fault or refuse.get(external_id)
        if fault:
            self._note(element, "refused")
            return {"id": given, "outcome": "refused", "code": "wrong_shape", "detail": fault}
        self.seen.add(given)
        self._note(element, "accepted")
        assert isinstance(order, dict)
        self.keep(str(topic), order)
        return {"id": given, "outcome": "accepted"}

    def _note(self, element: Json, outcome: str) -> None:
        order = element.get("order")
        order = order if isinstance(order, dict) else {}
        self.last_received_at = at()
        self.deliveries.append(
            Delivery(
                str(element.get("id")),
                str(element.get("topic")),
                str(order.get("id")),
                outcome,
                str(order.get("date_modified_gmt")),
            )
        )

    def keep(self, topic: str, order: Json) -> None:
        """Newest wins, whatever came first."""
        external_id = str(order["id"])
        if topic == "order.deleted":
            self.deleted.add(external_id)
            return
        known = self.orders.get(external_id)
        if known is not None and known["date_modified_gmt"] > order["date_modified_gmt"]:
            return
        self.orders[external_id] = order
        self.panel(external_id)

    def panel(self, external_id: str) -> Json:
        """The order's panel, made when the order first came."""
        if external_id not in self.panels:
            self.panels[external_id] = _new_panel(external_id, self.orders[external_id])
        return self.panels[external_id]

    def change(self, external_id: str, changes: Json, text: str = "") -> Json:
        """Change what the panel says; its revision goes up."""
        panel = self.panel(external_id)
        panel.update(changes)
        panel["revision"] += 1
        panel["updated_at"] = at()
        if text:
            panel["timeline"].insert(0, {"at": at(), "text": text, "kind": "order"})
        return panel

    def hold(self, external_id: str, reason: str, note: str | None, until: str | None) -> Json:
        held = HELD | {"id": f"hold_{secrets.token_hex(6)}", "reason": reason, "note": note, "until": until}
        holds = [*self.panel(external_id)["holds"], held]
        return self.change(external_id, {"holds": holds, "status": "on_hold", "status_text": "On hold"}, "Held")

    def release(self, external_id: str, hold_id: str) -> Json:
        holds = [each for each in self.panel(external_id)["holds"] if each["id"] != hold_id]
        named = ("on_hold", "On hold") if holds else ("routed", "At the warehouse")
        changes = {"holds": holds, "status": named[0], "status_text": named[1]}
        return self.change(external_id, changes, "Released")

    def cancel(self, external_id: str) -> Json:
        panel = self.panel(external_id)
        if panel["actions"]["cancel"] == "request":
            asked = {"kind": "cancel", "asked_at": at(), "text": "The warehouse was asked to cancel."}
            return self.change(external_id, {"pending_requests": [*panel["pending_requests"], asked]}, asked["text"])
        nothing = {"hold": False, "release": False, "cancel": "no", "change_address": "no"}
        changes = {"status": "cancelled", "status_text": "Cancelled", "holds": [], "actions": nothing}
        return self.change(external_id, changes, "Cancelled")


def wrong_shape(topic: object, order: object) -> str | None:
    """What is wrong with an order as it was sent, in words."""
    if topic not in ("order.created", "order.updated", "order.deleted"):
        return f"topic: {topic!r} is none of ours."
    if not isinstance(order, dict) or not isinstance(order.get("id"), int):
        return "order: Must be an order with an id."
    if topic == "order.deleted":
        return None
    wanted: dict[str, type] = {"line_items": list, "refunds": list, "shipping": dict, "billing": dict, "status": str}
    wanted |= {"date_created_gmt": str, "date_modified_gmt": str, "currency": str, "total": str, "number": str}
    for name, kind in wanted.items():
        if not isinstance(order.get(name), kind):
            return f"order.{name}: Must be of type {kind.__name__}."
    for line in order["line_items"]:
        if not isinstance(line.get("id"), int) or not isinstance(line.get("quantity"), int | float):
            return "order.line_items: Each has an id and a quantity."
    for refund in order["refunds"]:
        if not isinstance(refund.get("line_items"), list):
            return "order.refunds: Each has its own line_items."
    return None


def _new_panel(external_id: str, order: Json) -> Json:
    now = datetime.now(UTC)
    promise = {
        "ship_by": at(now + timedelta(days=1)),
        "deliver_by": at(now + timedelta(days=3)),
        "state": "on_time",
        "text": "On time: leaves tomorrow, arrives within three days",
    }
    return {
        "external_id": external_id,
        "order_id": f"ord_{int(external_id):026d}",
        "revision": 1,
        "status": "cancelled" if order["status"] == "cancelled" else "routed",
        "status_text": "Cancelled" if order["status"] == "cancelled" else "At the warehouse",
        "review": [],
        "holds": [],
        "promise": promise,
        "shipments": [],
        "pending_requests": [],
        "tracking_url": f"http://127.0.0.1/t/{external_id}",
        "return_url": None,
        "actions": {"hold": True, "release": True, "cancel": "now", "change_address": "now"},
        "updated_at": at(now),
        "timeline": [{"at": at(now), "text": "Received from the shop", "kind": "order"}],
        "routing": {
            "warehouse": "Berlin",
            "decided_at": at(now),
            "text": "Berlin has everything and is the nearest",
            "excluded": [{"warehouse": "Leeds", "reason": "Has too few of MUG-RED"}],
        },
        "returns": [],
    }


STATE_HAS = (
    *("external_id", "order_id", "revision", "status", "status_text", "review", "holds", "promise", "shipments"),
    *("pending_requests", "tracking_url", "return_url", "actions", "updated_at"),
)


def state_of(panel: Json) -> Json:
    """OrderState: the part of a panel that the shop keeps."""
    return {name: panel[name] for name in STATE_HAS}
