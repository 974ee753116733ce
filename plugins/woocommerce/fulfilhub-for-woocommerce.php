<?php
/**
 * Plugin Name:          FulfilHub for WooCommerce
 * Plugin URI:           https://fulfilhub.example/woocommerce
 * Description:          Sends paid orders to your warehouses through FulfilHub and brings shipments, tracking, stock levels and returns back.
 * Version:              1.0.0
 * Requires at least:    6.4
 * Requires PHP:         7.4
 * Requires Plugins:     woocommerce
 * WC requires at least: 8.2
 * WC tested up to:      11.0
 * Author:               FulfilHub
 * Author URI:           https://fulfilhub.example
 * License:              GPL-2.0-or-later
 * License URI:          https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:          fulfilhub-for-woocommerce
 * Domain Path:          /languages
 *
 * @package FulfilHub\WooCommerce
 */

defined( 'ABSPATH' ) || exit;

define( 'FULFILHUB_WC_VERSION', '1.0.0' );
define( 'FULFILHUB_WC_FILE', __FILE__ );
define( 'FULFILHUB_WC_PATH', plugin_dir_path( __FILE__ ) );

require_once FULFILHUB_WC_PATH . 'src/Autoloader.php';

FulfilHub\WooCommerce\Autoloader::register( FULFILHUB_WC_PATH . 'src' );

add_action(
	'before_woocommerce_init',
	static function () {
		if ( class_exists( Automattic\WooCommerce\Utilities\FeaturesUtil::class ) ) {
			Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'custom_order_tables', FULFILHUB_WC_FILE, true );
			Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'cart_checkout_blocks', FULFILHUB_WC_FILE, true );
		}
	}
);

register_activation_hook( __FILE__, array( FulfilHub\WooCommerce\Install::class, 'activate' ) );
register_deactivation_hook( __FILE__, array( FulfilHub\WooCommerce\Install::class, 'deactivate' ) );

add_action( 'plugins_loaded', array( FulfilHub\WooCommerce\Plugin::class, 'boot' ) );
