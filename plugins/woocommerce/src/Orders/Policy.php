<?php
/**
 * Which orders FulfilHub is told of.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Orders;

/**
 * Rules about an order as WooCommerce holds it.
 */
final class Policy {
	/**
	 * Whether this is an order of a customer: refunds, subscriptions and drafts of a checkout are none.
	 *
	 * @param mixed $order What wc_get_order() gave.
	 */
	public static function is_order( $order ): bool {
		return $order instanceof \WC_Order
			&& 'shop_order' === $order->get_type()
			&& ! in_array( $order->get_status(), array( 'auto-draft', 'checkout-draft', 'draft', 'new' ), true );
	}

	/**
	 * Whether an order that FulfilHub does not know yet is sent to it.
	 *
	 * @param \WC_Order          $order    Order.
	 * @param array<int, string> $statuses Statuses that the merchant chose, without "wc-".
	 */
	public static function begins( \WC_Order $order, array $statuses ): bool {
		$sends = self::is_order( $order ) && in_array( $order->get_status(), $statuses, true ) && self::has_goods( $order );
		/**
		 * Whether an order is sent to FulfilHub. Orders that are there already are always kept up to date.
		 *
		 * @param bool      $sends Whether it is.
		 * @param \WC_Order $order Order.
		 */
		return (bool) apply_filters( 'fulfilhub_send_order', $sends, $order );
	}

	/**
	 * Whether an order has anything to pack. What is no longer in the catalogue may have been, so it counts.
	 *
	 * @param \WC_Order $order Order.
	 */
	public static function has_goods( \WC_Order $order ): bool {
		foreach ( $order->get_items() as $item ) {
			$product = $item instanceof \WC_Order_Item_Product ? $item->get_product() : null;
			if ( ! $product || $product->needs_shipping() ) {
				return true;
			}
		}
		return false;
	}
}
