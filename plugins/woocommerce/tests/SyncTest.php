<?php
/**
 * Lines, money and tracking numbers that FulfilHub tells.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Sync\Lines;
use FulfilHub\WooCommerce\Sync\Tracking;
use PHPUnit\Framework\TestCase;

/**
 * What comes back fits the order, or is named as left out.
 */
final class SyncTest extends TestCase {
	/**
	 * Lines that the order does not have, and units too many, are left out and named.
	 */
	public function test_what_does_not_fit_is_named(): void {
		list( $fit, $out ) = Lines::part(
			array(
				array( 'line_id' => '7', 'quantity' => 3 ),
				array( 'line_id' => '99', 'quantity' => 1 ),
				array( 'line_id' => 'x', 'quantity' => 1 ),
				array( 'line_id' => 8, 'quantity' => 0 ),
			),
			array( 7 => 2, 8 => 1 )
		);
		$this->assertSame( array( array( 'line_id' => 7, 'quantity' => 2 ) ), $fit );
		$this->assertSame( array( array( 'line_id' => '7', 'quantity' => 1 ), array( 'line_id' => '99', 'quantity' => 1 ), array( 'line_id' => 'x', 'quantity' => 1 ) ), $out );
	}

	/**
	 * A return that is looked at in parts is told whole each time, and each unit is done once.
	 */
	public function test_what_was_done_is_not_done_again(): void {
		$good = array( 'line_id' => '7', 'quantity' => 1, 'restock' => true );
		$bad  = array( 'line_id' => 7, 'quantity' => 1, 'restock' => false );
		list( $due, $done ) = Lines::due( array( $good ), array() );
		$this->assertSame( array( array( 'line_id' => 7, 'quantity' => 1, 'restock' => true ) ), $due );
		list( $due, $done ) = Lines::due( array( $good, $bad, array( 'line_id' => 8, 'quantity' => 2, 'restock' => true ) ), $done );
		$this->assertSame( array( array( 'line_id' => 7, 'quantity' => 1, 'restock' => false ), array( 'line_id' => 8, 'quantity' => 2, 'restock' => true ) ), $due );
		list( $due, $after ) = Lines::due( array( $good, $bad ), $done );
		$this->assertSame( array(), $due );
		$this->assertSame( $done, $after );
		$this->assertSame( array( 'quantity' => 2, 'restock' => 1 ), $done[7] );
	}

	/**
	 * A line that is named twice (some units good, some not) has its room once; no unit appears or vanishes.
	 */
	public function test_units_are_counted_once(): void {
		list( $fit, $out ) = Lines::part(
			array(
				array( 'line_id' => 7, 'quantity' => 2, 'restock' => true ),
				array( 'line_id' => 7, 'quantity' => 2, 'restock' => false ),
			),
			array( 7 => 3 )
		);
		$this->assertSame( array( 2, 1 ), array_column( $fit, 'quantity' ) );
		$this->assertSame( array( true, false ), array_column( $fit, 'restock' ) );
		$this->assertSame( array( 1 ), array_column( $out, 'quantity' ) );
	}

	/**
	 * Parts of a line add up to the line, however it is parted.
	 */
	public function test_shares_add_up(): void {
		foreach ( array( array( 10.0, 3 ), array( 0.05, 7 ), array( 99.99, 11 ), array( 0.0, 2 ) ) as list( $total, $quantity ) ) {
			$sum = 0.0;
			for ( $before = 0; $before < $quantity; ++$before ) {
				$sum += Lines::share( $total, $quantity, 1, $before, 2 );
			}
			$this->assertEqualsWithDelta( $total, $sum, 0.000001 );
			$this->assertSame( $total, Lines::share( $total, $quantity, $quantity, 0, 2 ) );
		}
		$this->assertSame( 0.0, Lines::share( 5.0, 0, 1, 0, 2 ) );
	}

	/**
	 * A shipment's numbers take the place of its own older ones; those of other hands stay.
	 */
	public function test_tracking_numbers_replace_their_own_only(): void {
		$others = array( array( 'tracking_number' => 'OLD', 'tracking_provider' => 'dpd' ) );
		$first  = Tracking::merge( $others, self::shipment( 'shp_1', array( 'A1', 'A2' ) ) );
		$second = Tracking::merge( $first, self::shipment( 'shp_2', array( 'B1' ) ) );
		$third  = Tracking::merge( $second, self::shipment( 'shp_1', array( 'A3', '' ) ) );
		$this->assertSame( array( 'OLD', 'A1', 'A2', 'B1' ), array_column( $second, 'tracking_number' ) );
		$this->assertSame( array( 'OLD', 'B1', 'A3' ), array_column( $third, 'tracking_number' ) );
		$this->assertSame( $others[0], $third[0] );
	}

	/**
	 * The items are those of the common tracking plugins.
	 */
	public function test_items_have_the_common_fields(): void {
		$item = Tracking::merge( array(), self::shipment( 'shp_1', array( 'A1' ) ) )[0];
		$this->assertSame( 'Royal Mail', $item['custom_tracking_provider'] );
		$this->assertSame( 'https://carrier.example/A1', $item['custom_tracking_link'] );
		$this->assertSame( (string) strtotime( '2026-11-25T12:00:00Z' ), $item['date_shipped'] );
		$this->assertMatchesRegularExpression( '/^[0-9a-f]{32}$/', $item['tracking_id'] );
	}

	/**
	 * A shipment.
	 *
	 * @param string             $reference Reference.
	 * @param array<int, string> $numbers   Tracking numbers.
	 * @return array<string, mixed>
	 */
	private static function shipment( string $reference, array $numbers ): array {
		return array(
			'reference'    => $reference,
			'carrier_name' => 'Royal Mail',
			'shipped_at'   => '2026-11-25T12:00:00Z',
			'parcels'      => array_map(
				static function ( string $number ) {
					return array(
						'tracking_number' => $number,
						'tracking_url'    => 'https://carrier.example/' . $number,
					);
				},
				$numbers
			),
		);
	}
}
