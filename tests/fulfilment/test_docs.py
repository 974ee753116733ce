"""What the page for partners shows is what works: its calls, in their order."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Any

from fulfilhub.accounts.rules import Contact
from fulfilhub.fulfilment.queries.claims import Wanted
from fulfilhub.fulfilment.rules import Negotiation, WorkState
from fulfilhub.platform.clock import utc_now
from fulfilhub.webhooks.rules.payloads import PUBLIC
from tests.make.scene import HALL, Scene

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "partners.md").read_text()
CALL = re.compile(
    r'^curl "?\$URL(?P<path>[^\s"]+)"?(?P<post> -X POST)?(?P<headers>(?: -H "[^"]*")*)'
    r"(?: --json @- <<EOF\n(?P<body>.*?)\nEOF)?$",
    re.DOTALL | re.MULTILINE,
)
HEADER = re.compile(r'-H "([^:]+): ([^"]*)"')


class Day:
    """The page's calls, one after the other; `names` are its variables."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        shown = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
        self.calls = list(CALL.finditer(shown))
        self.names: dict[str, str] = {"KEY": scene.partner.key, "SHOP_KEY": scene.merchant.key}

    async def next(self, path: str, **names: Any) -> Any:
        """The next call, which must be of this kind, and its answer."""
        self.names |= {name: str(value) for name, value in names.items()}
        call = self.calls.pop(0)
        assert call["path"].partition("?")[0].endswith(path), call[0]
        headers = {name: self._said(value) for name, value in HEADER.findall(call["headers"])}
        sent = None if call["body"] is None else json.loads(self._said(call["body"]))
        method = "POST" if sent is not None or call["post"] else "GET"
        at = self._said(call["path"]).replace("wait=30", "wait=0")  # nobody else works meanwhile
        answer = await self.scene.partner.http.request(method, at, headers=headers, json=sent)
        assert answer.is_success, (call[0], answer.text)
        return answer.json()

    def _said(self, text: str) -> str:
        return Template(text.replace("$(uuidgen)", f"key-{len(self.calls)}")).substitute(self.names)


async def test_the_pages_day(scene: Scene) -> None:
    day = Day(scene)
    assert len(day.calls) == PAGE.count("\ncurl ")
    second = await scene.partner.made("/v1/warehouses", {**HALL, "code": "SECOND"})
    made = await day.next("/contracts", MERCHANT=scene.merchant.account_id, WAREHOUSE=second["id"])
    await day.next("/accept", CONTRACT=made["id"])
    await day.next("/versions")
    agreed = await day.next("/accept")
    assert agreed["terms"]["accept_within_minutes"] == 60
    for place in range(3):
        await scene.order(f"o-{place}")
    claim = await day.next("/claims", WAREHOUSE=scene.warehouse)
    work, other, late = claim["data"]
    await day.next("/extend", LEASE=claim["lease_id"])
    await day.next("/accept", WORK=work["id"], LINE=work["lines"][0]["line_id"])
    await day.next("/pick")
    await day.next("/ship")
    rejected = await day.next("/reject", OTHER=other["id"], OTHER_LINE=other["lines"][0]["line_id"])
    assert rejected["negotiation"] == "rejected"
    then = utc_now() - timedelta(seconds=1)
    await day.next("/ship", LATE=late["id"], LATE_LEASE=claim["lease_id"], THEN=then.isoformat())
    events = await day.next("/work/events", CURSOR="")
    assert events["has_more"] is False
    assert day.calls == []


def test_the_page_names_every_filter_state_and_event() -> None:
    filters = set(Wanted.__dataclass_fields__) - {"countries", "postcode_prefixes"} | {"zone"}
    for name in (*filters, *map(str, WorkState), *map(str, Negotiation), *map(str, Contact)):
        assert f"`{name}`" in PAGE, name
    for public in PUBLIC:
        if public.fact.TYPE.startswith(("work.", "contract.")):
            assert f"`{public.fact.TYPE}`" in PAGE, public.fact.TYPE
