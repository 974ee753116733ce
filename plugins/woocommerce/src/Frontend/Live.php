<?php
/**
 * Keeps what customers look at up to date.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Settings;
use FulfilHub\WooCommerce\View\OfOrder;

/**
 * A page shows what is kept at once; its script then asks here. FulfilHub is asked once a minute for an order at most,
 * however many people look, and not at all for a minute after it did not answer.
 */
final class Live {
	const ACTION = 'fulfilhub_status';
	const QUIET  = 'fulfilhub_live_quiet';

	/**
	 * Hooks into WooCommerce's own ajax end, which page caches leave alone.
	 */
	public function register(): void {
		add_action( 'init', array( Status::class, 'register_assets' ) );
		add_action( 'wp_enqueue_scripts', array( $this, 'enqueue_early' ) );
		add_action( 'wc_ajax_' . self::ACTION, array( $this, 'answer' ) );
	}

	/**
	 * Loads the style in the head of pages that are known to show a journey; elsewhere it comes with the journey.
	 */
	public function enqueue_early(): void {
		$order_page = Settings::get( 'customer_status' ) && ( is_wc_endpoint_url( 'order-received' ) || is_wc_endpoint_url( 'view-order' ) );
		if ( $order_page || get_query_var( TrackingPage::PAGE ) ) {
			wp_enqueue_style( Status::HANDLE );
		}
	}

	/**
	 * Answers the script: the journey as it is now. Whoever has the order's ticket may ask.
	 */
	public function answer(): void {
		nocache_headers();
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- The ticket is the proof, and nothing of the visitor's is changed.
		$order = Ticket::read( isset( $_POST['ticket'] ) ? sanitize_text_field( wp_unslash( $_POST['ticket'] ) ) : '' );
		if ( ! $order ) {
			wp_send_json( array( 'html' => '' ), 404 );
			return;
		}
		$order = self::refreshed( $order );
		$view  = OfOrder::customer( $order );
		if ( null === $view ) {
			wp_send_json( array( 'html' => '' ), 404 );
			return;
		}
		wp_send_json(
			array(
				'html'     => Status::inside( $view, $order->get_order_number() ),
				'headline' => $view['headline'],
				'final'    => $view['final'],
			)
		);
	}

	/**
	 * The order with FulfilHub's latest news of it, where those are older than a minute.
	 *
	 * @param \WC_Order $order   Order.
	 * @param float     $timeout Seconds to wait for FulfilHub.
	 */
	public static function refreshed( \WC_Order $order, float $timeout = 5.0 ): \WC_Order {
		$seen = 'fulfilhub_seen_' . $order->get_id();
		if ( ! Store::connected() || Store::is_copy() || get_transient( $seen ) || get_transient( self::QUIET ) ) {
			return $order;
		}
		// Set before the call: whoever comes meanwhile does not ask as well.
		set_transient( $seen, 1, MINUTE_IN_SECONDS );
		$answer = Api::order( $order->get_id(), $timeout );
		if ( 0 === $answer->status || $answer->status >= 500 || 429 === $answer->status ) {
			set_transient( self::QUIET, 1, MINUTE_IN_SECONDS );
		}
		if ( ! $answer->ok() || ! isset( $answer->data['revision'], $answer->data['status'] ) ) {
			return $order;
		}
		$kept = State::of( $order );
		if ( null === $kept || (int) $answer->data['revision'] > (int) $kept['revision'] ) {
			State::keep( $order->get_id(), array_diff_key( $answer->data, array_flip( array( 'timeline', 'routing', 'returns' ) ) ) );
			$fresh = wc_get_order( $order->get_id() );
			return $fresh instanceof \WC_Order ? $fresh : $order;
		}
		return $order;
	}
}
