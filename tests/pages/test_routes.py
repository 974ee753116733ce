"""The customer's page over HTTP: what it shows, whom it turns away, and the form that asks for a return."""

from __future__ import annotations

import httpx

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.work import Works
from tests.make.world import Client
from tests.pages.world import delivered_order, link


async def test_the_page_shows_the_order_to_whoever_has_its_link(
    http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    made = await delivered_order(worker_works, merchant)
    page = await http.get(link(vault, made))
    assert page.status_code == 200
    assert "Ada&#39;s Mugs" in page.text
    assert "Blue mug, hand thrown" in page.text
    assert "Delivered" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    css = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = await http.get(css)
    assert style.headers["Content-Type"].startswith("text/css")
    assert "immutable" in style.headers["Cache-Control"]


async def test_a_hostile_title_stays_text(
    http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    made = await delivered_order(worker_works, merchant, '"><script>alert(1)</script><img src=x onerror=alert(2)>')
    page = await http.get(link(vault, made))
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


async def test_no_link_but_the_genuine_one_opens_and_none_says_what_exists(
    http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    made = await delivered_order(worker_works, merchant)
    genuine, unknown = ids.ORDER.show(made.order_id), ids.new()
    tokens = [
        f"{genuine}.{vault.link_mac('order', unknown)}",
        f"{genuine}.",
        genuine,
        f"{ids.ORDER.show(unknown)}.{vault.link_mac('order', unknown)}",
        f"{ids.ORDER.show(made.order_id)}.{vault.link_mac('return', made.order_id)}",
        "nonsense",
        "ord_é.é",
    ]
    answers = [await http.get(f"/t/{token}") for token in tokens]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    posted = await http.post(f"/t/{tokens[0]}/returns", data={"reason": "other"})
    assert posted.status_code == 404


async def test_the_form_asks_for_a_return_and_leads_back_to_the_page(
    http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    made = await delivered_order(worker_works, merchant)
    path = link(vault, made)
    line = ids.ORDER_LINE.show(next(iter(made.lines)))
    taken = await http.post(f"{path}/returns", data={line: "1", "reason": "too_small"})
    assert taken.status_code == 303
    assert taken.headers["Location"].startswith(f"{path}#ret_")
    assert "Your return" in (await http.get(path)).text
    listed = (await merchant.get("/v1/returns")).json()["data"]
    assert [(each["requested_by"], each["lines"][0]["reason"]) for each in listed] == [("customer", "too_small")]


async def test_a_form_that_asks_for_nothing_or_too_much_says_so(
    http: httpx.AsyncClient, merchant: Client, worker_works: Works, vault: Vault
) -> None:
    made = await delivered_order(worker_works, merchant)
    path = link(vault, made)
    nothing = await http.post(f"{path}/returns", data={"reason": "other"})
    assert nothing.status_code == 422
    assert 'role="alert"' in nothing.text
    line = ids.ORDER_LINE.show(next(iter(made.lines)))
    greedy = await http.post(f"{path}/returns", data={line: "99", "reason": "other"})
    assert greedy.status_code == 409
    assert 'role="alert"' in greedy.text
    stranger = await http.post(f"{path}/returns", data={ids.ORDER_LINE.show(ids.new()): "1", "reason": "other"})
    assert stranger.status_code == 409
    assert (await merchant.get("/v1/returns")).json()["data"] == []
