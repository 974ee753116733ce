<?php
/**
 * States that come late, problems in words, and metas that are ours.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Http\Answer;
use FulfilHub\WooCommerce\Orders\Payload;
use FulfilHub\WooCommerce\Orders\State;
use PHPUnit\Framework\TestCase;

/**
 * What is kept, and what is said.
 */
final class OrdersTest extends TestCase {
	/**
	 * A lower revision never takes the place of a higher one.
	 */
	public function test_late_news_turn_nothing_back(): void {
		$kept = array( 'revision' => 5 );
		$this->assertFalse( State::is_newer( array( 'revision' => 4 ), $kept ) );
		$this->assertFalse( State::is_newer( array(), $kept ) );
		$this->assertTrue( State::is_newer( array( 'revision' => 5 ), $kept ) );
		$this->assertTrue( State::is_newer( array( 'revision' => 6 ), $kept ) );
		$this->assertTrue( State::is_newer( array( 'revision' => 0 ), null ) );
		$other = array( 'revision' => 9, 'order_id' => 'ord_of_the_store_before' );
		$this->assertTrue( State::is_newer( array( 'revision' => 1, 'order_id' => 'ord_now' ), $other ) );
		$this->assertFalse( State::is_newer( array( 'revision' => 8, 'order_id' => 'ord_of_the_store_before' ), $other ) );
	}

	/**
	 * What FulfilHub told does not go back to it.
	 */
	public function test_what_is_ours_is_not_sent(): void {
		$order = Payload::without_ours(
			array(
				'id'        => 1,
				'status'    => 'fh-partial',
				'_links'    => array(),
				'meta_data' => array(
					array( 'key' => '_fulfilhub_state', 'value' => array() ),
					array( 'key' => '_wcpdf_number', 'value' => '7' ),
				),
			)
		);
		$this->assertSame( array( 'id' => 1, 'status' => 'processing', 'meta_data' => array( array( 'key' => '_wcpdf_number', 'value' => '7' ) ) ), $order );
	}

	/**
	 * A problem (RFC 9457) is told with its single errors; a body that is none with its status.
	 */
	public function test_problems_are_told(): void {
		$problem = new Answer(
			422,
			array(
				'title'  => 'Invalid',
				'detail' => 'The request is invalid.',
				'code'   => 'invalid',
				'errors' => array( array( 'pointer' => '/code', 'detail' => 'Unknown.' ), 'nonsense' ),
			)
		);
		$this->assertSame( array( 'invalid', 'The request is invalid. /code: Unknown.' ), array( $problem->code(), $problem->detail() ) );
		$bare = new Answer( 502 );
		$this->assertSame( array( 'http_502', 'HTTP 502' ), array( $bare->code(), $bare->detail() ) );
		$this->assertFalse( Answer::none( 'unreachable', 'No route.' )->ok() );
	}
}
