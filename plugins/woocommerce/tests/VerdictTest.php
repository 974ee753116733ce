<?php
/**
 * What answers mean for the orders that were sent.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Http\Answer;
use FulfilHub\WooCommerce\Queue\Verdict;
use PHPUnit\Framework\TestCase;

/**
 * No answer may lose an order or send one for ever.
 */
final class VerdictTest extends TestCase {
	/**
	 * Each delivery has its own verdict, and what is not named is sent again.
	 */
	public function test_each_delivery_is_judged_by_itself(): void {
		$rows = array(
			array( 'id' => 'a', 'outcome' => 'accepted' ),
			array( 'id' => 'b', 'outcome' => 'duplicate' ),
			array( 'id' => 'c', 'outcome' => 'refused', 'code' => 'wrong_shape', 'detail' => 'No lines.' ),
			array( 'id' => 'd', 'outcome' => 'something new' ),
			'nonsense',
		);
		$kinds = self::kinds( new Answer( 200, array( 'data' => $rows ) ), array( 'a', 'b', 'c', 'd', 'e' ) );
		$this->assertSame(
			array(
				'a' => Verdict::DONE,
				'b' => Verdict::DONE,
				'c' => Verdict::REFUSED,
				'd' => Verdict::AGAIN,
				'e' => Verdict::AGAIN,
			),
			$kinds
		);
	}

	/**
	 * A reason is kept for the merchant.
	 */
	public function test_a_refusal_keeps_its_reason(): void {
		$verdicts = Verdict::of( new Answer( 200, array( 'data' => array( array( 'id' => 'c', 'outcome' => 'refused', 'code' => 'wrong_shape', 'detail' => 'No lines.' ) ) ) ), array( 'c' ), 0 );
		$this->assertSame( array( 'wrong_shape', 'No lines.' ), array( $verdicts['c']->code, $verdicts['c']->detail ) );
	}

	/**
	 * Faults that pass are waited for, whatever their number.
	 *
	 * @dataProvider passing
	 * @param int $status HTTP status.
	 */
	public function test_what_passes_is_tried_again( int $status ): void {
		$this->assertSame( array( 'a' => Verdict::AGAIN, 'b' => Verdict::AGAIN ), self::kinds( new Answer( $status ), array( 'a', 'b' ) ) );
	}

	/**
	 * Such statuses.
	 *
	 * @return array<int, array{0: int}>
	 */
	public static function passing(): array {
		return array( array( 0 ), array( 401 ), array( 403 ), array( 408 ), array( 429 ), array( 500 ), array( 502 ), array( 503 ), array( 504 ) );
	}

	/**
	 * A batch that cannot be read is taken apart until the order at fault stands alone.
	 */
	public function test_one_bad_order_does_not_hold_up_the_others(): void {
		foreach ( array( 400, 413, 422 ) as $status ) {
			$this->assertSame( array( 'a' => Verdict::SPLIT, 'b' => Verdict::SPLIT ), self::kinds( new Answer( $status ), array( 'a', 'b' ) ) );
			$this->assertSame( array( 'a' => Verdict::REFUSED ), self::kinds( new Answer( $status ), array( 'a' ) ) );
		}
	}

	/**
	 * The difference of the clocks is told with its sign: positive where the shop's is ahead.
	 */
	public function test_it_measures_the_clock(): void {
		$problem  = array(
			'code'        => 'stale_timestamp',
			'server_time' => '2026-11-25T12:00:00Z',
		);
		$verdicts = Verdict::of( new Answer( 401, $problem ), array( 'a' ), strtotime( '2026-11-25T12:12:00Z' ) );
		$this->assertSame( array( Verdict::AGAIN, '720' ), array( $verdicts['a']->kind, $verdicts['a']->detail ) );
		$verdicts = Verdict::of( new Answer( 401, array( 'code' => 'stale_timestamp' ) ), array( 'a' ), 0 );
		$this->assertSame( '', $verdicts['a']->detail );
	}

	/**
	 * Kinds by id.
	 *
	 * @param Answer             $answer Answer.
	 * @param array<int, string> $ids    Ids.
	 * @return array<string, string>
	 */
	private static function kinds( Answer $answer, array $ids ): array {
		return array_map(
			static function ( Verdict $verdict ) {
				return $verdict->kind;
			},
			Verdict::of( $answer, $ids, 0 )
		);
	}
}
