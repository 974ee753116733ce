<?php
/**
 * What the buttons of the screen of orders sent do.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use FulfilHub\WooCommerce\Admin\SettingsTab;

/**
 * Each handler asks for the right to manage WooCommerce and for its nonce.
 */
final class Screen {
	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'admin_post_fulfilhub_resend', array( $this, 'resend' ) );
		add_action( 'admin_post_fulfilhub_resend_failed', array( $this, 'resend_failed' ) );
		add_action( 'admin_post_fulfilhub_send_now', array( $this, 'send_now' ) );
		add_action( 'wp_ajax_fulfilhub_history', array( $this, 'history' ) );
	}

	/**
	 * Sends one order again.
	 */
	public function resend(): void {
		SettingsTab::guard( 'fulfilhub_queue' );
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- guard() looked.
		$order_id = isset( $_GET['order_id'] ) ? absint( wp_unslash( $_GET['order_id'] ) ) : 0;
		if ( null !== Table::row( $order_id ) ) {
			Collector::resend( $order_id );
			/* translators: %d: number of an order */
			SettingsTab::say( sprintf( __( 'Order %d is sent again.', 'fulfilhub-for-woocommerce' ), $order_id ) );
		}
		$this->back();
	}

	/**
	 * Sends all again that failed.
	 */
	public function resend_failed(): void {
		SettingsTab::guard( 'fulfilhub_queue' );
		$amount = Table::resend_failed( time() );
		Drain::soon();
		/* translators: %d: number of orders */
		SettingsTab::say( sprintf( _n( '%d order is sent again.', '%d orders are sent again.', $amount, 'fulfilhub-for-woocommerce' ), $amount ) );
		$this->back();
	}

	/**
	 * Sends what waits, for as long as somebody likes to look at a white page.
	 */
	public function send_now(): void {
		SettingsTab::guard( 'fulfilhub_queue' );
		$amount = Drain::now( 10 );
		/* translators: %d: number of orders */
		SettingsTab::say( sprintf( _n( '%d order was sent.', '%d orders were sent.', $amount, 'fulfilhub-for-woocommerce' ), $amount ) );
		$this->back();
	}

	/**
	 * Starts, stops, continues or tells of the sending of historic orders. Each call also does a step of it, so that it
	 * goes on where WP-Cron does not run.
	 */
	public function history(): void {
		check_ajax_referer( 'fulfilhub_history' );
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_send_json_error( null, 403 );
		}
		$what = isset( $_POST['do'] ) ? sanitize_key( wp_unslash( $_POST['do'] ) ) : '';
		if ( 'start' === $what ) {
			History::start( isset( $_POST['since'] ) ? sanitize_text_field( wp_unslash( $_POST['since'] ) ) : '' );
		} elseif ( 'cancel' === $what ) {
			History::cancel();
		} elseif ( 'resume' === $what ) {
			History::resume();
		}
		$progress = History::step();
		$total    = max( (int) $progress['total'], (int) $progress['seen'], 1 );
		wp_send_json_success(
			array(
				'state' => $progress['state'],
				'share' => 'done' === $progress['state'] ? 1 : (int) $progress['seen'] / $total,
				'text'  => QueueView::progress_text( $progress ),
			)
		);
	}

	/**
	 * Back to the list.
	 */
	private function back(): void {
		wp_safe_redirect( SettingsTab::url( 'queue' ) );
		exit;
	}
}
