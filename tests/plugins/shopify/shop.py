"""A shop as a browser meets it: pages with our blocks or our extension in them, and `/apps/track`, which Shopify's app
proxy signs and passes on."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from litestar import HttpMethod, Litestar, Request, Response, get, route
from litestar.datastructures import State
from litestar.params import FromPath

from tests.plugins.shopify.node import ACCOUNT, BLOCKS, rendered
from tests.stores.fronts import SHOP, signed

HOST = (Path(__file__).parent / "host.js").read_text()
STYLE = """
body { font: 16px/1.5 sans-serif; margin: 0 auto; max-width: 40rem; padding: 1rem; color: #222; }
.button { background: #222; color: #fff; border: 0; border-radius: 4px; padding: .6rem 1.2rem; font: inherit; }
s-section, s-stack, s-box, s-banner, s-customer-account-action, s-details, s-skeleton-paragraph { display: block; }
s-stack { display: flex; flex-direction: column; gap: .75rem; } s-stack[direction=inline] { flex-direction: row; }
s-box, s-banner, s-section { border: 1px solid #ccc; border-radius: 8px; padding: 1rem; }
s-badge { background: #eee; border-radius: 9px; padding: 0 .6rem; align-self: flex-start; }
s-badge[tone=critical] { background: #fdd; } s-text[type=strong] { font-weight: 600; }
s-button { display: inline-block; background: #222; color: #fff; border-radius: 4px; padding: .5rem 1rem;
  cursor: pointer; align-self: flex-start; }
s-link { color: #06c; text-decoration: underline; } s-ordered-list, s-unordered-list, s-list-item { display: block; }
s-skeleton-paragraph { background: #eee; height: 1rem; } s-text { overflow-wrap: anywhere; }
"""
BUNDLES = {
    "status": "customer-account.order-status.block.render",
    "menu": "customer-account.order.action.menu-item.render",
    "action": "customer-account.order.action.render",
}
Told = Mapping[str, object]


def theme_page(block: str, asset: str, context: dict[str, object], language: str = "en", more: str = "") -> str:
    """A page of a theme with one of our blocks, and what its schema says it brings."""
    return f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>{STYLE}</style><link rel="stylesheet" href="/assets/fulfilhub.css"></head><body>{more}
{rendered(block, context, language)}<script src="/assets/{asset}" defer></script></body></html>"""


def account_page(bundle: str, told: Told, language: str = "en") -> str:
    """The page around an extension in customer accounts. `told` is what Shopify lets it know."""
    words = json.loads((ACCOUNT / "locales" / f"{language}{'.default' if language == 'en' else ''}.json").read_text())
    given = json.dumps({"words": words, "language": language, **told})
    return f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Account</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>{STYLE}</style></head><body><script type="application/json" id="told">{given}</script>
<script>{HOST}</script><script src="/bundles/{BUNDLES[bundle]}"></script></body></html>"""


def shop_app(pages: dict[str, str], scripts: Mapping[str, str], fulfilhub: str) -> Litestar:
    """The shop with these pages, in front of FulfilHub at this address."""

    @get("/pages/{name:str}", media_type="text/html")
    async def page(name: FromPath[str]) -> str:
        return pages[name]

    @get("/assets/{name:str}")
    async def asset(name: FromPath[str]) -> Response[bytes]:
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response((BLOCKS / "assets" / name).read_bytes(), media_type=kind)

    @get("/bundles/{name:str}", media_type="text/javascript")
    async def bundle(name: FromPath[str]) -> str:
        return scripts[name]

    @route(["/apps/track", "/apps/track/{path:path}"], http_method=[HttpMethod.GET, HttpMethod.POST])
    async def passed_on(request: Request[Any, Any, State], path: FromPath[str] = "") -> Response[bytes]:
        query = {name: str(value) for name, value in request.query_params.items()}
        query |= {"shop": SHOP, "path_prefix": "/apps/track", "timestamp": str(int(time.time()))}
        kept = {"accept", "content-type", "user-agent"}
        headers = {name: value for name, value in request.headers.items() if name.lower() in kept}
        async with httpx.AsyncClient(base_url=fulfilhub) as client:
            answer = await client.request(
                request.method,
                signed(f"/shopify/proxy{path}", query),
                content=await request.body(),
                headers=headers | {"X-Forwarded-For": "203.0.113.7"},
            )
        dropped = {"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "date"}
        shown = {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
        kind = answer.headers.get("content-type", "text/plain").partition(";")[0]
        return Response(answer.content, status_code=answer.status_code, headers=shown, media_type=kind)

    return Litestar([page, asset, bundle, passed_on], openapi_config=None)
