"""Accounts and their keys, made with a platform key through the API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import httpx

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Client:
    """An API client with one key. `post` sends an Idempotency-Key unless told otherwise."""

    http: httpx.AsyncClient
    key: str
    account_id: str

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **(more or {})}

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers())

    async def post(self, path: str, body: object = None, once: str | None = "", **headers: str) -> httpx.Response:
        if once == "":
            once = secrets.token_hex(8)
        sent = self.headers(headers) | ({"Idempotency-Key": once} if once else {})
        return await self.http.post(path, json=body, headers=sent)

    async def patch(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.http.patch(path, json=body, headers=self.headers(headers))

    async def put(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.http.put(path, json=body, headers=self.headers(headers))

    async def made(self, path: str, body: object = None) -> JsonObject:
        """POST that must succeed; the entity."""
        answer = await self.post(path, body)
        assert answer.status_code in {200, 201}, (path, answer.status_code, answer.text)
        result: JsonObject = answer.json()
        return result


async def account(http: httpx.AsyncClient, platform_key: str, kind: str, name: str, mode: str = "live") -> Client:
    """A new merchant or partner."""
    operator = Client(http, platform_key, "")
    answer = await operator.post("/v1/accounts", {"kind": kind, "name": name})
    assert answer.status_code == 201, answer.text
    made = answer.json()[mode]
    return Client(http, made["secret"], made["account_id"])
