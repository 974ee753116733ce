<?php
/**
 * The part of an address that opens one order's journey.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

/**
 * `123-` and a code that only this site can make: no e-mail address stands in an address bar, and who guesses an order
 * number sees nothing. It shows where parcels are and what is in them, never who gets them.
 */
final class Ticket {
	/**
	 * The ticket of an order.
	 *
	 * @param \WC_Order $order Order.
	 */
	public static function of( \WC_Order $order ): string {
		return $order->get_id() . '-' . self::code( $order );
	}

	/**
	 * The order that a ticket opens; null for anything that is no ticket.
	 *
	 * @param string $ticket Ticket.
	 */
	public static function read( string $ticket ): ?\WC_Order {
		if ( 1 !== preg_match( '/^([1-9]\d{0,18})-([0-9a-f]{32})$/D', $ticket, $parts ) ) {
			return null;
		}
		$order = wc_get_order( (int) $parts[1] );
		if ( ! $order instanceof \WC_Order || 'trash' === $order->get_status() ) {
			return null;
		}
		return hash_equals( self::code( $order ), $parts[2] ) ? $order : null;
	}

	/**
	 * The secret part.
	 *
	 * @param \WC_Order $order Order.
	 */
	private static function code( \WC_Order $order ): string {
		return substr( hash_hmac( 'sha256', 'fulfilhub-ticket|' . $order->get_id() . '|' . $order->get_order_key(), wp_salt( 'auth' ) ), 0, 32 );
	}
}
