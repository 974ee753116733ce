<?php
/**
 * Delivery dates from FulfilHub.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Promise;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\View\Given;

/**
 * Asks once for the same goods to the same place, waits a second and a half at most, and asks nobody for five minutes when
 * there was no answer three times. A shop sells with or without a date.
 */
final class Offers {
	const TIMEOUT  = 1.5;
	const KEPT_FOR = 5 * MINUTE_IN_SECONDS;
	const FAILURES = 3;

	const RESTING = 'fulfilhub_promise_rests';
	const COUNTER = 'fulfilhub_promise_failures';

	/**
	 * Seconds that this request has spent on waiting.
	 *
	 * @var float
	 */
	private static $waited = 0.0;

	/**
	 * What FulfilHub offers for goods; empty where it offers nothing, or nothing is known.
	 *
	 * @param array<int, array<string, mixed>> $lines   Lines, from Question.
	 * @param array<string, string>            $ship_to Where it goes, from Question.
	 * @param bool                             $may_ask Whether there is time to ask; otherwise only what is kept counts.
	 * @return array<int, array<string, mixed>>
	 */
	public static function of( array $lines, array $ship_to, bool $may_ask ): array {
		if ( ! $lines || ! $ship_to || ! Store::connected() ) {
			return array();
		}
		$name = 'fulfilhub_promise_' . Question::name( $lines, $ship_to, Store::get( 'store_id' ) );
		$kept = get_transient( $name );
		if ( is_array( $kept ) ) {
			return $kept;
		}
		if ( ! $may_ask || self::$waited >= self::TIMEOUT || get_transient( self::RESTING ) ) {
			return array();
		}
		$began  = microtime( true );
		$answer = Api::promises( $lines, $ship_to, max( 0.2, self::TIMEOUT - self::$waited ) );

		self::$waited += microtime( true ) - $began;
		if ( $answer->ok() ) {
			$options = empty( $answer->data['complete'] ) ? array() : Given::rows( $answer->data, 'options' );
			set_transient( $name, $options, self::KEPT_FOR );
			delete_transient( self::COUNTER );
			return $options;
		}
		// Nothing for these goods for a minute; nothing for any when it goes on like this.
		set_transient( $name, array(), MINUTE_IN_SECONDS );
		if ( 422 !== $answer->status && 400 !== $answer->status ) {
			self::count_failure( $answer->retry_after );
		}
		return array();
	}

	/**
	 * Counts a failure, and rests after the third in a row.
	 *
	 * @param int|null $retry_after Seconds that FulfilHub asked to wait.
	 */
	private static function count_failure( ?int $retry_after ): void {
		$failures = (int) get_transient( self::COUNTER ) + 1;
		set_transient( self::COUNTER, $failures, self::KEPT_FOR );
		if ( $failures >= self::FAILURES || null !== $retry_after ) {
			set_transient( self::RESTING, 1, max( self::KEPT_FOR, min( (int) $retry_after, HOUR_IN_SECONDS ) ) );
			delete_transient( self::COUNTER );
		}
	}
}
