<?php
/**
 * Tracking numbers as other plugins read them.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

/**
 * The order meta `_wc_shipment_tracking_items` is WooCommerce Shipment Tracking's; Advanced Shipment Tracking (AST),
 * TrackShip, the WooCommerce apps and most PDF and e-mail plugins read the same. Items of other hands are left alone.
 */
final class Tracking {
	const META = '_wc_shipment_tracking_items';

	/**
	 * Writes a shipment's tracking numbers onto the order; the caller saves it.
	 *
	 * @param \WC_Order            $order    Order.
	 * @param array<string, mixed> $shipment Shipment.
	 * @return bool Whether there was any number.
	 */
	public static function write( \WC_Order $order, array $shipment ): bool {
		$kept  = $order->get_meta( self::META, true );
		$items = self::merge( is_array( $kept ) ? $kept : array(), $shipment );
		if ( $items ) {
			$order->update_meta_data( self::META, $items );
		} else {
			$order->delete_meta_data( self::META );
		}
		return (bool) array_filter( array_column( $shipment['parcels'], 'tracking_number' ), 'strlen' );
	}

	/**
	 * The items with those of one shipment in place of its older ones. Pure.
	 *
	 * @param array<int, mixed>    $items    Items that are there.
	 * @param array<string, mixed> $shipment Shipment.
	 * @return array<int, mixed>
	 */
	public static function merge( array $items, array $shipment ): array {
		$reference = (string) $shipment['reference'];
		$others    = array_filter(
			$items,
			static function ( $item ) use ( $reference ) {
				return ! is_array( $item ) || ! isset( $item['fulfilhub_reference'] ) || (string) $item['fulfilhub_reference'] !== $reference;
			}
		);
		$own       = array();
		$time      = strtotime( (string) $shipment['shipped_at'] );
		foreach ( $shipment['parcels'] as $parcel ) {
			if ( '' === (string) $parcel['tracking_number'] ) {
				continue;
			}
			$own[] = array(
				'tracking_provider'        => '',
				'custom_tracking_provider' => (string) $shipment['carrier_name'],
				'custom_tracking_link'     => (string) $parcel['tracking_url'],
				'tracking_number'          => (string) $parcel['tracking_number'],
				'date_shipped'             => false === $time ? '' : (string) $time,
				'tracking_id'              => md5( $reference . '-' . $parcel['tracking_number'] ),
				'fulfilhub_reference'      => $reference,
			);
		}
		return array_values( array_merge( $others, $own ) );
	}
}
