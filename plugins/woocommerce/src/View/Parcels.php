<?php
/**
 * What is in which parcel, and what is still to come.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

/**
 * Pure: joins FulfilHub's state of an order, the shipments told to the shop and the order's own items.
 *
 * An item is {id, name, quantity, refunded, ships}: units ordered, units refunded, and whether it has to be shipped.
 */
final class Parcels {
	/**
	 * The parcels of an order, oldest first.
	 *
	 * @param array<string, mixed>|null        $state OrderState or null.
	 * @param array<int|string, mixed>         $told  Shipments that the shop was told of.
	 * @param array<int, array<string, mixed>> $items The order's items.
	 * @param Dates                            $dates How dates are written.
	 * @param string                           $only  A shipment's reference: only its parcels.
	 * @return array<int, array<string, mixed>>
	 */
	public static function of( ?array $state, array $told, array $items, Dates $dates, string $only = '' ): array {
		$found = array();
		foreach ( self::shipments( $state, $told ) as $shipment ) {
			$reference = Given::text( $shipment, 'reference' );
			if ( '' === $only || $only === $reference ) {
				foreach ( self::of_shipment( $shipment, $items, $dates ) as $parcel ) {
					$found[] = $parcel;
				}
			}
		}
		return $found;
	}

	/**
	 * Items that no parcel has yet, without those that were refunded or are never shipped.
	 *
	 * @param array<string, mixed>|null        $state OrderState or null.
	 * @param array<int|string, mixed>         $told  Shipments that the shop was told of.
	 * @param array<int, array<string, mixed>> $items The order's items.
	 * @return array<int, array{name: string, quantity: int}>
	 */
	public static function to_come( ?array $state, array $told, array $items ): array {
		$sent = array();
		foreach ( self::shipments( $state, $told ) as $shipment ) {
			foreach ( self::units( $shipment ) as $line => $quantity ) {
				$sent[ $line ] = ( $sent[ $line ] ?? 0 ) + $quantity;
			}
		}
		$left = array();
		foreach ( $items as $item ) {
			$open = (int) $item['quantity'] - (int) $item['refunded'] - ( $sent[ (string) $item['id'] ] ?? 0 );
			if ( $item['ships'] && $open > 0 ) {
				$left[] = array(
					'name'     => (string) $item['name'],
					'quantity' => $open,
				);
			}
		}
		return $left;
	}

	/**
	 * Every shipment once: as the state has it, and those that only the shop was told of so far.
	 *
	 * @param array<string, mixed>|null $state OrderState or null.
	 * @param array<int|string, mixed>  $told  Shipments told.
	 * @return array<int, array<string, mixed>>
	 */
	private static function shipments( ?array $state, array $told ): array {
		$every = array();
		foreach ( Given::rows( $state, 'shipments' ) as $shipment ) {
			$every[ Given::text( $shipment, 'reference' ) ] = $shipment;
		}
		foreach ( $told as $shipment ) {
			$reference = Given::text( $shipment, 'reference' );
			if ( is_array( $shipment ) && ! isset( $every[ $reference ] ) ) {
				$every[ $reference ] = $shipment;
			}
		}
		$every = array_values( $every );
		usort(
			$every,
			static function ( array $one, array $other ) {
				return ( Dates::unix( Given::text( $one, 'shipped_at' ) ) ?? PHP_INT_MAX ) <=> ( Dates::unix( Given::text( $other, 'shipped_at' ) ) ?? PHP_INT_MAX );
			}
		);
		return $every;
	}

	/**
	 * The parcels of one shipment.
	 *
	 * @param array<string, mixed>             $shipment Shipment.
	 * @param array<int, array<string, mixed>> $items    The order's items.
	 * @param Dates                            $dates    How dates are written.
	 * @return array<int, array<string, mixed>>
	 */
	private static function of_shipment( array $shipment, array $items, Dates $dates ): array {
		$given = Given::rows( $shipment, 'parcels' );
		$whole = Given::quantities( $shipment, 'lines' );
		$found = array();
		foreach ( $given ? $given : array( array() ) as $place => $parcel ) {
			$units = Given::quantities( $parcel, 'lines' );
			// Where only the shipment says what is in it, its first parcel carries the list for all of them.
			$shared  = ! $units && 0 === $place && count( $given ) > 1;
			$units   = $units || 0 !== $place ? $units : $whole;
			$words   = Words::parcel( Given::text( $parcel, 'state' ), Given::text( $parcel, 'state_text' ) );
			$carrier = Given::text( $shipment, 'carrier_name' );
			$found[] = array(
				'reference'       => Given::text( $shipment, 'reference' ),
				'carrier'         => '' === $carrier ? Words::readable( Given::text( $shipment, 'carrier' ) ) : $carrier,
				'tracking_number' => Given::text( $parcel, 'tracking_number' ),
				'tracking_url'    => Given::link( $parcel, 'tracking_url' ),
				'state'           => Given::text( $parcel, 'state' ),
				'label'           => $words['label'],
				'tone'            => $words['tone'],
				'shipped_at'      => Given::text( $shipment, 'shipped_at' ),
				'shipped'         => $dates->day( Given::text( $shipment, 'shipped_at' ) ),
				'delivered_at'    => Given::text( $parcel, 'delivered_at' ),
				'delivered'       => $dates->moment( Given::text( $parcel, 'delivered_at' ) ),
				'contents'        => self::named( $units, $items ),
				'shared'          => $shared && $units,
			);
		}
		return $found;
	}

	/**
	 * Units that a shipment carries: what its parcels say, or what it says itself.
	 *
	 * @param array<string, mixed> $shipment Shipment.
	 * @return array<string, int>
	 */
	private static function units( array $shipment ): array {
		$sums = array();
		foreach ( Given::rows( $shipment, 'parcels' ) as $parcel ) {
			foreach ( Given::quantities( $parcel, 'lines' ) as $line => $quantity ) {
				$sums[ $line ] = ( $sums[ $line ] ?? 0 ) + $quantity;
			}
		}
		return $sums ? $sums : Given::quantities( $shipment, 'lines' );
	}

	/**
	 * Quantities with their items' names, in the order of the items.
	 *
	 * @param array<string|int, int>           $units Quantity by line id.
	 * @param array<int, array<string, mixed>> $items The order's items.
	 * @return array<int, array{name: string, quantity: int}>
	 */
	public static function named( array $units, array $items ): array {
		$list = array();
		foreach ( $items as $item ) {
			$line = (string) $item['id'];
			if ( isset( $units[ $line ] ) ) {
				$list[] = array(
					'name'     => (string) $item['name'],
					'quantity' => $units[ $line ],
				);
				unset( $units[ $line ] );
			}
		}
		foreach ( $units as $quantity ) {
			$list[] = array(
				'name'     => __( 'An item that is no longer in the order', 'fulfilhub-for-woocommerce' ),
				'quantity' => $quantity,
			);
		}
		return $list;
	}
}
