"""A small FulfilHub of one store: what our WooCommerce plugin speaks with, over real HTTP and with real signatures.

By hand, from the root of the repository: `python -m tests.fakes.fulfilhub_api PORT`. Then:

- `POST /_fake` with any field of Faults breaks and mends it: {"down": true}, {"delay": 3}, {"refuse": {"17": "why"}}.
- `GET /_fake` shows all it has; `POST /_fake/code` makes a connection code.
- `POST /_fake/order {"external_id", "changes"?, "text"?, "push"?: true}` changes an order's panel and tells the shop.
- `POST /_fake/ship {"external_id", "reference", "lines"?, "parcels", "completes_order"?, "notify_customer"?}` ships.
- `POST /_fake/call {"method", "path", "body"?}` calls the shop with the store's REST keys (path: wc-fulfilhub/v1/ping).
- `/connect` is the page on which a merchant approves.
"""

from __future__ import annotations

import html
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fakes.fulfilhub_answers import FulfilHub, Problem
from tests.fakes.fulfilhub_store import Json


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: ClassVar[FulfilHub]

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if parts.path.startswith("/_fake"):
            return self._json(200, self.hub.control(parts.path, json.loads(raw or b"{}")))
        if self.hub.faults.down:
            self.close_connection = True
            return None
        if parts.path == self.hub.faults.mute:
            self.close_connection = True
            with suppress(Problem):
                self.hub.answer(self.command, parts.path, query, self._lowered(), raw)
            return None
        if self.hub.faults.delay:
            time.sleep(self.hub.faults.delay)
        if parts.path == "/connect":
            return self._page(query)
        try:
            status, body = self.hub.answer(self.command, parts.path, query, self._lowered(), raw)
        except Problem as problem:
            return self._json(problem.status, problem.body, problem.headers, "application/problem+json")
        return self._json(status, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - so http.server looks for them

    def _lowered(self) -> Json:
        return {name.lower(): value for name, value in self.headers.items()}

    def _page(self, query: Json) -> None:
        """The merchant's browser: asks, then goes back to the shop."""
        back, state = query["return_url"], query["state"]
        joint = "&" if urlsplit(back).query else "?"
        if answered := query.get("answer"):
            made = {"code": self.hub.code(query.get("code_challenge", ""))}
            told = {"state": state} | (made if answered == "yes" else {"error": "access_denied"})
            return self._send(303, b"", "text/html", {"Location": f"{back}{joint}{urlencode(told)}"})
        links = " ".join(
            f'<a id="{a}" href="?{html.escape(urlencode(query | {"answer": a}))}">{a}</a>' for a in ("yes", "no")
        )
        return self._send(200, f"<h1>Connect {html.escape(query['shop_name'])}?</h1>{links}".encode(), "text/html")

    def _json(
        self, status: int, body: Any, headers: dict[str, str] | None = None, kind: str = "application/json"
    ) -> None:
        self._send(status, b"" if body is None else json.dumps(body).encode(), kind, headers)

    def _send(self, status: int, raw: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.hub.faults.clock)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def fulfilhub_api(port: int = 0) -> Iterator[FulfilHub]:
    """Serve a FulfilHub on this port of 127.0.0.1 (any free one by default) until the block ends."""
    hub = FulfilHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        running.start()
        try:
            yield hub
        finally:
            server.shutdown()
            running.join()


if __name__ == "__main__":
    with fulfilhub_api(int(sys.argv[1])) as served:
        sys.stdout.write(f"{served.url}  code: {served.code()}\n")
        sys.stdout.flush()
        threading.Event().wait()
