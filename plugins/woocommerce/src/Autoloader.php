<?php
/**
 * Finds the plugin's classes: PSR-4 for one namespace and one folder, so that no Composer is needed at run time.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

/**
 * The plugin's own class loader.
 */
final class Autoloader {
	/**
	 * Loads `FulfilHub\WooCommerce\A\B` from `{$folder}/A/B.php` from now on.
	 *
	 * @param string $folder Folder of the classes, without a slash at its end.
	 */
	public static function register( string $folder ): void {
		spl_autoload_register(
			static function ( string $name ) use ( $folder ) {
				$prefix = __NAMESPACE__ . '\\';
				if ( 0 !== strpos( $name, $prefix ) ) {
					return;
				}
				$file = $folder . '/' . str_replace( '\\', '/', substr( $name, strlen( $prefix ) ) ) . '.php';
				if ( is_readable( $file ) ) {
					require_once $file;
				}
			}
		);
	}
}
