<?php
/**
 * The journey on the order pages of My Account.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Settings;
use FulfilHub\WooCommerce\View\Given;

/**
 * WooCommerce has checked that the order is the customer's before its hooks run.
 */
final class AccountOrders {
	/**
	 * Hooks into My Account.
	 */
	public function register(): void {
		add_action( 'woocommerce_view_order', array( $this, 'show' ), 5 );
		add_filter( 'woocommerce_my_account_my_orders_actions', array( $this, 'add_link' ), 10, 2 );
	}

	/**
	 * Prints the journey above the order's table.
	 *
	 * @param int $order_id Order id.
	 */
	public function show( $order_id ): void {
		$order = Settings::get( 'customer_status' ) ? wc_get_order( $order_id ) : null;
		if ( $order instanceof \WC_Order && ! $order->has_status( array( 'failed', 'pending' ) ) ) {
			echo Status::of( $order ); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- The template escapes.
		}
	}

	/**
	 * Adds "Track" to orders of the list that have left the warehouse. The pages of single orders show the journey itself.
	 *
	 * @param array<string, array<string, string>> $actions Links.
	 * @param \WC_Order                            $order   Order.
	 * @return array<string, array<string, string>>
	 */
	public function add_link( $actions, $order ): array {
		$actions = (array) $actions;
		if ( is_wc_endpoint_url( 'view-order' ) || is_wc_endpoint_url( 'order-received' ) || ! Settings::get( 'customer_status' ) || ! $order instanceof \WC_Order || ! Given::rows( State::of( $order ), 'shipments' ) ) {
			return $actions;
		}
		$actions['fulfilhub-track'] = array(
			'url'        => $order->get_view_order_url(),
			'name'       => __( 'Track', 'fulfilhub-for-woocommerce' ),
			/* translators: %s: order number */
			'aria-label' => sprintf( __( 'Track order %s', 'fulfilhub-for-woocommerce' ), $order->get_order_number() ),
		);
		return $actions;
	}
}
