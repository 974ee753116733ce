<?php
/**
 * WooCommerce's own order fulfilments.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

use Automattic\WooCommerce\Utilities\FeaturesUtil;

/**
 * A feature since WooCommerce 10.1 that is off unless the merchant turns it on. Its classes moved in 10.7, so both places
 * are looked at, and whatever goes wrong in it leaves the shipment told by other means.
 */
final class Fulfillments {
	const CLASSES = array(
		'Automattic\\WooCommerce\\Admin\\Features\\Fulfillments\\Fulfillment',
		'Automattic\\WooCommerce\\Internal\\Fulfillments\\Fulfillment',
	);

	/**
	 * WooCommerce's names of carriers (its keys of shipping providers) by FulfilHub's.
	 */
	const PROVIDERS = array(
		'royal_mail'  => 'royal-mail',
		'evri'        => 'evri-hermes',
		'hermes'      => 'evri-hermes',
		'dhl_express' => 'dhl',
	);

	/**
	 * Whether the feature is there and on.
	 */
	public static function are_on(): bool {
		return null !== self::class_name() && class_exists( FeaturesUtil::class ) && FeaturesUtil::feature_is_enabled( 'fulfillments' );
	}

	/**
	 * Writes a shipment as a fulfilment, or changes the one that was written for it before.
	 *
	 * @param \WC_Order            $order    Order.
	 * @param array<string, mixed> $shipment Shipment with lines that the order has.
	 * @param int                  $id       Id of the fulfilment written before; 0 for none.
	 * @return int Id of the fulfilment; 0 where none was written.
	 */
	public static function write( \WC_Order $order, array $shipment, int $id ): int {
		$name = self::class_name();
		if ( null === $name || ! $shipment['lines'] ) {
			return 0;
		}
		try {
			$fulfillment = self::open( $name, $id );
			$fulfillment->set_entity_type( \WC_Order::class );
			$fulfillment->set_entity_id( (string) $order->get_id() );
			$fulfillment->set_status( 'fulfilled' );
			$fulfillment->set_items( self::items( $shipment['lines'] ) );
			foreach ( self::metas( $shipment ) as $key => $value ) {
				$fulfillment->update_meta_data( $key, $value );
			}
			$fulfillment->save();
			return (int) $fulfillment->get_id();
		} catch ( \Throwable $error ) {
			wc_get_logger()->warning( 'A fulfilment could not be written: ' . $error->getMessage(), array( 'source' => 'fulfilhub' ) );
			return 0;
		}
	}

	/**
	 * The fulfilment that was written before, or a new one.
	 *
	 * @param string $name Class.
	 * @param int    $id    Id or 0.
	 * @return object
	 */
	private static function open( string $name, int $id ) {
		if ( $id > 0 ) {
			try {
				$found = new $name( $id );
				if ( ! $found->get_date_deleted() ) {
					return $found;
				}
			} catch ( \Throwable $error ) {
				// Somebody deleted it: a new one takes its place.
				return new $name();
			}
		}
		return new $name();
	}

	/**
	 * Items as WooCommerce keeps them.
	 *
	 * @param array<int, array<string, mixed>> $lines Lines.
	 * @return array<int, array{item_id: int, qty: int}>
	 */
	private static function items( array $lines ): array {
		$items = array();
		foreach ( $lines as $line ) {
			$id = (int) $line['line_id'];
			if ( isset( $items[ $id ] ) ) {
				$items[ $id ]['qty'] += (int) $line['quantity'];
			} else {
				$items[ $id ] = array(
					'item_id' => $id,
					'qty'     => (int) $line['quantity'],
				);
			}
		}
		return array_values( $items );
	}

	/**
	 * Metas as WooCommerce keeps them. A fulfilment has one tracking number: those of several parcels stand side by side,
	 * with the address of the first.
	 *
	 * @param array<string, mixed> $shipment Shipment.
	 * @return array<string, string>
	 */
	private static function metas( array $shipment ): array {
		$numbers = array_filter( array_map( 'strval', array_column( $shipment['parcels'], 'tracking_number' ) ), 'strlen' );
		$urls    = array_filter( array_map( 'strval', array_column( $shipment['parcels'], 'tracking_url' ) ), 'strlen' );
		$known   = self::provider( (string) $shipment['carrier'] );
		return array(
			'_tracking_number'   => implode( ', ', $numbers ),
			'_tracking_url'      => (string) reset( $urls ),
			'_shipping_option'   => $numbers ? 'manual-entry' : 'no-info',
			'_shipment_provider' => '' === $known ? 'other' : $known,
			'_provider_name'     => '' === $known ? (string) $shipment['carrier_name'] : '',
		);
	}

	/**
	 * WooCommerce's key of a carrier, or ''.
	 *
	 * @param string $carrier FulfilHub's name.
	 */
	private static function provider( string $carrier ): string {
		$providers = self::PROVIDERS;
		$key       = isset( $providers[ $carrier ] ) ? $providers[ $carrier ] : str_replace( '_', '-', $carrier );
		/** This filter is documented in WooCommerce: it gives the shipping providers that the shop knows. */
		$known = (array) apply_filters( 'woocommerce_fulfillment_shipping_providers', array() );
		return isset( $known[ $key ] ) ? $key : '';
	}

	/**
	 * The class, or null where this WooCommerce has none.
	 */
	private static function class_name(): ?string {
		foreach ( self::CLASSES as $name ) {
			if ( class_exists( $name ) && method_exists( $name, 'set_items' ) ) {
				return $name;
			}
		}
		return null;
	}
}
