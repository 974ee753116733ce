<?php
/**
 * Called by WordPress when the plugin is deleted.
 *
 * @package FulfilHub\WooCommerce
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

defined( 'FULFILHUB_WC_VERSION' ) || define( 'FULFILHUB_WC_VERSION', '1.0.0' );

require_once __DIR__ . '/src/Autoloader.php';

FulfilHub\WooCommerce\Autoloader::register( __DIR__ . '/src' );
FulfilHub\WooCommerce\Uninstall::run();
