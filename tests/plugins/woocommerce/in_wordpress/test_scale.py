"""Many orders: how fast they go out, and what the plugin adds to the admin area's lists and pages."""

from __future__ import annotations

import sys
import time

from tests.plugins.woocommerce.in_wordpress.conftest import Shop
from tests.plugins.woocommerce.in_wordpress.site import MAIN, Json, Site
from tests.plugins.woocommerce.php import needs

pytestmark = needs("php")

MANY = 500
VISITS = 6
QUERIES = 12


def test_five_hundred_orders_drain_in_under_two_minutes(shop: Shop) -> None:
    shop.hub.faults.down = True
    numbers = shop.place_many(MANY)
    assert len(set(numbers)) == MANY
    shop.hub.faults.down = False
    shop.site.later()
    began = time.monotonic()
    shop.bring(*numbers)
    took = time.monotonic() - began
    sys.stdout.write(f"{MANY} orders were drained in {took:.1f} s\n")
    assert took < 120
    assert [each for each in numbers if len(shop.accepted(each)) != 1] == []


def test_lists_and_pages_cost_no_query_per_order(shop: Shop) -> None:
    site = shop.site
    numbers = shop.place_many(25)
    shop.bring(*numbers)
    known = list(map(str, numbers))
    for each in known:
        shop.hub.store.change(each, {})
        assert shop.hub.tell(each)["status"] == 200
    listing = str(
        site.run(
            """return Automattic\\WooCommerce\\Utilities\\OrderUtil::custom_orders_table_usage_is_enabled()
                ? 'admin.php?page=wc-orders' : 'edit.php?post_type=shop_order';"""
        )
    )
    page = shop.order_page(known[-1])
    for with_plugin in (True, False):
        change = "return $on ? activate_plugin( $main ) : deactivate_plugins( array( $main ) );"
        site.run(change, on=with_plugin, main=MAIN)
        _visit(site, f"/wp-admin/{listing}", page, "with" if with_plugin else "without")
    site.run("return activate_plugin( $main );", main=MAIN)

    costs: dict[str, list[Json]] = {}
    for cost in site.lines("costs"):
        costs.setdefault(cost["tag"], []).append(cost)
    # The first visit of each kind fills caches; the quickest of the others is the least disturbed.
    queries = {tag: min(each["queries"] for each in found[1:]) for tag, found in costs.items()}
    ms = {tag: min(each["ms"] for each in found[1:]) for tag, found in costs.items()}
    ours = {tag: min(len(each["ours"]) for each in found[1:]) for tag, found in costs.items()}
    for name in ("list of 5", "list of 20", "page"):
        more = queries[f"{name} with"] - queries[f"{name} without"]
        took = ms[f"{name} with"] - ms[f"{name} without"]
        share = took / ms[f"{name} without"]
        sys.stdout.write(
            f"{name}: {more} queries and {took:.0f} ms ({share:.0%}) more, {ours[f'{name} with']} its own\n"
        )
    assert ours["list of 20 with"] == ours["list of 5 with"], costs["list of 20 with"][-1]["ours"]
    grown = {each: queries[f"list of 20 {each}"] - queries[f"list of 5 {each}"] for each in ("with", "without")}
    assert grown["with"] <= grown["without"] + 2, grown
    for name in ("list of 20 with", "page with"):
        assert ours[name] <= QUERIES, costs[name][-1]["ours"]


def _visit(site: Site, listing: str, page: str, plugin: str) -> None:
    """Open the list with 5 and with 20 orders, and one order's page, some times each."""
    with site.signed_in() as browser:
        for rows in (5, 20):
            site.run(
                """$user = get_user_by( 'login', 'fulfilhub-test' )->ID;
                update_user_meta( $user, 'edit_shop_order_per_page', $rows );
                update_user_meta( $user, 'woocommerce_page_wc-orders_per_page', $rows );
                update_user_meta( $user, 'edit_shop_order_per_page', $rows );
                return update_user_meta( $user, 'woocommerce_page_wc_orders_per_page', $rows );""",
                rows=rows,
            )
            for _ in range(VISITS):
                shown = browser.get(listing, headers={"X-Test-Measure": f"list of {rows} {plugin}"})
                assert shown.text.count('type="checkbox" name="id[]"') + shown.text.count('name="post[]"') == rows
        for _ in range(VISITS):
            assert browser.get(page, headers={"X-Test-Measure": f"page {plugin}"}).status_code == 200
