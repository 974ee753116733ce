<?php
/**
 * The address of FulfilHub as people type it.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

/**
 * Pure.
 */
final class Address {
	/**
	 * Scheme, host and port; https where no scheme was typed. A path, a query or a user is dropped.
	 *
	 * @param string $typed What was typed.
	 * @return string '' where it is no address.
	 */
	public static function clean( string $typed ): string {
		$typed = trim( $typed );
		if ( '' === $typed ) {
			return '';
		}
		if ( ! preg_match( '#^[a-z][a-z0-9+.-]*://#i', $typed ) ) {
			$typed = 'https://' . $typed;
		}
		$parts = parse_url( $typed ); // phpcs:ignore WordPress.WP.AlternativeFunctions.parse_url_parse_url -- This class is pure, so that it can be tested alone.
		if ( ! is_array( $parts ) || empty( $parts['host'] ) || empty( $parts['scheme'] ) || isset( $parts['user'] ) ) {
			return '';
		}
		$scheme = strtolower( $parts['scheme'] );
		if ( ! in_array( $scheme, array( 'http', 'https' ), true ) || ! preg_match( '/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)$/i', $parts['host'] ) ) {
			return '';
		}
		return $scheme . '://' . strtolower( $parts['host'] ) . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
	}

	/**
	 * Whether secrets may travel to it: over TLS, or not out of this machine.
	 *
	 * @param string $address A clean address.
	 */
	public static function is_safe( string $address ): bool {
		return 0 === strpos( $address, 'https://' ) || (bool) preg_match( '#^http://(localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]+\.localhost)(:\d+)?$#', $address );
	}
}
