<?php
/**
 * Why an order did not go out, in the merchant's language and with what to do about it.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

/**
 * Words for verdicts.
 */
final class Words {
	/**
	 * The reason and the fix.
	 *
	 * @param Verdict $verdict Verdict.
	 */
	public static function of( Verdict $verdict ): string {
		switch ( $verdict->code ) {
			case 'stale_timestamp':
				return self::clock( $verdict->detail );
			case 'bad_signature':
				return __( 'FulfilHub does not accept this shop\'s signature: the shared secret was changed on one side only (a restored backup, or the shop was connected again elsewhere). Connect again; nothing is lost.', 'fulfilhub-for-woocommerce' );
			case 'unreachable':
				/* translators: %s: technical reason */
				return sprintf( __( 'FulfilHub could not be reached: %s', 'fulfilhub-for-woocommerce' ), $verdict->detail );
			case 'no_verdict':
				return __( 'FulfilHub\'s answer did not name this order, so it is sent again.', 'fulfilhub-for-woocommerce' );
			case 'rate_limited':
			case 'http_429':
				return __( 'FulfilHub asked to wait a little: too many calls at once.', 'fulfilhub-for-woocommerce' );
		}
		return $verdict->detail;
	}

	/**
	 * About clocks that differ.
	 *
	 * @param string $ahead Seconds by which the shop's clock is ahead; negative where it is behind; '' where unknown.
	 */
	public static function clock( string $ahead ): string {
		if ( '' === $ahead || ! is_numeric( $ahead ) ) {
			return __( 'The clock of this shop\'s server is wrong, so FulfilHub cannot accept its signatures. Ask your host to set it (NTP). The orders are sent again by themselves.', 'fulfilhub-for-woocommerce' );
		}
		$difference = human_time_diff( 0, abs( (int) $ahead ) );
		if ( (int) $ahead > 0 ) {
			/* translators: %s: length of time, e.g. "12 minutes" */
			return sprintf( __( 'The clock of this shop\'s server is %s ahead, so FulfilHub cannot accept its signatures. Ask your host to set it (NTP). The orders are sent again by themselves.', 'fulfilhub-for-woocommerce' ), $difference );
		}
		/* translators: %s: length of time, e.g. "12 minutes" */
		return sprintf( __( 'The clock of this shop\'s server is %s behind, so FulfilHub cannot accept its signatures. Ask your host to set it (NTP). The orders are sent again by themselves.', 'fulfilhub-for-woocommerce' ), $difference );
	}
}
