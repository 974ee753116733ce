"""What the page for carriers shows is what works."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fulfilhub.carriers.rules import Event
from fulfilhub.shipping.rules import TrackingState
from tests.carriers.conftest import Connected, connect, event
from tests.fakes.receiver import FakeReceiver, Got, Reply, receiver
from tests.make.carriers import Letter
from tests.make.scene import Scene

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "carriers.md").read_text()
TOOLS = all(shutil.which(name) for name in ("bash", "curl", "openssl", "od"))


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


async def sent(call: Callable[[FakeReceiver], object]) -> Got:
    """The request that this makes, caught by a server that listens."""
    async with receiver() as server:
        server.always = Reply(200, {"content-type": "application/json"}, b'{"received":true,"repeated":false}')
        await asyncio.to_thread(call, server)
        (got,) = server.got
    return got


async def is_taken(scene: Scene, evri: Connected, got: Got, shipment: str) -> None:
    assert (await evri.post(Letter(got.headers, got.body))).status_code == 200
    await scene.hand.work_off()
    assert await scene.state(shipment) == "in_transit"


async def test_python(scene: Scene) -> None:
    evri, shipment = await connect(scene.merchant), await scene.ship("H01")
    names: dict[str, Any] = {}
    exec(snippets("python")[0], names)  # noqa: S102 - our own page
    told = [event("H01", "in_transit", text="Unterwegs nach Zürich")]
    got = await sent(lambda server: names["deliver"](server.url, evri.secret, told))
    await is_taken(scene, evri, got, shipment)


@pytest.mark.skipif(not TOOLS, reason="there is no curl or openssl on this machine")
async def test_shell(scene: Scene) -> None:
    evri, shipment = await connect(scene.merchant), await scene.ship("H01")
    (script,) = [each for each in snippets("sh") if "openssl" in each]

    def run(server: FakeReceiver) -> None:
        env = {**os.environ, "URL": server.url, "SECRET": evri.secret}
        subprocess.run(["bash", "-euc", script], env=env, check=True, capture_output=True, timeout=60)

    await is_taken(scene, evri, await sent(run), shipment)


async def test_the_call_that_connects(scene: Scene) -> None:
    body = re.search(r"-d '(\{.*?\})'", snippets("sh")[0], re.DOTALL)
    assert body is not None
    evri = await connect(scene.merchant, **json.loads(body[1]))
    await evri.send([event("H01", "", code="NOTE")])
    await scene.hand.work_off()
    assert [each["state"] for each in await evri.messages()] == ["read"]


def test_the_page_names_every_member_and_every_word() -> None:
    assert all(f"`{name}`" in PAGE for name in (*Event.__struct_fields__, *map(str, TrackingState)))
