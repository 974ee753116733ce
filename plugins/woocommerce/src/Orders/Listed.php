<?php
/**
 * What FulfilHub is told of orders when it reads WooCommerce's list of them.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Orders;

use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\Settings;
use FulfilHub\WooCommerce\Sync\Shipments;

/**
 * FulfilHub looks every few minutes for orders that it missed. Without this it would find those that the merchant does not
 * send, and take what it told itself for news.
 */
final class Listed {
	/**
	 * Name of the field, which only who asks for it by `_fields` gets.
	 */
	const FIELD = 'fulfilhub';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'woocommerce_rest_prepare_shop_order_object', array( $this, 'mark' ), 20, 3 );
	}

	/**
	 * Marks an order of a list.
	 *
	 * @param mixed $response Response.
	 * @param mixed $order    Order.
	 * @param mixed $request  Request.
	 * @return mixed
	 */
	public function mark( $response, $order, $request ) {
		if ( $response instanceof \WP_REST_Response && $order instanceof \WC_Order && $request instanceof \WP_REST_Request
			&& in_array( self::FIELD, wp_parse_list( $request['_fields'] ? $request['_fields'] : array() ), true ) ) {
			$response->data[ self::FIELD ] = self::word( $order );
		}
		return $response;
	}

	/**
	 * What is to be said of an order.
	 *
	 * @param \WC_Order $order Order.
	 * @return string|null unwanted: it is not sent; own: its last change came from FulfilHub; null: neither.
	 */
	private static function word( \WC_Order $order ): ?string {
		if ( (string) $order->get_meta( Shipments::OWN ) === self::moment( $order ) ) {
			return 'own';
		}
		$begins = Policy::begins( $order, (array) Settings::get( 'send_statuses' ) );
		return $begins || Table::known( array( $order->get_id() ) ) ? null : 'unwanted';
	}

	/**
	 * When an order changed last, as its mark keeps it.
	 *
	 * @param \WC_Order $order Order.
	 */
	public static function moment( \WC_Order $order ): string {
		$at = $order->get_date_modified();
		return $at ? (string) $at->getTimestamp() : 'never';
	}
}
