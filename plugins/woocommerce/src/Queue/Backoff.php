<?php
/**
 * When a failed sending is tried again.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

/**
 * Pure: 1, 5, 15 and 60 minutes, then every 6 hours until 7 days after the first try.
 */
final class Backoff {
	const STEPS = array( 60, 300, 900, 3600 );
	const THEN  = 21600;
	const UNTIL = 604800;

	/**
	 * The next try.
	 *
	 * @param int      $tries       Tries so far, at least 1.
	 * @param int      $first_try   Unix time of the first of them.
	 * @param int      $now         Unix time.
	 * @param int|null $retry_after Seconds that the other side asked to wait.
	 * @return int|null Unix time; null where it is time to give up and ask a person.
	 */
	public static function next( int $tries, int $first_try, int $now, ?int $retry_after = null ): ?int {
		$last = $first_try + self::UNTIL;
		if ( $now >= $last ) {
			return null;
		}
		$steps = self::STEPS;
		$wait  = isset( $steps[ $tries - 1 ] ) ? $steps[ $tries - 1 ] : self::THEN;
		if ( null !== $retry_after ) {
			$wait = max( $wait, min( $retry_after, self::THEN ) );
		}
		return min( $now + $wait, $last );
	}
}
