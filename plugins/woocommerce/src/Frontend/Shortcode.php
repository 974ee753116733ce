<?php
/**
 * The shortcode `[fulfilhub_tracking]`.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

/**
 * A form that finds an order, and then the order's journey.
 */
final class Shortcode {
	const NAME = 'fulfilhub_tracking';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_shortcode( self::NAME, array( self::class, 'html' ) );
		LookUp::register();
	}

	/**
	 * What the shortcode stands for.
	 */
	public static function html(): string {
		// A page that shows one visitor's order, or a form with a nonce, is nobody else's.
		wc_maybe_define_constant( 'DONOTCACHEPAGE', true );
		$ticket = TrackingPage::ticket();
		$order  = '' === $ticket ? null : Ticket::read( $ticket );
		if ( $order ) {
			return self::journey( Live::refreshed( $order, 2.5 ) );
		}
		if ( '' !== $ticket ) {
			LookUp::complain( __( 'This link does not open an order any more. You can look it up here.', 'fulfilhub-for-woocommerce' ) );
		}
		return LookUp::form();
	}

	/**
	 * An order's journey below its number.
	 *
	 * @param \WC_Order $order Order.
	 */
	private static function journey( \WC_Order $order ): string {
		$status = Status::of( $order );
		if ( '' === $status ) {
			Status::enqueue();
			$status = '<p class="fulfilhub-track">' . esc_html(
				$order->has_status( array( 'cancelled', 'refunded', 'failed' ) )
					? __( 'Nothing is being sent for this order.', 'fulfilhub-for-woocommerce' )
					: __( 'There is nothing to tell about this order yet. Please look again later.', 'fulfilhub-for-woocommerce' )
			) . '</p>';
		}
		return sprintf(
			'<p class="fulfilhub-order-number">%1$s</p>%2$s',
			/* translators: %s: order number */
			esc_html( sprintf( __( 'Order %s', 'fulfilhub-for-woocommerce' ), $order->get_order_number() ) ),
			$status
		);
	}
}
