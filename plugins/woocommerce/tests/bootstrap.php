<?php
/**
 * Loads the plugin's classes without WordPress: only what calls none of its functions can be tested here.
 *
 * @package FulfilHub\WooCommerce
 */

error_reporting( E_ALL );

define( 'ABSPATH', dirname( __DIR__ ) . '/' );

require_once dirname( __DIR__ ) . '/src/Autoloader.php';

FulfilHub\WooCommerce\Autoloader::register( dirname( __DIR__ ) . '/src' );
