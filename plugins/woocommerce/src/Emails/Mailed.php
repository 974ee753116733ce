<?php
/**
 * Which e-mails an order's customer has had.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Emails;

use FulfilHub\WooCommerce\Lock;
use FulfilHub\WooCommerce\Queue\Collector;

/**
 * Kept on the order: FulfilHub tells a shipment as often as it has to, the customer is told once.
 */
final class Mailed {
	const META = '_fulfilhub_mailed';

	/**
	 * Sends an e-mail about a shipment, unless that was done before. What could not be sent may be tried again.
	 *
	 * @param int      $order_id  Order id.
	 * @param string   $kind      shipped or delivered.
	 * @param string   $reference The shipment's reference.
	 * @param callable $send      function( \WC_Order $order ): bool.
	 */
	public static function once( int $order_id, string $kind, string $reference, callable $send ): bool {
		$name  = 'mail_' . $order_id;
		$token = Lock::take( $name, 60, 10.0 );
		if ( '' === $token ) {
			return false;
		}
		try {
			$order = wc_get_order( $order_id );
			if ( ! $order instanceof \WC_Order ) {
				return false;
			}
			$order->read_meta_data( true );
			$mailed = self::of( $order );
			$key    = $kind . ':' . $reference;
			if ( isset( $mailed[ $key ] ) || ! $send( $order ) ) {
				return false;
			}
			$mailed[ $key ] = time();
			Collector::quietly(
				static function () use ( $order, $mailed ) {
					$order->update_meta_data( self::META, $mailed );
					$order->save_meta_data();
				}
			);
			return true;
		} finally {
			Lock::release( $name, $token );
		}
	}

	/**
	 * Whether the customer had any e-mail of a kind.
	 *
	 * @param \WC_Order $order Order.
	 * @param string    $kind  shipped or delivered.
	 */
	public static function any( \WC_Order $order, string $kind ): bool {
		foreach ( array_keys( self::of( $order ) ) as $key ) {
			if ( 0 === strpos( (string) $key, $kind . ':' ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * What is kept.
	 *
	 * @param \WC_Order $order Order.
	 * @return array<string, int> Unix times by kind and reference.
	 */
	private static function of( \WC_Order $order ): array {
		$kept = $order->get_meta( self::META, true );
		return is_array( $kept ) ? $kept : array();
	}
}
