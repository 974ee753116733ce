<?php
/**
 * Proof Key for Code Exchange (RFC 7636).
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

/**
 * Pure: only whoever asked for a connection can use the code that comes back through the browser.
 */
final class Pkce {
	/**
	 * A new verifier of 43 characters.
	 */
	public static function verifier(): string {
		return self::base64url( random_bytes( 32 ) );
	}

	/**
	 * Its challenge by the method S256.
	 *
	 * @param string $verifier Verifier.
	 */
	public static function challenge( string $verifier ): string {
		return self::base64url( hash( 'sha256', $verifier, true ) );
	}

	/**
	 * Base64 for addresses, without padding.
	 *
	 * @param string $bytes Bytes.
	 */
	private static function base64url( string $bytes ): string {
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
	}
}
