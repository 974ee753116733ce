<?php
/**
 * What a merchant has to know without looking for it.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Admin;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\View\Given;

/**
 * Notices on WooCommerce's own screens. Each can be dismissed, and comes back only when there is something new to say.
 */
final class Notices {
	const REVIEW    = 'fulfilhub_needs_review';
	const DISMISSED = 'fulfilhub_dismissed';
	const ACTION    = 'fulfilhub_dismiss';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'fulfilhub_order_state_changed', array( $this, 'note_review' ), 10, 2 );
		add_action( 'woocommerce_before_delete_order', array( $this, 'forget' ) );
		add_action( 'woocommerce_before_trash_order', array( $this, 'forget' ) );
		add_action( 'admin_notices', array( $this, 'show' ) );
		add_action( 'wp_ajax_' . self::ACTION, array( $this, 'dismiss' ) );
	}

	/**
	 * Remembers which orders need review, so that nobody has to search for them.
	 *
	 * @param \WC_Order            $order Order.
	 * @param array<string, mixed> $state Its state.
	 */
	public function note_review( $order, $state ): void {
		self::remember( $order->get_id(), 'needs_review' === Given::text( $state, 'status' ) );
	}

	/**
	 * An order is deleted or put into the bin.
	 *
	 * @param int $order_id Order id.
	 */
	public function forget( $order_id ): void {
		self::remember( (int) $order_id, false );
	}

	/**
	 * The shop is connected to another store, which knows none of these orders yet.
	 */
	public static function forget_all(): void {
		delete_option( self::REVIEW );
	}

	/**
	 * Prints what there is to say.
	 */
	public function show(): void {
		if ( ! current_user_can( 'edit_shop_orders' ) || ! self::is_relevant() ) {
			return;
		}
		$dismissed = get_user_meta( get_current_user_id(), self::DISMISSED, true );
		$shown     = false;
		foreach ( self::every() as $name => $notice ) {
			if ( is_array( $dismissed ) && isset( $dismissed[ $name ] ) && $dismissed[ $name ] === $notice['about'] ) {
				continue;
			}
			$shown = true;
			printf(
				'<div class="notice notice-%1$s is-dismissible fulfilhub-notice" data-name="%2$s" data-about="%3$s" data-nonce="%4$s"><p><strong>FulfilHub:</strong> %5$s %6$s</p></div>',
				esc_attr( $notice['kind'] ),
				esc_attr( $name ),
				esc_attr( $notice['about'] ),
				esc_attr( wp_create_nonce( self::ACTION ) ),
				esc_html( $notice['text'] ),
				wp_kses( implode( ', ', $notice['links'] ), array( 'a' => array( 'href' => true ) ) )
			);
		}
		if ( $shown ) {
			wp_enqueue_script( 'fulfilhub-notices', plugins_url( 'assets/js/notices.js', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION, true );
		}
	}

	/**
	 * Remembers that a person has read a notice.
	 */
	public function dismiss(): void {
		if ( ! check_ajax_referer( self::ACTION, 'nonce', false ) || ! current_user_can( 'edit_shop_orders' ) ) {
			wp_send_json_error( null, 403 );
		}
		$name  = isset( $_POST['name'] ) ? sanitize_key( wp_unslash( $_POST['name'] ) ) : '';
		$about = isset( $_POST['about'] ) ? sanitize_text_field( wp_unslash( $_POST['about'] ) ) : '';
		if ( in_array( $name, array( 'connection', 'failed', 'failing', 'review' ), true ) ) {
			$kept = get_user_meta( get_current_user_id(), self::DISMISSED, true );
			$kept = is_array( $kept ) ? $kept : array();

			$kept[ $name ] = substr( $about, 0, 100 );
			update_user_meta( get_current_user_id(), self::DISMISSED, $kept );
		}
		wp_send_json_success();
	}

	/**
	 * The notices, with what each is about: the same again is not shown to who has dismissed it.
	 *
	 * @return array<string, array{kind: string, about: string, text: string, links: array<int, string>}>
	 */
	private static function every(): array {
		$settings = self::link( admin_url( 'admin.php?page=wc-settings&tab=fulfilhub' ), __( 'Open the settings', 'fulfilhub-for-woocommerce' ) );
		$found    = array();
		if ( ! Store::connected() ) {
			$found['connection'] = self::not_connected( $settings );
			return $found;
		}
		if ( Store::is_copy() ) {
			$found['connection'] = array(
				'kind'  => 'warning',
				'about' => 'copy/' . Store::home(),
				'text'  => sprintf(
					/* translators: 1: address that was connected, 2: address now */
					__( 'this looks like a copy: connected was %1$s, but this is %2$s. Nothing is sent from here. If the shop moved, connect again.', 'fulfilhub-for-woocommerce' ),
					Store::get( 'base_url' ),
					Store::home()
				),
				'links' => array( $settings ),
			);
			return $found;
		}
		list( $failed, $late, $since, $editions ) = self::queue();

		$queue = admin_url( 'admin.php?page=wc-settings&tab=fulfilhub&section=queue' );
		if ( $late > 0 ) {
			$found['failing'] = array(
				'kind'  => 'warning',
				'about' => gmdate( 'Y-m-d', $since ),
				'text'  => sprintf(
					/* translators: 1: number of orders, 2: how long, e.g. 2 hours */
					_n( '%1$d order could not be sent yet, for %2$s. It is tried again by itself, and nothing is lost.', '%1$d orders could not be sent yet, for up to %2$s. They are tried again by themselves, and nothing is lost.', $late, 'fulfilhub-for-woocommerce' ),
					$late,
					human_time_diff( $since )
				),
				'links' => array( self::link( $queue, __( 'See why', 'fulfilhub-for-woocommerce' ) ) ),
			);
		}
		if ( $failed > 0 ) {
			$found['failed'] = array(
				'kind'  => 'error',
				'about' => $failed . '/' . $editions,
				/* translators: %d: number of orders */
				'text'  => sprintf( _n( '%d order was not accepted.', '%d orders were not accepted.', $failed, 'fulfilhub-for-woocommerce' ), $failed ),
				'links' => array( self::link( $queue, __( 'See why and send again', 'fulfilhub-for-woocommerce' ) ) ),
			);
		}
		$review = self::in_review();
		if ( $review ) {
			$found['review'] = array(
				'kind'  => 'warning',
				'about' => md5( (string) wp_json_encode( get_option( self::REVIEW ) ) ),
				/* translators: %d: number of orders */
				'text'  => sprintf( _n( '%d order has to be mended before it can be shipped:', '%d orders have to be mended before they can be shipped:', count( $review ), 'fulfilhub-for-woocommerce' ), count( $review ) ),
				'links' => array_map( array( self::class, 'order_link' ), array_slice( $review, 0, 5 ) ),
			);
		}
		return $found;
	}

	/**
	 * What to say where the shop is not connected: never yet, ended here, or ended by FulfilHub.
	 *
	 * @param string $settings Link to the settings.
	 * @return array{kind: string, about: string, text: string, links: array<int, string>}
	 */
	private static function not_connected( string $settings ): array {
		$by   = Store::get( 'ended_by' );
		$text = __( 'this shop is not connected, so no order is sent. Connecting takes two minutes.', 'fulfilhub-for-woocommerce' );
		if ( 'fulfilhub' === $by ) {
			$text = __( 'the connection was ended by FulfilHub, so orders are no longer sent. For a week, new ones wait here until you connect again.', 'fulfilhub-for-woocommerce' );
		}
		return array(
			'kind'  => 'fulfilhub' === $by ? 'error' : 'info',
			'about' => '' === $by ? 'never' : $by . '/' . Store::get( 'ended_at' ),
			'text'  => $text,
			'links' => array( $settings ),
		);
	}

	/**
	 * What is wrong in the queue: only rows that are not sent are looked at, by the table's index.
	 *
	 * @return array{0: int, 1: int, 2: int, 3: int} Orders refused, orders that wait for another try for a quarter of an
	 *                                               hour or more, the Unix time since when, and a number that changes
	 *                                               when an order is refused anew.
	 */
	private static function queue(): array {
		global $wpdb;
		$table = Table::name();
		// phpcs:ignore WordPress.DB -- A table of our own, and what is shown has to be true now.
		$rows   = $wpdb->get_results( $wpdb->prepare( "SELECT state, COUNT(*) AS amount, MIN(occurred_at) AS since, SUM(edition) AS editions FROM {$table} WHERE state = 'failed' OR ( state = 'waiting' AND tries > 0 AND occurred_at < %d ) GROUP BY state", time() - 15 * MINUTE_IN_SECONDS ), OBJECT_K );
		$failed = isset( $rows['failed'] ) ? (int) $rows['failed']->amount : 0;
		$late   = isset( $rows['waiting'] ) ? $rows['waiting'] : null;
		return array( $failed, $late ? (int) $late->amount : 0, $late ? (int) $late->since : 0, $failed ? (int) $rows['failed']->editions : 0 );
	}

	/**
	 * Orders that need review.
	 *
	 * @return array<int, int>
	 */
	public static function in_review(): array {
		return array_map( 'absint', array_keys( self::kept() ) );
	}

	/**
	 * Since when each order needs review, so that one that comes back is news again.
	 *
	 * @return array<int, int> Unix times by order id.
	 */
	private static function kept(): array {
		$kept = get_option( self::REVIEW, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Puts an order on the list of those that need review, or takes it off.
	 *
	 * @param int  $order_id Order id.
	 * @param bool $needs    Whether it needs review.
	 */
	private static function remember( int $order_id, bool $needs ): void {
		$kept = self::kept();
		if ( isset( $kept[ $order_id ] ) === $needs ) {
			return;
		}
		if ( $needs ) {
			$kept[ $order_id ] = time();
		} else {
			unset( $kept[ $order_id ] );
		}
		update_option( self::REVIEW, array_slice( $kept, -500, null, true ), false );
	}

	/**
	 * Whether the screen is one of WooCommerce's on which orders matter, or the list of plugins.
	 */
	private static function is_relevant(): bool {
		$screen = get_current_screen();
		if ( ! $screen ) {
			return false;
		}
		if ( 'woocommerce_page_wc-settings' === $screen->id ) {
			// The tab of the plugin says all this itself.
			// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Only read to choose what to show.
			return ! isset( $_GET['tab'] ) || 'fulfilhub' !== $_GET['tab'];
		}
		return in_array( $screen->id, array( 'woocommerce_page_wc-orders', 'edit-shop_order', 'plugins' ), true );
	}

	/**
	 * A link to an order's page.
	 *
	 * @param int $order_id Order id.
	 */
	private static function order_link( int $order_id ): string {
		$url = class_exists( \Automattic\WooCommerce\Utilities\OrderUtil::class )
			? \Automattic\WooCommerce\Utilities\OrderUtil::get_order_admin_edit_url( $order_id )
			: admin_url( 'post.php?action=edit&post=' . $order_id );
		return self::link( $url, '#' . $order_id );
	}

	/**
	 * A link.
	 *
	 * @param string $url  Address.
	 * @param string $text Words.
	 */
	private static function link( string $url, string $text ): string {
		return '<a href="' . esc_url( $url ) . '">' . esc_html( $text ) . '</a>';
	}
}
