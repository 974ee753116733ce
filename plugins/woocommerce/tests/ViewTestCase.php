<?php
/**
 * What the tests of the views share.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use DateTimeImmutable;
use DateTimeZone;
use FulfilHub\WooCommerce\View\Dates;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/words.php';

/**
 * An order of three lines, and dates as a shop in Berlin writes them.
 */
abstract class ViewTestCase extends TestCase {
	/**
	 * Dates in English, in Berlin.
	 */
	protected function dates(): Dates {
		return new Dates(
			new DateTimeZone( 'Europe/Berlin' ),
			static function ( string $format, int $unix, DateTimeZone $zone ): string {
				return ( new DateTimeImmutable( '@' . $unix ) )->setTimezone( $zone )->format( $format );
			}
		);
	}

	/**
	 * Two mugs, a shirt, and a voucher that is never shipped.
	 *
	 * @param array<int, int> $refunded Units refunded by item id.
	 * @return array<int, array<string, mixed>>
	 */
	protected function items( array $refunded = array() ): array {
		$items = array();
		foreach ( array( array( 1, 'Mug', 2, true ), array( 2, 'Shirt', 1, true ), array( 3, 'Voucher', 1, false ) ) as $item ) {
			$items[] = array(
				'id'       => $item[0],
				'name'     => $item[1],
				'quantity' => $item[2],
				'refunded' => isset( $refunded[ $item[0] ] ) ? $refunded[ $item[0] ] : 0,
				'ships'    => $item[3],
			);
		}
		return $items;
	}

	/**
	 * A state of FulfilHub.
	 *
	 * @param array<string, mixed> $changes What is other than usual.
	 * @return array<string, mixed>
	 */
	protected function state( array $changes = array() ): array {
		return $changes + array(
			'external_id'      => '17',
			'revision'         => 3,
			'status'           => 'routed',
			'status_text'      => 'At the warehouse',
			'review'           => array(),
			'holds'            => array(),
			'promise'          => array(
				'ship_by'    => '2026-11-26T16:00:00Z',
				'deliver_by' => '2026-11-28',
				'state'      => 'on_time',
				'text'       => '',
			),
			'shipments'        => array(),
			'pending_requests' => array(),
			'tracking_url'     => 'https://fulfilhub.example/t/abc',
			'return_url'       => null,
			'actions'          => array(
				'hold'           => true,
				'release'        => true,
				'cancel'         => 'now',
				'change_address' => 'no',
			),
			'updated_at'       => '2026-11-25T23:30:00Z',
		);
	}

	/**
	 * A shipment with one parcel.
	 *
	 * @param string             $reference Reference.
	 * @param array<string, int> $units     Quantity by line.
	 * @param array<string, mixed> $parcel  What the parcel says.
	 * @return array<string, mixed>
	 */
	protected function shipment( string $reference, array $units, array $parcel = array() ): array {
		return array(
			'reference'    => $reference,
			'shipped_at'   => '2026-11-26T15:00:00Z',
			'carrier'      => 'royal_mail',
			'carrier_name' => 'Royal Mail',
			'parcels'      => array(
				$parcel + array(
					'tracking_number' => 'T-' . $reference,
					'tracking_url'    => 'https://track.example/' . $reference,
					'state'           => 'in_transit',
					'state_text'      => 'On its way',
					'delivered_at'    => null,
					'lines'           => $this->lines( $units ),
				),
			),
		);
	}

	/**
	 * Lines as the contract has them.
	 *
	 * @param array<string, int> $units Quantity by line.
	 * @return array<int, array<string, mixed>>
	 */
	protected function lines( array $units ): array {
		$lines = array();
		foreach ( $units as $line => $quantity ) {
			$lines[] = array(
				'line_id'  => (string) $line,
				'quantity' => $quantity,
			);
		}
		return $lines;
	}
}
