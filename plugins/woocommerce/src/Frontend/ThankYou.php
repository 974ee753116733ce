<?php
/**
 * The journey on the page that thanks for an order.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

use FulfilHub\WooCommerce\Settings;

/**
 * The hook runs on the classic page and inside WooCommerce's blocks alike, once the visitor has proved to be the buyer.
 */
final class ThankYou {
	/**
	 * Hooks in before the order's details.
	 */
	public function register(): void {
		add_action( 'woocommerce_thankyou', array( $this, 'show' ), 5 );
	}

	/**
	 * Prints the journey.
	 *
	 * @param int $order_id Order id.
	 */
	public function show( $order_id ): void {
		$order = Settings::get( 'customer_status' ) ? wc_get_order( $order_id ) : null;
		if ( $order instanceof \WC_Order && ! $order->has_status( array( 'failed', 'pending', 'cancelled' ) ) ) {
			echo Status::of( $order ); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- The template escapes.
		}
	}
}
