<?php
/**
 * The tab "FulfilHub" of WooCommerce > Settings.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Admin;

/**
 * Adds the tab, its script and style, and the link on the plugins screen.
 */
final class SettingsTab {
	/**
	 * Id of the tab. Kept here, for the screen's class can only be loaded where WooCommerce shows its settings.
	 */
	const ID = 'fulfilhub';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'woocommerce_get_settings_pages', array( $this, 'add' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( FULFILHUB_WC_FILE ), array( $this, 'add_link' ) );
		add_action( 'admin_enqueue_scripts', array( $this, 'enqueue' ) );
	}

	/**
	 * Adds the tab.
	 *
	 * @param array<int, object> $pages Tabs.
	 * @return array<int, object>
	 */
	public function add( $pages ) {
		$pages[] = new SettingsPage();
		return $pages;
	}

	/**
	 * Adds the link "Settings".
	 *
	 * @param array<int|string, string> $links Links.
	 * @return array<int|string, string>
	 */
	public function add_link( $links ) {
		array_unshift( $links, sprintf( '<a href="%s">%s</a>', esc_url( self::url() ), esc_html__( 'Settings', 'fulfilhub-for-woocommerce' ) ) );
		return $links;
	}

	/**
	 * Adds script and style to our tab only.
	 */
	public function enqueue(): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Only which screen this is.
		if ( ! isset( $_GET['page'], $_GET['tab'] ) || 'wc-settings' !== $_GET['page'] || self::ID !== $_GET['tab'] ) {
			return;
		}
		wp_enqueue_style( 'fulfilhub-settings', plugins_url( 'assets/settings.css', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION );
		wp_enqueue_script( 'fulfilhub-settings', plugins_url( 'assets/settings.js', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION, true );
		wp_localize_script(
			'fulfilhub-settings',
			'fulfilhubSettings',
			array(
				'ajax'    => admin_url( 'admin-ajax.php' ),
				'checks'  => wp_create_nonce( 'fulfilhub_checks' ),
				'history' => wp_create_nonce( 'fulfilhub_history' ),
				'texts'   => array(
					'checking' => __( 'Checking, for up to half a minute...', 'fulfilhub-for-woocommerce' ),
					'failed'   => __( 'This did not work. Load the page again and try once more.', 'fulfilhub-for-woocommerce' ),
				),
			)
		);
	}

	/**
	 * Address of a screen.
	 *
	 * @param string               $section '' (connection), settings or queue.
	 * @param array<string, mixed> $query   More of the query.
	 */
	public static function url( string $section = '', array $query = array() ): string {
		$base = array(
			'page' => 'wc-settings',
			'tab'  => self::ID,
		);
		if ( '' !== $section ) {
			$base['section'] = $section;
		}
		return add_query_arg( array_merge( $base, $query ), admin_url( 'admin.php' ) );
	}

	/**
	 * Ends the request unless it comes from our screen and from somebody who may manage WooCommerce.
	 *
	 * @param string $action Action of the nonce.
	 */
	public static function guard( string $action ): void {
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_die( esc_html__( 'You may not manage this shop.', 'fulfilhub-for-woocommerce' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( $action, 'fulfilhub_nonce' );
	}

	/**
	 * Leaves a message for this user's next screen.
	 *
	 * @param string $text Message.
	 * @param string $kind success or error.
	 */
	public static function say( string $text, string $kind = 'success' ): void {
		set_transient(
			'fulfilhub_said_' . get_current_user_id(),
			array(
				'text' => $text,
				'kind' => $kind,
			),
			MINUTE_IN_SECONDS * 5
		);
	}

	/**
	 * Prints that message, once.
	 */
	public static function show_said(): void {
		$name = 'fulfilhub_said_' . get_current_user_id();
		$said = get_transient( $name );
		if ( is_array( $said ) ) {
			delete_transient( $name );
			printf( '<div class="notice inline notice-%s" role="status"><p>%s</p></div>', 'error' === $said['kind'] ? 'error' : 'success', esc_html( (string) $said['text'] ) );
		}
	}
}
