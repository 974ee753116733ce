"""After all others: nothing is missing, nothing is double, PHP had nothing to say, and nothing stays behind."""

from __future__ import annotations

from tests.plugins.woocommerce.in_wordpress.conftest import SETTINGS, Shop
from tests.plugins.woocommerce.in_wordpress.site import MAIN, Site
from tests.plugins.woocommerce.php import needs

pytestmark = needs("php")

MANY = 500


def test_nothing_is_missing_and_nothing_is_double(shop: Shop) -> None:
    """Runs after the others, over everything that they did."""
    shop.site.settle(lambda: not shop.site.waiting())
    paid = shop.site.run(
        """$found = array();
        foreach ( wc_get_orders( array( 'limit' => -1, 'type' => 'shop_order', 'return' => 'ids',
            'status' => array( 'processing', 'completed' ) ) ) as $id ) {
            foreach ( wc_get_order( $id )->get_items() as $item ) {
                if ( $item->get_product() && $item->get_product()->needs_shipping() ) {
                    $found[ $id ] = wc_get_order( $id )->get_status();
                }
            }
        }
        return $found;"""
    )
    assert len(paid) >= MANY
    known = {number: order["status"] for number, order in shop.hub.store.orders.items() if number in paid}
    assert {number: status for number, status in paid.items() if number not in known} == {}
    assert {n: s for n, s in known.items() if s != paid[n] and paid[n] != "completed"} == {}
    ids = [each.id for each in shop.hub.store.deliveries if each.outcome == "accepted"]
    assert len(ids) == len(set(ids))
    failed = {number: row for number, row in shop.site.queue().items() if row["state"] == "failed"}
    assert failed == {}


def test_php_has_nothing_to_say_about_the_plugin(shop: Shop) -> None:
    lines = shop.site.log().splitlines()
    bad = [each for each in lines if "fulfilhub" in each.lower() or "PHP Fatal" in each]
    assert bad == []


def test_disconnecting_and_uninstalling_leave_nothing_behind(shop: Shop) -> None:
    """Runs last: the shop is not connected afterwards."""
    with shop.site.signed_in() as browser:
        answered = shop.site.press(browser, SETTINGS, "fulfilhub_disconnect")
    assert "disconnected" in answered.text
    assert shop.hub.store.state == "disconnected"
    assert remains(shop.site)["keys"] == []
    assert remains(shop.site)["hooks"] == []
    shop.site.run(
        """FulfilHub\\WooCommerce\\Settings::set( array( 'remove_all_data' => true ) );
        deactivate_plugins( array( $main ) );
        uninstall_plugin( $main );
        return 1;""",
        main=MAIN,
    )
    assert {kind: found for kind, found in remains(shop.site).items() if found} == {}


def remains(site: Site) -> dict[str, list[str]]:
    """What is left of the plugin in the database."""
    found = site.run(
        """global $wpdb;
        $names = static function ( $sql ) use ( $wpdb ) {
            return $wpdb->get_col( $sql );
        };
        return array(
            'options' => $names( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%fulfilhub%'
                AND option_name NOT LIKE '%woocommerce_fulfillment%'" ),
            'tables'  => $names( "SHOW TABLES LIKE '%fulfilhub%'" ),
            'actions' => $names( "SELECT hook FROM {$wpdb->prefix}actionscheduler_actions
                WHERE status = 'pending' AND hook LIKE '%fulfilhub%'" ),
            'keys'    => $names( "SELECT description FROM {$wpdb->prefix}woocommerce_api_keys
                WHERE description LIKE '%FulfilHub%'" ),
            'hooks'   => $names( "SELECT name FROM {$wpdb->prefix}wc_webhooks WHERE name LIKE '%FulfilHub%'" ),
            'users'   => $names( "SELECT meta_key FROM {$wpdb->usermeta} WHERE meta_key LIKE '%fulfilhub%'" ),
            'posts'   => $names( "SELECT DISTINCT meta_key FROM {$wpdb->postmeta} WHERE meta_key LIKE '%fulfilhub%'" ),
            'orders'  => $names( "SELECT DISTINCT meta_key FROM {$wpdb->prefix}wc_orders_meta
                WHERE meta_key LIKE '%fulfilhub%'" ),
            'crons'   => array_values( array_filter( array_keys( array_merge( array(), ...array_values(
                array_filter( (array) _get_cron_array(), 'is_array' ) ) ) ), static function ( $hook ) {
                return false !== strpos( (string) $hook, 'fulfilhub' );
            } ) ),
        );"""
    )
    return dict(found)
