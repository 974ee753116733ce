"""An order is read with what stands beside it as of one moment, whatever is committed between two statements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import Engine, event
from sqlalchemy.util import await_only

from tests.make.world import Client
from tests.orders.test_together import body


@contextmanager
def right_after(table: str, then: Callable[[], Awaitable[Any]]) -> Iterator[list[Any]]:
    """Do this once, between the first statement that reads `table` and the next one; what came of it."""
    done: list[Any] = []

    def listen(_: object, __: object, statement: str, *___: object) -> None:
        if not done and f"FROM {table} " in " ".join(statement.split()):
            done.append(None)
            done[0] = await_only(then())

    event.listen(Engine, "after_cursor_execute", listen)
    try:
        yield done
    finally:
        event.remove(Engine, "after_cursor_execute", listen)


async def test_an_order_cancelled_while_it_is_read_is_shown_as_before_or_after(merchant: Client) -> None:
    await merchant.made("/v1/products", {"sku": "MUG", "name": "Mug"})
    order = await merchant.made("/v1/orders", body("o-1"))
    path = f"/v1/orders/{order['id']}"

    async def cancel() -> httpx.Response:
        return await merchant.post(f"{path}/cancel", {})

    with right_after("orders", cancel) as cancelled:
        seen = (await merchant.get(path)).json()
    assert cancelled[0].status_code == 200, cancelled[0].text
    assert (seen["status"], seen["lines"][0]["cancelled"]) == (order["status"], 0)
    assert seen == order
    after = (await merchant.get(path)).json()
    assert (after["status"], after["lines"][0]["cancelled"]) == ("cancelled", 2)
