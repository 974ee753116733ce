"""The commands of `wp fulfilhub`, with a stand-in for WP-CLI that keeps what they say."""

from __future__ import annotations

import pytest

from tests.plugins.woocommerce.in_wordpress.conftest import Shop
from tests.plugins.woocommerce.in_wordpress.site import Json
from tests.plugins.woocommerce.php import PLUGIN, needs

pytestmark = needs("php")

STAND_IN = """eval( 'namespace WP_CLI\\Utils; function format_items( $format, $rows, $names ) {
    foreach ( $rows as $row ) { \\WP_CLI::log( implode( " ", $row ) ); } }' );
final class WP_CLI {
    public static $said = array();
    public static function log( $text ) { self::$said[] = $text; }
    public static function line( $text ) { self::$said[] = $text; }
    public static function success( $text ) { self::$said[] = "Success: $text"; }
    public static function error( $text ) { self::$said[] = "Error: $text"; throw new RuntimeException( 'ended' ); }
    public static function halt( $code ) { self::$said[] = "halt $code"; throw new RuntimeException( 'ended' ); }
}
"""
RUN = """try {
    ( new FulfilHub\\WooCommerce\\Cli() )->$command( $args, $named );
    $well = true;
} catch ( RuntimeException $ended ) {
    $well = false;
}
return array( $well, implode( "\\n", WP_CLI::$said ) );"""


def wp(shop: Shop, command: str, *args: str, user: bool = True, **named: object) -> tuple[bool, str]:
    """Whether it ended well, and what it said."""
    as_whom = "" if user else "wp_set_current_user( 0 );"
    well, said = shop.site.run(STAND_IN + as_whom + RUN, command=command, args=list(args), named=named)
    return bool(well), str(said)


def test_every_public_method_is_a_command_that_is_described(shop: Shop) -> None:
    """WP-CLI makes a command of each method that is public and not static."""
    found = shop.site.run(
        """$class = new ReflectionClass( 'FulfilHub\\\\WooCommerce\\\\Cli' );
        $names = array();
        foreach ( $class->getMethods( ReflectionMethod::IS_PUBLIC ) as $method ) {
            if ( ! $method->isStatic() ) {
                $names[] = $method->getName();
            }
        }
        return $names;"""
    )
    line = next(each for each in (PLUGIN / "readme.txt").read_text().splitlines() if "`wp fulfilhub" in each)
    assert [each for each in found if f"`{each}`" not in line.replace("wp fulfilhub ", "")] == []
    assert set(found) == {"status", "connect", "check", "sync", "resend", "rotate", "disconnect"}


def test_they_do_what_they_say(shop: Shop) -> None:
    one = shop.place()
    well, said = wp(shop, "sync")
    assert (well, said.splitlines()[-1]) == (True, "Success: Nothing waits.")
    assert str(one) in shop.hub.store.orders
    assert wp(shop, "resend", str(one)) == (True, "Success: Queued. Run `wp fulfilhub sync` to send them now.")
    assert shop.site.queue()[str(one)]["state"] == "waiting"
    well, said = wp(shop, "sync", history=True, since="2026-01-31")
    assert (well, "orders looked at" in said, shop.site.waiting()) == (True, True, {})
    well, said = wp(shop, "status", format="table")
    assert (well, "connected yes" in said) == (True, True)
    assert wp(shop, "check")[1].count("ok ") > 10
    assert wp(shop, "rotate") == (True, "Success: All keys were changed.")
    assert wp(shop, "sync")[0]


@pytest.mark.parametrize(
    ("command", "args", "named", "user", "said"),
    [
        ("resend", [], {}, True, "Error: Name the orders by their ids, or say --failed."),
        ("resend", ["999999999"], {}, True, "Error: There is no order 999999999."),
        ("resend", ["abc"], {}, True, "Error: There is no order abc."),
        ("sync", [], {"history": True, "since": "May"}, True, "Error: --since goes with --history and is a day"),
        ("sync", [], {"since": "2026-01-31"}, True, "Error: --since goes with --history and is a day"),
        ("connect", ["http://127.0.0.1:1", "X"], {}, False, "Error: Say with --user for whom the REST keys are made"),
    ],
)
def test_they_name_what_is_wrong(shop: Shop, command: str, args: list[str], named: Json, user: bool, said: str) -> None:
    well, told = wp(shop, command, *args, user=user, **named)
    assert (well, told.startswith(said)) == (False, True), told
    assert shop.site.waiting() == {}
