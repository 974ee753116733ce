<?php
/**
 * Which shipments have arrived between two states of an order.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

/**
 * Pure. A shipment has arrived when each of its parcels has: two parcels of one shipment are one piece of news.
 */
final class Delivered {
	/**
	 * Shipments that are whole now and were not before.
	 *
	 * @param array<string, mixed>      $now    OrderState.
	 * @param array<string, mixed>|null $before OrderState before.
	 * @return array<string, string> When the last parcel came (RFC 3339), by the shipment's reference.
	 */
	public static function since( array $now, ?array $before ): array {
		return array_diff_key( self::whole( $now ), self::whole( $before ) );
	}

	/**
	 * Shipments of which every parcel was delivered.
	 *
	 * @param array<string, mixed>|null $state OrderState.
	 * @return array<string, string>
	 */
	private static function whole( ?array $state ): array {
		$whole = array();
		foreach ( Given::rows( $state, 'shipments' ) as $shipment ) {
			$parcels = Given::rows( $shipment, 'parcels' );
			$times   = array();
			foreach ( $parcels as $parcel ) {
				if ( 'delivered' === Given::text( $parcel, 'state' ) ) {
					$times[] = Given::text( $parcel, 'delivered_at' );
				}
			}
			if ( $parcels && count( $times ) === count( $parcels ) ) {
				$whole[ Given::text( $shipment, 'reference' ) ] = (string) max( $times );
			}
		}
		return $whole;
	}
}
