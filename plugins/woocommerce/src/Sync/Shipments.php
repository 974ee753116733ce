<?php
/**
 * Shipments into WooCommerce.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

use FulfilHub\WooCommerce\Lock;
use FulfilHub\WooCommerce\Orders\Listed;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Queue\Collector;
use FulfilHub\WooCommerce\Rest\Routes;
use FulfilHub\WooCommerce\Settings;

/**
 * Tells a shipment in every way that the shop understands. It is kept on the order by its reference, so telling it twice
 * changes nothing, and other tracking numbers take the place of the old ones.
 */
final class Shipments {
	const META = '_fulfilhub_shipments';

	/**
	 * On an order: when it was changed last by FulfilHub itself.
	 */
	const OWN = '_fulfilhub_own';

	/**
	 * What a shipment's sameness is judged by.
	 */
	const FACTS = array( 'carrier', 'carrier_name', 'shipped_at', 'completes_order', 'lines', 'parcels' );

	/**
	 * The shipments that were told of an order, by reference.
	 *
	 * @param \WC_Abstract_Order $order Order.
	 * @return array<string, array<string, mixed>>
	 */
	public static function of( $order ): array {
		$kept = $order->get_meta( self::META, true );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Takes a shipment.
	 *
	 * @param int                  $order_id Order id.
	 * @param array<string, mixed> $shipment Shipment as the contract has it, with its reference.
	 * @return array<string, mixed>|\WP_Error
	 */
	public static function take( int $order_id, array $shipment ) {
		$name  = 'shipments_' . $order_id;
		$token = Lock::take( $name, 60, 10.0 );
		if ( '' === $token ) {
			return Routes::busy();
		}
		try {
			$order = State::read_anew( $order_id );
			return null === $order ? Routes::busy() : self::tell( $order, self::tidy( $shipment ) );
		} finally {
			Lock::release( $name, $token );
		}
	}

	/**
	 * Tells a shipment, where there is anything new in it.
	 *
	 * @param \WC_Order            $order    Order.
	 * @param array<string, mixed> $shipment Shipment.
	 * @return array<string, mixed>
	 */
	private static function tell( \WC_Order $order, array $shipment ): array {
		$reference                = (string) $shipment['reference'];
		$all                      = self::of( $order );
		$before                   = isset( $all[ $reference ] ) ? $all[ $reference ] : null;
		list( $lines, $left_out ) = Lines::part( $shipment['lines'], self::room( $order, $all, $reference ) );
		$shipment['lines']        = $lines;
		$answer                   = array(
			'reference' => $reference,
			'already'   => null !== $before && self::facts( $before ) === self::facts( $shipment ),
			'told_as'   => null !== $before && isset( $before['told_as'] ) ? $before['told_as'] : array(),
			'left_out'  => $left_out,
		);
		if ( $answer['already'] ) {
			return $answer;
		}
		$told_as = array();
		Collector::quietly(
			static function () use ( $order, $shipment, $before, $all, &$told_as ) {
				$told_as = self::write( $order, $shipment, $before, $all );
			}
		);
		// FulfilHub reads lists of what changed in the shop: this it knows.
		$order->update_meta_data( self::OWN, Listed::moment( $order ) );
		State::save_metas( $order );
		$answer['told_as'] = $told_as;
		return $answer;
	}

	/**
	 * Writes a shipment in every way.
	 *
	 * @param \WC_Order                           $order    Order.
	 * @param array<string, mixed>                $shipment Shipment.
	 * @param array<string, mixed>|null           $before   The same shipment as it was told before.
	 * @param array<string, array<string, mixed>> $all      All shipments told before.
	 * @return array<int, string> How it was told.
	 */
	private static function write( \WC_Order $order, array $shipment, ?array $before, array $all ): array {
		$told = array();
		$new  = null === $before || array_column( $before['parcels'], 'tracking_number' ) !== array_column( $shipment['parcels'], 'tracking_number' );
		if ( Settings::get( 'native_fulfillments' ) && Fulfillments::are_on() ) {
			$shipment['fulfillment_id'] = Fulfillments::write( $order, $shipment, null === $before || empty( $before['fulfillment_id'] ) ? 0 : (int) $before['fulfillment_id'] );
			if ( $shipment['fulfillment_id'] ) {
				$told[] = 'fulfillment';
			}
		}
		if ( Settings::get( 'tracking_metas' ) && Tracking::write( $order, $shipment ) ) {
			$told[] = 'tracking_meta';
		}
		if ( $new && 'none' !== Settings::get( 'shipment_note' ) ) {
			$order->add_order_note( self::note( $shipment, null !== $before ), 'customer' === Settings::get( 'shipment_note' ) ? 1 : 0 );
			$told[] = 'note';
		}
		$mails = $new && ! empty( $shipment['notify_customer'] );
		if ( $mails ) {
			$told[] = 'email';
		}
		$status = self::status( $order, (bool) $shipment['completes_order'] );
		if ( null !== $status ) {
			$told[] = 'status:' . $status;
		}
		$shipment['told_as'] = $told;
		// Kept before the status changes and e-mails go out: both read it.
		$all[ (string) $shipment['reference'] ] = $shipment;
		$order->update_meta_data( self::META, $all );
		$order->save();
		/**
		 * FulfilHub told a shipment, for the first time or with other tracking numbers.
		 *
		 * @param \WC_Order            $order    Order.
		 * @param array<string, mixed> $shipment Shipment.
		 */
		do_action( 'fulfilhub_shipment_created', $order, $shipment );
		if ( $mails ) {
			/**
			 * The customer is to be told of a shipment.
			 *
			 * @param int                  $order_id Order id.
			 * @param array<string, mixed> $shipment Shipment.
			 */
			do_action( 'fulfilhub_shipment_email', $order->get_id(), $shipment );
		}
		if ( null !== $status ) {
			$order->update_status( $status, __( 'FulfilHub:', 'fulfilhub-for-woocommerce' ) );
		}
		return $told;
	}

	/**
	 * The status that an order gets now; null where it keeps its own. A cancelled order stays cancelled, and a parcel that
	 * is told late opens no completed order again.
	 *
	 * @param \WC_Order $order     Order.
	 * @param bool      $completes Whether nothing is left to ship.
	 */
	private static function status( \WC_Order $order, bool $completes ): ?string {
		$status = (string) Settings::get( $completes ? 'status_shipped' : 'status_partial' );
		$closed = array( 'cancelled', 'refunded', 'failed', 'trash' );
		if ( ! $completes ) {
			array_push( $closed, 'completed', (string) Settings::get( 'status_shipped' ) );
		}
		$exists = array_key_exists( 'wc-' . $status, wc_get_order_statuses() );
		return '' === $status || ! $exists || $order->has_status( array_merge( $closed, array( $status ) ) ) ? null : $status;
	}

	/**
	 * The note on the order.
	 *
	 * @param array<string, mixed> $shipment Shipment.
	 * @param bool                 $again    Whether it was told before, with other tracking numbers.
	 */
	private static function note( array $shipment, bool $again ): string {
		$carrier = (string) ( $shipment['carrier_name'] ? $shipment['carrier_name'] : $shipment['carrier'] );
		$numbers = array();
		foreach ( $shipment['parcels'] as $parcel ) {
			if ( '' !== $parcel['tracking_number'] ) {
				$numbers[] = '' === $parcel['tracking_url'] ? esc_html( $parcel['tracking_number'] ) : sprintf( '<a href="%s" target="_blank" rel="noopener">%s</a>', esc_url( $parcel['tracking_url'] ), esc_html( $parcel['tracking_number'] ) );
			}
		}
		if ( ! $numbers && '' === $carrier ) {
			return __( 'Shipped.', 'fulfilhub-for-woocommerce' );
		}
		if ( ! $numbers ) {
			/* translators: %s: name of a carrier */
			return sprintf( __( 'Shipped with %s.', 'fulfilhub-for-woocommerce' ), esc_html( $carrier ) );
		}
		if ( $again ) {
			/* translators: 1: name of a carrier, 2: tracking numbers */
			return sprintf( __( 'Tracking changed: %1$s %2$s', 'fulfilhub-for-woocommerce' ), esc_html( $carrier ), implode( ', ', $numbers ) );
		}
		/* translators: 1: name of a carrier, 2: tracking numbers */
		return sprintf( __( 'Shipped with %1$s, tracking %2$s', 'fulfilhub-for-woocommerce' ), esc_html( $carrier ), implode( ', ', $numbers ) );
	}

	/**
	 * How many units of each line may still be in a shipment.
	 *
	 * @param \WC_Order                           $order     Order.
	 * @param array<string, array<string, mixed>> $all       Shipments told before.
	 * @param string                              $reference The one that is told now.
	 * @return array<int, int>
	 */
	private static function room( \WC_Order $order, array $all, string $reference ): array {
		$room = array();
		foreach ( $order->get_items() as $id => $item ) {
			$room[ (int) $id ] = (int) $item->get_quantity();
		}
		foreach ( $all as $name => $shipment ) {
			foreach ( (string) $name === $reference ? array() : $shipment['lines'] as $line ) {
				if ( isset( $room[ (int) $line['line_id'] ] ) ) {
					$room[ (int) $line['line_id'] ] -= (int) $line['quantity'];
				}
			}
		}
		return $room;
	}

	/**
	 * A shipment with every value there and of its type.
	 *
	 * @param array<string, mixed> $given As it came.
	 * @return array<string, mixed>
	 */
	private static function tidy( array $given ): array {
		$parcels = array();
		foreach ( (array) $given['parcels'] as $parcel ) {
			$parcels[] = array(
				'tracking_number' => sanitize_text_field( (string) ( isset( $parcel['tracking_number'] ) ? $parcel['tracking_number'] : '' ) ),
				'tracking_url'    => esc_url_raw( (string) ( isset( $parcel['tracking_url'] ) ? $parcel['tracking_url'] : '' ), array( 'https', 'http' ) ),
			);
		}
		$carrier = sanitize_text_field( (string) $given['carrier'] );
		$name    = sanitize_text_field( (string) $given['carrier_name'] );
		return array(
			'reference'       => (string) $given['reference'],
			'carrier'         => $carrier,
			'carrier_name'    => '' === $name ? $carrier : $name,
			'shipped_at'      => sanitize_text_field( (string) $given['shipped_at'] ),
			'completes_order' => (bool) $given['completes_order'],
			'notify_customer' => (bool) $given['notify_customer'],
			'lines'           => array_values( (array) $given['lines'] ),
			'parcels'         => $parcels,
		);
	}

	/**
	 * What a shipment's sameness is judged by.
	 *
	 * @param array<string, mixed> $shipment Shipment.
	 * @return array<string, mixed>
	 */
	private static function facts( array $shipment ): array {
		$facts = array_merge( array_fill_keys( self::FACTS, null ), array_intersect_key( $shipment, array_flip( self::FACTS ) ) );
		ksort( $facts );
		return $facts;
	}
}
