<?php
/**
 * Signatures of what the plugin sends, by Standard Webhooks (https://www.standardwebhooks.com).
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Http;

/**
 * Pure: no clock and no WordPress.
 */
final class Signature {
	/**
	 * The headers that prove who sent a body, and when.
	 *
	 * @param string $secret Shared secret: base64 after `whsec_`, any other text is used as its own bytes.
	 * @param string $id     Id of this message; the same when it is sent again.
	 * @param int    $time   Unix time of sending.
	 * @param string $body   Exact body.
	 * @return array<string, string>
	 */
	public static function headers( string $secret, string $id, int $time, string $body ): array {
		return array(
			'webhook-id'        => $id,
			'webhook-timestamp' => (string) $time,
			'webhook-signature' => 'v1,' . base64_encode( hash_hmac( 'sha256', $id . '.' . $time . '.' . $body, self::key( $secret ), true ) ),
		);
	}

	/**
	 * The bytes to sign with.
	 *
	 * @param string $secret Shared secret as FulfilHub showed it.
	 */
	public static function key( string $secret ): string {
		if ( 0 === strpos( $secret, 'whsec_' ) ) {
			$bytes = base64_decode( substr( $secret, 6 ), true );
			if ( false !== $bytes ) {
				return $bytes;
			}
		}
		return $secret;
	}
}
