"""A shop whose locations are mapped while orders of it are under way."""

from __future__ import annotations

from fulfilhub.platform import ids
from fulfilhub.platform.secrets import Vault
from fulfilhub.platform.settings import Settings
from fulfilhub.platform.work import Works
from tests.fakes.shopify import orders
from tests.fakes.shopify.schema import needs_schema
from tests.stores.mapped import counter

pytestmark = needs_schema


async def test_orders_taken_whole_before_the_mapping_go_on_so(
    works: Works, worker_works: Works, settings: Settings, vault: Vault
) -> None:
    async with counter(works, worker_works, settings, vault) as till:
        mug = till.sell("MUG")
        before = orders.place(till.shop, [(mug, 2)])
        async with works.begin(till.site.merchant) as work:
            message = {"store_id": till.store_id, "external_id": before.id, "message_id": ids.new()}
            work.enqueue("stores.reread_order", message)
        await till.work_off()
        found = await till.ours(before)
        assert found is not None
        ((warehouse_id, _),) = await till.site.fulfilments(found[0].id)
        await till.map([till.site.leeds, till.site.bristol])
        orders.edit(till.shop, before, {before.line_items[0]: 1})
        after = orders.place(till.shop, [(mug, 1)])
        await till.heard(before)
        await till.heard(after)
        assert await till.ours(after) is None, "nobody asked us for it"
        await till.send(warehouse_id, "RM1")
        sent = [([info["number"] for info in each.tracking_info], each.total_quantity) for each in before.fulfillments]
        assert sent == [(["RM1"], 1)]
