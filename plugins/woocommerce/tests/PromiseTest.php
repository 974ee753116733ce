<?php
/**
 * What is asked for a delivery date, and which answer is whose.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Promise\Question;
use FulfilHub\WooCommerce\Promise\Services;
use FulfilHub\WooCommerce\View\Delivered;
use FulfilHub\WooCommerce\View\Given;
use PHPUnit\Framework\TestCase;

/**
 * Questions, services, and news of deliveries.
 */
final class PromiseTest extends TestCase {
	/**
	 * A piece of goods.
	 *
	 * @param string $variant  Variant.
	 * @param int    $quantity Quantity.
	 * @param string $sku      SKU.
	 * @return array{variant_id: string, sku: string, quantity: int}
	 */
	private function goods( string $variant, int $quantity, string $sku = '' ): array {
		return array(
			'variant_id' => $variant,
			'sku'        => $sku,
			'quantity'   => $quantity,
		);
	}

	/**
	 * The same cart in another order is the same question, so it is asked once.
	 */
	public function test_the_order_of_a_cart_does_not_matter(): void {
		$to    = Question::ship_to( array( 'country' => 'de', 'postcode' => ' 10115 ', 'state' => '' ) ); // phpcs:ignore WordPress.Arrays -- Short.
		$one   = Question::lines( array( $this->goods( '7', 1 ), $this->goods( '5', 2, 'MUG' ), $this->goods( '7', 2 ) ) );
		$other = Question::lines( array( $this->goods( '5', 2, 'MUG' ), $this->goods( '7', 3 ) ) );
		$this->assertSame( $one, $other );
		$this->assertSame( Question::name( $one, $to, 's' ), Question::name( $other, $to, 's' ) );
		$this->assertNotSame( Question::name( $one, $to, 's' ), Question::name( $one, $to, 'another store' ) );
		$this->assertSame( array( 'country' => 'DE', 'postcode' => '10115' ), $to ); // phpcs:ignore WordPress.Arrays -- Short.
		$this->assertSame( array( 'variant_id' => '7', 'quantity' => 3 ), $one[1] ); // phpcs:ignore WordPress.Arrays -- Short.
	}

	/**
	 * Nothing is asked where no answer could be true.
	 */
	public function test_what_cannot_be_asked_is_not_asked(): void {
		$many = array();
		for ( $number = 1; $number <= 51; $number++ ) {
			$many[] = $this->goods( (string) $number, 1 );
		}
		$this->assertSame( array(), Question::lines( $many ) );
		$this->assertCount( 50, Question::lines( array_slice( $many, 0, 50 ) ) );
		$this->assertSame( array(), Question::lines( array( $this->goods( '5', 0 ) ) ) );
		$this->assertSame( array(), Question::ship_to( array( 'country' => '' ) ) );
		$this->assertSame( array(), Question::ship_to( array( 'country' => 'Germany' ) ) );
	}

	/**
	 * Methods are read as FulfilHub reads them when the order comes.
	 *
	 * @dataProvider methods
	 *
	 * @param string $title   Title.
	 * @param string $method  Method.
	 * @param string $service Service.
	 */
	public function test_a_method_is_its_service( string $title, string $method, string $service ): void {
		$this->assertSame( $service, Services::of( $title, $method ) );
	}

	/**
	 * Shipping methods.
	 *
	 * @return array<int, array<int, string>>
	 */
	public function methods(): array {
		return array(
			array( 'Flat rate', 'flat_rate', 'standard' ),
			array( 'EXPRESS', 'flat_rate', 'express' ),
			array( 'Next-Day before noon', 'flat_rate', 'express' ),
			array( 'In our shop', 'local_pickup', 'pickup' ),
			array( 'Express pickup', 'flat_rate', 'pickup' ),
			array( 'In our shop', 'pickup_location pickup_location:1', 'pickup' ),
		);
	}

	/**
	 * A rate shows the date of its own service or none.
	 */
	public function test_a_service_without_an_offer_shows_nothing(): void {
		$options = array( array( 'service' => 'standard', 'deliver_by' => '2026-11-28' ) ); // phpcs:ignore WordPress.Arrays -- Short.
		$this->assertNull( Services::option( $options, 'express' ) );
		$this->assertSame( '2026-11-28', Services::option( $options, 'standard' )['deliver_by'] );
	}

	/**
	 * A shipment has arrived with its last parcel, and that is news once.
	 */
	public function test_a_shipment_arrives_once_and_whole(): void {
		$state = static function ( array $parcels ): array {
			return array(
				'shipments' => array(
					array(
						'reference' => 'a',
						'parcels'   => array_map(
							static function ( $at ) {
								return array(
									'state'        => null === $at ? 'in_transit' : 'delivered',
									'delivered_at' => $at,
								);
							},
							$parcels
						),
					),
				),
			);
		};
		$half  = $state( array( '2026-11-27T09:00:00Z', null ) );
		$whole = $state( array( '2026-11-27T09:00:00Z', '2026-11-27T11:00:00Z' ) );
		$this->assertSame( array(), Delivered::since( $half, null ) );
		$this->assertSame( array( 'a' => '2026-11-27T11:00:00Z' ), Delivered::since( $whole, $half ) );
		$this->assertSame( array(), Delivered::since( $whole, $whole ) );
		$this->assertSame( array(), Delivered::since( $state( array() ), null ) );
	}

	/**
	 * Only http and https make a link.
	 */
	public function test_links(): void {
		foreach ( array( 'http://a.example/x?y=1#z', 'https://a.example' ) as $good ) {
			$this->assertSame( $good, Given::link( array( 'url' => $good ), 'url' ) );
		}
		foreach ( array( 'javascript:alert(1)', 'https://a.example/"x', '//a.example', 'https://', '' ) as $bad ) {
			$this->assertSame( '', Given::link( array( 'url' => $bad ), 'url' ) );
		}
	}
}
