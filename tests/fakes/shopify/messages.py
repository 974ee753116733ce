"""What a shop sends by itself: webhooks and the pings of fulfilment services, signed, and carried as Shopify carries
them: eight attempts, in no sure order, and now and then not at all."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from fulfilhub.demo.storefronts.shop import signature

if TYPE_CHECKING:
    from tests.fakes.shopify.shop import Shop

ATTEMPTS = 8


@dataclass(slots=True)
class Subscription:
    """Messages of `topics` (none given: all) go to `uri`. `secret`: signed with another key than the app's, as those
    are that a merchant makes by hand."""

    uri: str
    topics: frozenset[str] = frozenset()
    secret: str | None = None
    name: str | None = None
    id: str = ""


@dataclass(slots=True)
class Message:
    """One message on its way: POST `body` with `headers` to `uri`."""

    uri: str
    topic: str
    headers: dict[str, str]
    body: bytes
    attempts: int = 0

    @property
    def payload(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Outbox:
    """`losing` and `doubling`: the shares of messages that never leave, or leave twice (the same one). `shuffled`: they
    are carried in any order. `lost` and `carried` remember what became of them."""

    waiting: deque[Message] = field(default_factory=deque)
    subscriptions: list[Subscription] = field(default_factory=list)
    losing: float = 0.0
    doubling: float = 0.0
    shuffled: bool = False
    lost: list[Message] = field(default_factory=list)
    carried: list[Message] = field(default_factory=list)

    def put(self, shop: Shop, news: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Write a message to each subscriber of each topic."""
        event = _uuid(shop.chance)
        for topic, payload in news:
            for one in self.subscriptions:
                if not one.topics or topic in one.topics:
                    self._send(shop, message(shop, one.uri, topic, payload, event=event, secret=one.secret))

    def ping(self, shop: Shop, uri: str, payload: Mapping[str, Any]) -> None:
        """Write to a fulfilment service's callback address."""
        self._send(shop, message(shop, uri, "", payload, event=_uuid(shop.chance)))

    def _send(self, shop: Shop, one: Message) -> None:
        if shop.chance.random() < self.losing:
            self.lost.append(one)
            return
        self.waiting.append(one)
        if shop.chance.random() < self.doubling:
            self.waiting.append(Message(one.uri, one.topic, one.headers, one.body))

    async def carry(self, http: httpx.AsyncClient, chance: random.Random | None = None) -> int:
        """Carry all that waits, once each; what is not taken (2xx) waits again until its attempts are spent. How many
        were taken."""
        batch = list(self.waiting)
        self.waiting.clear()
        if self.shuffled:
            (chance or random.Random(1)).shuffle(batch)
        taken = 0
        for one in batch:
            one.attempts += 1
            try:
                answer = await http.post(one.uri, content=one.body, headers=one.headers)
                done = answer.is_success
            except httpx.TransportError:
                done = False
            taken += done
            if done:
                self.carried.append(one)
            elif one.attempts < ATTEMPTS:
                self.waiting.append(one)
            else:
                self.lost.append(one)
        return taken

    def of(self, topic: str) -> list[Message]:
        """What waits of this topic."""
        return [one for one in self.waiting if one.topic == topic]


def message(
    shop: Shop,
    uri: str,
    topic: str,
    payload: Mapping[str, Any],
    *,
    event: str = "",
    secret: str | None = None,
) -> Message:
    """A message as Shopify signs and labels it. A ping of a fulfilment service has no topic."""
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {
        "User-Agent": "Shopify-Captain-Hook",
        "Content-Type": "application/json",
        "X-Shopify-Hmac-Sha256": signature(secret or shop.client_secrets[0], body),
        "X-Shopify-Shop-Domain": shop.domain,
        "X-Shopify-API-Version": shop.api_versions[0],
        "X-Shopify-Webhook-Id": _uuid(shop.chance),
        "X-Shopify-Event-Id": event or _uuid(shop.chance),
        "X-Shopify-Triggered-At": shop.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if topic:
        headers["X-Shopify-Topic"] = topic
    return Message(uri, topic, headers, body)


def _uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
