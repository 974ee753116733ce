<?php
/**
 * Starts the plugin: one list of modules, each of which hooks itself into WordPress.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

/**
 * The list of modules.
 */
final class Plugin {
	const MINIMUM_WOOCOMMERCE = '8.2';

	/**
	 * Modules in the order in which they are registered. Each has `public function register(): void`.
	 *
	 * @return array<int, string> Class names below this namespace.
	 */
	public static function modules(): array {
		return array(
			'Install',
			'Connection\\Screen',
			'Connection\\Webhooks',
			'Connection\\Watch',
			'Connection\\Rotation',
			'Queue\\Collector',
			'Queue\\Drain',
			'Queue\\History',
			'Queue\\Screen',
			'Rest\\Routes',
			'Orders\\Listed',
			'Sync\\PartialStatus',
			'Privacy',
			'SiteHealth',
			'Cli',
			'Admin\\SettingsTab',
			'Admin\\OrderPanel',
			'Admin\\OrderColumn',
			'Admin\\Notices',
			'Frontend\\Live',
			'Frontend\\AccountOrders',
			'Frontend\\ThankYou',
			'Frontend\\TrackingPage',
			'Frontend\\StatusBlock',
			'Frontend\\Shortcode',
			'Emails\\Emails',
			'Promise\\Promise',
		);
	}

	/**
	 * Registers every module, where WooCommerce is there and new enough; says so in the admin area where it is not.
	 */
	public static function boot(): void {
		add_action( 'init', array( self::class, 'load_texts' ), 0 );
		if ( ! defined( 'WC_VERSION' ) || version_compare( WC_VERSION, self::MINIMUM_WOOCOMMERCE, '<' ) ) {
			add_action( 'admin_notices', array( self::class, 'say_what_is_missing' ) );
			return;
		}
		foreach ( self::modules() as $module ) {
			$class = __NAMESPACE__ . '\\' . $module;
			if ( class_exists( $class ) ) {
				( new $class() )->register();
			}
		}
	}

	/**
	 * Loads the translations that come with the plugin.
	 */
	public static function load_texts(): void {
		load_plugin_textdomain( 'fulfilhub-for-woocommerce', false, dirname( plugin_basename( FULFILHUB_WC_FILE ) ) . '/languages' );
	}

	/**
	 * Prints the notice for a site without (a new enough) WooCommerce.
	 */
	public static function say_what_is_missing(): void {
		if ( ! current_user_can( 'activate_plugins' ) ) {
			return;
		}
		$text = sprintf(
			/* translators: %s: lowest version of WooCommerce */
			__( 'FulfilHub for WooCommerce needs WooCommerce %s or newer. Install or update WooCommerce, and FulfilHub starts by itself.', 'fulfilhub-for-woocommerce' ),
			self::MINIMUM_WOOCOMMERCE
		);
		printf( '<div class="notice notice-error"><p>%s</p></div>', esc_html( $text ) );
	}
}
