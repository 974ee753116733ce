"""What is printed is escaped, what came from a browser is not trusted, SQL is prepared and every door has a guard."""

# ruff: noqa: E501 - planted PHP stands on one line

from __future__ import annotations

import re
from pathlib import Path

from tests.plugins.woocommerce.php import HERE, PLUGIN, needs, run, sources

pytestmark = needs("php")

SCAN = HERE / "unsafe.php"

UNSAFE = {
    "echo $a;": "printed without escaping",
    "echo '<b>' . $a . '</b>';": "printed without escaping",
    'echo "<b>{$a}</b>";': "printed without escaping",
    "echo esc_html( $a ), $b;": "printed without escaping",
    "echo $a ? esc_html( $a ) : $b;": "printed without escaping",
    "echo __( 'Text', 'x' );": "printed without escaping",
    "echo esc_html( $a ) + f( $b );": "printed without escaping",
    "?><p><?= $a ?></p>": "printed without escaping",
    "printf( '<b>%s</b>', $a );": "printed without escaping",
    "printf( esc_html__( 'By %s', 'x' ), $a->b() );": "printed without escaping",
    "echo implode( ', ', $a );": "printed without escaping",
    "// phpcs:ignore WordPress.Security.EscapeOutput\necho $a;": "printed without escaping",
    "// phpcs:ignore WordPress.DB -- Another matter.\necho $a;": "printed without escaping",
    "_e( 'Text', 'x' );": "prints without escaping",
    "function f() { check_admin_referer( 'a' ); return $_POST['b']; }": "$_POST is used unsanitised",
    "function f() { check_admin_referer( 'a' ); return trim( $_GET['b'] ); }": "$_GET is used unsanitised",
    "function f() { return sanitize_key( $_POST['b'] ); }": "$_POST is read without a nonce",
    "function f() { g(); } function h() { check_ajax_referer( 'a' ); } $a = absint( $_REQUEST['b'] );": "$_REQUEST is read without a nonce",
    "$a = $_SERVER['HTTP_HOST'];": "$_SERVER is used unsanitised",
    '$wpdb->query( "DELETE FROM {$wpdb->prefix}a WHERE b = $c" );': "$c is written into SQL",
    "$wpdb->get_var( $wpdb->prepare( \"SELECT a FROM b WHERE c = '$d' AND e = %d\", $f ) );": "$d is written into SQL before it is prepared",
    "$wpdb->get_results( 'SELECT * FROM a WHERE b = ' . $c );": "$c is written into SQL",
    "class A { function r() { add_action( 'wp_ajax_a', array( $this, 'h' ) ); } function h() { current_user_can( 'b' ); } }": "h() checks no nonce",
    "class A { function r() { add_action( 'wp_ajax_a', array( $this, 'h' ) ); } function h() { check_ajax_referer( 'b' ); } }": "h() checks no capability",
    "class A { function r() { add_action( 'wp_ajax_nopriv_a', array( $this, 'h' ) ); } function h() { check_ajax_referer( 'b' ); current_user_can( 'c' ); } }": "open to those who are not signed in",
    "register_rest_route( 'a', '/b', array( 'callback' => 'c' ) );": "no permission_callback",
    "register_rest_route( 'a', '/b', array( 'callback' => 'c', 'permission_callback' => '__return_true' ) );": "open to everybody",
    "eval( $a );": "eval() has no place here",
    "extract( $a );": "extract() has no place here",
    "$a = unserialize( $b );": "unserialize() has no place here",
    "print_r( $a );": "print_r() has no place here",
    "$a = `ls`;": "a program is run",
    "wp_remote_get( $a );": "wp_remote_get() is called outside",
    "update_option( 'fulfilhub_connection', $a );": "secrets are kept in an option that loads by itself",
    "update_option( self::CONNECTION, $a, true );": "secrets are kept in an option that loads by itself",
}

SAFE = """<?php
class A {
	public function register(): void {
		add_action( 'wp_ajax_fulfilhub_do', array( $this, 'handle' ) );
		add_action( 'admin_post_fulfilhub', array( __CLASS__, 'post' ) );
		register_rest_route( 'wc-a/v1', '/b', array( 'callback' => array( $this, 'b' ), 'permission_callback' => array( $this, 'may' ) ) );
	}
	public function handle(): void {
		$this->guard();
		$id = isset( $_POST['id'] ) ? absint( $_POST['id'] ) : 0; // phpcs:ignore WordPress.Security.NonceVerification -- Checked in guard().
	}
	private function guard(): void {
		check_ajax_referer( 'fulfilhub' );
		if ( ! current_user_can( 'edit_shop_orders' ) ) {
			wp_die();
		}
	}
	public static function post(): void {
		check_admin_referer( 'fulfilhub' );
		if ( ! current_user_can( 'manage_woocommerce' ) || ! isset( $_POST['a'] ) || ! is_array( $_POST['a'] ) ) {
			return;
		}
		$a = array_map( 'absint', wp_unslash( $_POST['a'] ) );
		$b = (int) $_GET['b'];
		$c = sanitize_text_field( wp_unslash( $_REQUEST['c'] ?? '' ) );
		if ( 'x' === $_GET['d'] ) {
			return;
		}
	}
	public function show( $order ): void {
		global $wpdb;
		echo '<b>' . esc_html( $order->get_id() ) . '</b>', (int) $order->count, wp_kses_post( wc_price( 1 ) );
		echo $order ? '<i>' : ( 1 > 2 ? esc_html__( 'No', 'x' ) : '' );
		printf( '<a href="%1$s">%2$s</a>', esc_url( $order->url() ), esc_html( sprintf( __( 'By %s', 'x' ), $order->day() ) ) );
		echo implode( ', ', array_map( 'esc_html', $order->names() ) );
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- Made of escaped parts above.
		echo $html;
		esc_html_e( 'Text', 'x' );
		$wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}fulfilhub_queue" );
		$wpdb->get_var( $wpdb->prepare( "SELECT a FROM {$table} WHERE b = %d", $order->b ) );
		$wpdb->insert( $table, array( 'a' => $order->a ) );
		update_option( 'fulfilhub_connection', $order, false );
		add_option( 'fulfilhub_connection', $order, '', 'no' );
		wp_remote_retrieve_body( $order->answer );
	}
}
?>
<p class="a"><?php echo esc_html( $a ); ?></p>
"""


def test_the_plugin_is_safe() -> None:
    files = sources()
    assert files
    ended = run("php", SCAN, *files)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", "", 0)


def test_the_guard_that_the_scan_trusts_checks_both() -> None:
    found = re.search(r"function guard\(.*?\n\t}\n", (PLUGIN / "src/Admin/SettingsTab.php").read_text(), re.DOTALL)
    assert found is not None
    assert "check_admin_referer(" in found[0]
    assert "current_user_can( 'manage_woocommerce' )" in found[0]


def test_the_scan_finds_what_is_unsafe(tmp_path: Path) -> None:
    files = {tmp_path / f"{i:03}.php": each for i, each in enumerate(UNSAFE)}
    for path, code in files.items():
        path.write_text(f"<?php\n{code}\n")
        assert run("php", "-l", path).returncode == 0, code
    lines = run("php", SCAN, *files).stdout.splitlines()
    missed = {
        code: UNSAFE[code]
        for path, code in files.items()
        if not any(each.startswith(f"{path}:") and UNSAFE[code] in each for each in lines)
    }
    assert missed == {}


def test_the_scan_leaves_what_is_safe_alone(tmp_path: Path) -> None:
    path = tmp_path / "safe.php"
    path.write_text(SAFE)
    assert run("php", "-l", path).returncode == 0
    ended = run("php", SCAN, path)
    assert (ended.stdout, ended.stderr) == ("", "")
