<?php
/**
 * When failed sendings are tried again.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Queue\Backoff;
use PHPUnit\Framework\TestCase;

/**
 * Quickly at first, then patiently, and for days.
 */
final class BackoffTest extends TestCase {
	/**
	 * 1, 5, 15 and 60 minutes, then every 6 hours.
	 */
	public function test_it_waits_longer_and_longer(): void {
		$waits = array();
		foreach ( range( 1, 6 ) as $tries ) {
			$waits[] = Backoff::next( $tries, 1000, 1000 ) - 1000;
		}
		$this->assertSame( array( 60, 300, 900, 3600, 21600, 21600 ), $waits );
	}

	/**
	 * The last try is exactly seven days after the first; then a person is asked.
	 */
	public function test_it_gives_up_after_seven_days(): void {
		$this->assertSame( 1000 + 604800, Backoff::next( 30, 1000, 1000 + 604799 ) );
		$this->assertNull( Backoff::next( 31, 1000, 1000 + 604800 ) );
	}

	/**
	 * Followed to its end, an order is tried about thirty times.
	 */
	public function test_every_plan_ends(): void {
		$now   = 5000;
		$tries = 0;
		do {
			++$tries;
			$next = Backoff::next( $tries, 5000, $now );
			$this->assertTrue( null === $next || $next > $now );
			$now = null === $next ? $now : $next;
		} while ( null !== $next );
		$this->assertSame( 5000 + Backoff::UNTIL, $now );
		$this->assertLessThan( 40, $tries );
	}

	/**
	 * What FulfilHub asks for is a floor, within reason.
	 */
	public function test_it_heeds_retry_after(): void {
		$this->assertSame( 1120, Backoff::next( 1, 1000, 1000, 120 ) );
		$this->assertSame( 1060, Backoff::next( 1, 1000, 1000, 5 ) );
		$this->assertSame( 1000 + Backoff::THEN, Backoff::next( 1, 1000, 1000, 999999 ) );
	}
}
