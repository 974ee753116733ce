"""What the page about WooCommerce shows is what works."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from fulfilhub.app import contract, make_app
from fulfilhub.demo.storefronts.woocommerce import WooCommerceShop
from fulfilhub.platform.settings import Settings
from tests.fakes.serving import free_port, serving
from tests.make.plugin import plugin_shop
from tests.make.world import Client

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "woocommerce.md").read_text()
BASH = shutil.which("bash")
TOOLS = all(shutil.which(name) for name in ("bash", "curl", "openssl"))


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


async def run(folder: Path, names: Mapping[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        str(BASH), "-eu", "-c", snippet("bash"), cwd=folder, env={**os.environ, **names}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


@pytest.mark.skipif(not TOOLS, reason="bash, curl and openssl are needed")
async def test_an_order_handed_over_with_curl(
    settings: Settings, merchant: Client, shop: WooCommerceShop, tmp_path: Path
) -> None:
    plugged = await plugin_shop(merchant, shop)
    order = shop.place_order([(shop.stock("MUG", "Mug", "8.50"), 1)], note="Zoë's — ring twice")
    (tmp_path / "order.json").write_text(json.dumps(order, ensure_ascii=False))
    async with serving(make_app(settings), free_port()) as url:
        names = {"FULFILHUB": url, "STORE_ID": plugged.store_id, "SECRET": plugged.secret}
        (verdict,) = json.loads(await run(tmp_path, names))["data"]
        assert (verdict["outcome"], verdict["id"][:4]) == ("accepted", "msg_")
        refused = json.loads(await run(tmp_path, {**names, "SECRET": "another"}))
    assert refused["code"] == "bad_signature"


async def test_every_address_on_the_page_is_in_the_contract() -> None:
    known = {re.sub(r"{\w+}", "*", path) for path in json.loads(contract())["paths"]}
    named = re.findall(r"(?:GET|POST|PATCH|DELETE) (/v1/[\w/{}-]+)", PAGE)
    assert len(named) > 12
    for path in named:
        shown = re.sub(r"{\w+}|(?<=orders/)11(?=$|/)", "*", path)
        assert shown in known, path
