"""What the fake FulfilHub answers: the rules behind its HTTP server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.fakes.fulfilhub_store import KNOWN_SKUS, Faults, Json, Shop, Store, at, state_of


class Problem(Exception):
    """Answered as RFC 9457 says."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers or {}
        self.body: Json = {"type": "about:blank", "status": status, "code": code, "title": code, "detail": detail}
        self.body |= {"errors": [], **more}


class FulfilHub:
    """The state and the rules; the handler below only speaks HTTP."""

    def __init__(self) -> None:
        self.store, self.faults = Store(), Faults()
        self.calls: Counter[str] = Counter()
        self.url = ""
        self._lock = threading.RLock()

    def code(self, challenge: str = "") -> str:
        """A connection code, good once."""
        made = "fhc_" + secrets.token_urlsafe(12)
        self.store.codes[made] = challenge
        return made

    def clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.faults.clock)

    def answer(self, method: str, path: str, query: Json, headers: Json, raw: bytes) -> tuple[int, Any]:
        """Raises Problem."""
        with self._lock:
            self.calls[f"{method} {re.sub(r'/[0-9]+', '/N', path)}"] += 1
            if self.faults.fail > 0:
                self.faults.fail -= 1
                raise Problem(503, "unavailable", "Try again.")
        if method == "POST" and path == "/v1/stores/connect":
            return 201, self._connect(_object(raw))
        if found := re.fullmatch(r"/v1/stores/([^/]+)/deliveries", path):
            return 200, self._deliveries(found[1], headers, raw)
        if found := re.fullmatch(r"/v1/stores/([^/]+)/webhooks/woocommerce", path):
            return self._webhook(headers, raw)
        if path == "/v1/storefront" or path.startswith("/v1/storefront/"):
            key = headers.get("authorization", "").removeprefix("Bearer ")
            if self.faults.locked or not self.store.knows(key):
                raise Problem(401, "bad_key", "This key is not known, or was revoked.")
            return self._storefront(method, path.removeprefix("/v1/storefront"), query, headers, raw)
        raise Problem(404, "not_found", f"There is nothing at {path}.")

    def _connect(self, given: Json) -> Json:
        challenge = self.store.codes.pop(str(given.get("code")), None)
        if challenge is None:
            raise Problem(409, "bad_code", "This code is not known, was used, or is over. Make a new one.")
        verifier = str(given.get("code_verifier", "")).encode()
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
        if challenge and not secrets.compare_digest(proof, challenge):
            raise Problem(409, "bad_code", "The code was made for somebody else.")
        if given.get("platform") != "woocommerce" or not given.get("name") or not given.get("base_url"):
            raise Problem(422, "invalid", "platform, name and base_url are needed.")
        plugin, credentials = given.get("plugin"), given["credentials"]
        secret, key = self.store.connect(given["name"], given["base_url"], credentials, plugin)
        made: Json = {"store": self._store_out(), "webhook_secret": secret}
        return made | ({"api_key": key} if plugin else {})

    def _store_out(self) -> Json:
        store = self.store
        door = f"{self.url}/v1/stores/{store.id}/webhooks/woocommerce"
        return {"id": store.id, "name": store.name, "state": store.state, "base_url": store.base_url} | {
            "platform": "woocommerce",
            "webhook_url": door,
        }

    def _deliveries(self, store_id: str, headers: Json, raw: bytes) -> Json:
        if store_id != self.store.id:
            raise Problem(404, "not_found", "No such store.")
        if self.faults.rate_limit > 0:
            self.faults.rate_limit -= 1
            raise Problem(429, "too_many_requests", "Slow down.", {"Retry-After": str(self.faults.retry_after)})
        self._verify(headers, raw)
        elements = _object(raw).get("deliveries")
        if not isinstance(elements, list) or not 1 <= len(elements) <= 50:
            raise Problem(422, "invalid", "deliveries: Must be 1 to 50.")
        with self._lock:
            return {"data": [self.store.take(each, self.faults.refuse) for each in elements]}

    def _verify(self, headers: Json, raw: bytes) -> None:
        stamp, now = headers.get("webhook-timestamp", ""), self.clock()
        if not stamp.isdecimal():
            raise Problem(401, "bad_signature", "webhook-timestamp is missing.")
        if abs(now.timestamp() - int(stamp)) > 300:
            raise Problem(401, "stale_timestamp", "The clocks differ by over 5 minutes.", server_time=at(now))
        for secret in self.store.live_secrets():
            try:
                # The library compares with its own clock: what differs from ours was judged above.
                _Signed(secret).check(raw, headers)
            except WebhookVerificationError:
                continue
            return
        raise Problem(401, "bad_signature", "No secret of this store made this signature.")

    def _webhook(self, headers: Json, raw: bytes) -> tuple[int, Any]:
        """WooCommerce's own webhooks, the second way in."""
        topic = headers.get("x-wc-webhook-topic", "")
        if not topic:
            return 204, None
        if not self.store.signed_by_woocommerce(raw, headers.get("x-wc-webhook-signature", "")):
            raise Problem(401, "bad_signature", "No secret of this store made this signature.")
        with self._lock:
            # Only noted: what the queue brings is to be seen by itself.
            self.store.webhooks.append({"topic": topic, "order": _object(raw).get("id"), "at": at()})
        return 204, None

    def _about(self) -> Json:
        waiting = [each for each, panel in self.store.panels.items() if panel["review"]]
        intake = {"last_received_at": self.store.last_received_at, "waiting": 0, "needs_review": len(waiting)}
        return {
            "store": {k: v for k, v in self._store_out().items() if k in ("id", "name", "state", "base_url")},
            "organisation": "Ada's Mugs",
            "mode": "test",
            "server_time": at(self.clock()),
            "api_version": "2026-11-25",
            "tracking_page": f"{self.url}/t/",
            "stock_sync": self.store.stock_sync,
            "intake": intake,
            "outgoing": {"waiting": 0, "failed": 0},
        }

    def _storefront(self, method: str, path: str, query: Json, headers: Json, raw: bytes) -> tuple[int, Any]:
        match method, path:
            case "GET", "":
                return 200, self._about()
            case "PATCH", "":
                given = _object(raw)
                self.store.plugin.update(given.get("plugin") or {})
                self.store.stock_sync = (given.get("settings") or {}).get("stock_sync", self.store.stock_sync)
                return 200, self._about()
            case "DELETE", "":
                self.store.disconnect()
                return 204, None
            case "POST", "/rotate":
                fresh = _object(raw).get("credentials")
                if fresh:
                    self.store.shop = Shop(self.store.base_url, fresh["consumer_key"], fresh["consumer_secret"])
                secret, key = self.store.renew()
                return 200, {"webhook_secret": secret, "api_key": key}
            case "POST", "/checks":
                return 200, {"checks": self._checks()}
            case "POST", "/promises":
                return 200, self._promises(_object(raw))
            case "GET", "/orders":
                asked = str(query.get("external_ids", "")).split(",")
                if len(asked) > 100:
                    raise Problem(422, "invalid", "external_ids: At most 100.")
                return 200, {"data": [state_of(self.store.panels[each]) for each in asked if each in self.store.panels]}
        if found := re.fullmatch(r"/orders/([^/]+)(?:/(hold|release|cancel|address))?", path):
            return self._order(method, found[1], found[2], headers, raw)
        raise Problem(404, "not_found", f"There is nothing at {path}.")

    def _order(self, method: str, external_id: str, verb: str | None, headers: Json, raw: bytes) -> tuple[int, Any]:
        store = self.store
        if external_id not in store.panels:
            raise Problem(404, "order_not_here", "FulfilHub has no such order yet.")
        if method == "GET" and verb is None:
            return 200, store.panels[external_id]
        once = headers.get("idempotency-key", "")
        if once and once in store.answers:
            return store.answers[once]
        given = _object(raw)
        match verb:
            case "hold" if given.get("reason"):
                panel = store.hold(external_id, given["reason"], given.get("note"), given.get("until"))
            case "release" if given.get("hold_id"):
                panel = store.release(external_id, given["hold_id"])
            case "cancel":
                panel = store.cancel(external_id)
            case "address" if isinstance(given.get("ship_to"), dict):
                panel = store.change(external_id, {"ship_to": given["ship_to"]}, "The address was changed")
            case _:
                raise Problem(422, "invalid", "Something is missing.")
        if once:
            store.answers[once] = (200, panel)
        return 200, panel

    def _promises(self, given: Json) -> Json:
        lines = given.get("lines") or []
        known = [str(each.get("sku", "")).startswith(KNOWN_SKUS) for each in lines]
        if self.faults.no_promise or not any(known):
            return {"options": [], "complete": False}
        now = self.clock()
        options = [
            {
                "service": service,
                "name": name,
                "ship_by": at(now + timedelta(days=1)),
                "deliver_by": at(now + timedelta(days=days)),
                "deliver_by_text": f"Delivered by {now + timedelta(days=days):%A, %-d %B}",
            }
            for service, name, days in (("standard", "Standard", 3), ("express", "Express", 2))
        ]
        return {"options": options, "complete": all(known)}

    def _checks(self) -> list[Json]:
        """Calls the shop for real."""
        assert self.store.shop is not None
        nonce = secrets.token_hex(8)
        try:
            status, body = self.store.shop.call("GET", "wc-fulfilhub/v1/ping", query={"nonce": nonce})
        except httpx.HTTPError as error:
            return [_check("reachable", str(error), "Let our servers through your firewall.")]
        well = status == 200 and isinstance(body, dict) and body.get("nonce") == nonce
        told = "" if well else f"HTTP {status}: {json.dumps(body)[:200]}"
        checks = [_check("reachable", ""), _check("tls", ""), _check("rest_api", "" if status != 404 else told)]
        checks += [_check("credentials", "" if status not in (401, 403) else told, "Connect again.")]
        checks += [_check("plugin", told, "Switch the plugin on.")]
        if well:
            apart = abs((self.clock() - datetime.fromisoformat(body["time"])).total_seconds())
            late = f"The shop's clock differs by {apart:.0f} s." if apart > 60 else ""
            checks += [_check("clock", late, "Let the server set its clock by NTP."), _check("versions", "")]
        return checks

    def control(self, path: str, given: Json) -> Any:
        """What the test, or a person at a terminal, does."""
        store = self.store
        match path:
            case "/_fake":
                for name, value in given.items():
                    setattr(self.faults, name, value)
            case "/_fake/code":
                return {"code": self.code()}
            case "/_fake/order":
                panel = store.change(given["external_id"], given.get("changes") or {}, given.get("text", ""))
                return {"panel": panel} | (self.tell(given["external_id"]) if given.get("push", True) else {})
            case "/_fake/ship":
                return self.ship(**given)
            case "/_fake/call" if store.shop is not None:
                status, body = store.shop.call(given.get("method", "GET"), given["path"], given.get("body"))
                return {"status": status, "body": body}
        return {
            "faults": asdict(self.faults),
            "calls": self.calls,
            "store": self._store_out() | {"plugin": store.plugin},
            "orders": store.orders,
            "deleted": sorted(store.deleted),
            "deliveries": [asdict(each) for each in store.deliveries],
            "webhooks": store.webhooks,
        }

    def tell(self, external_id: str) -> Json:
        """Push an order's state to the shop."""
        assert self.store.shop is not None
        state = state_of(self.store.panels[external_id])
        status, body = self.store.shop.call("PUT", f"wc-fulfilhub/v1/orders/{external_id}/state", state)
        return {"status": status, "body": body}

    def ship(
        self,
        external_id: str,
        reference: str,
        parcels: list[Json],
        lines: list[Json] | None = None,
        completes_order: bool = True,
        notify_customer: bool = True,
    ) -> Json:
        """Ship lines (all by default): tell the shop of the shipment, then of the order's state."""
        assert self.store.shop is not None
        ordered = self.store.orders[external_id]["line_items"]
        lines = lines or [{"line_id": str(each["id"]), "quantity": each["quantity"]} for each in ordered]
        told_before = [each for each in self.store.panel(external_id)["shipments"] if each["reference"] == reference]
        left = told_before[0]["shipped_at"] if told_before else at()
        body: Json = {"carrier": "dhl", "carrier_name": "DHL", "shipped_at": left, "lines": lines, "parcels": parcels}
        body |= {"completes_order": completes_order, "notify_customer": notify_customer}
        status, told = self.store.shop.call("PUT", f"wc-fulfilhub/v1/orders/{external_id}/shipments/{reference}", body)
        more: Json = {"state": "in_transit", "state_text": "On its way", "delivered_at": None}
        made: Json = {name: body[name] for name in ("shipped_at", "carrier", "carrier_name")} | {"reference": reference}
        # Everything is in the first parcel.
        made["parcels"] = [each | more | {"lines": [] if i else lines} for i, each in enumerate(parcels)]
        others = [each for each in self.store.panel(external_id)["shipments"] if each["reference"] != reference]
        named = ("shipped", "Shipped") if completes_order else ("partially_shipped", "Partly shipped")
        changes: Json = {"shipments": [*others, made], "status": named[0], "status_text": named[1]}
        changes["actions"] = {"hold": False, "release": False, "cancel": "request", "change_address": "no"}
        self.store.change(external_id, changes, f"Parcel handed to DHL ({named[1].lower()})")
        return {"status": status, "body": told, "state": self.tell(external_id)}


class _Signed(Webhook):
    """Standard Webhooks' own check, with the message's time for the clock."""

    def check(self, raw: bytes, headers: Json) -> None:
        """Raises WebhookVerificationError."""
        stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        made = self.sign(str(headers.get("webhook-id", "")), stamp, raw.decode())
        given = str(headers.get("webhook-signature", "")).split(" ")
        if not any(secrets.compare_digest(made, each) for each in given):
            raise WebhookVerificationError("No matching signature found")


def _check(name: str, wrong: str, fix: str = "") -> Json:
    return {"name": name, "ok": not wrong, "code": name if wrong else None, "detail": wrong or "Well", "fix": fix}


def _object(raw: bytes) -> Json:
    try:
        made = json.loads(raw or b"{}")
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise Problem(400, "bad_json", "The body must be a JSON object.")
    return made
