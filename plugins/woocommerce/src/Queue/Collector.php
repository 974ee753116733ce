<?php
/**
 * Notices what happens to orders.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

/**
 * Collects changed orders in memory during a request.
 */
final class Collector {
	/**
	 * How many `quietly` are running.
	 *
	 * @var int
	 */
	private static $quiet = 0;

	/**
	 * Runs something whose changes to orders came from FulfilHub: they are not sent back to it.
	 *
	 * @param callable $work What to run.
	 * @return mixed What it returned.
	 */
	public static function quietly( callable $work ) {
		++self::$quiet;
		try {
			return $work();
		} finally {
			--self::$quiet;
		}
	}

	/**
	 * Hooks in.
	 */
	public function register(): void {
	}
}
