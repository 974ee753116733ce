<?php
/**
 * Finding an order by its number and e-mail address.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

/**
 * Answers the form. A wrong number, a wrong address and an order that does not exist are told the same; who tries too often
 * has to wait, by visitor and by order number, so that neither many numbers nor many addresses can be tried.
 */
final class LookUp {
	const NONCE        = 'fulfilhub-track';
	const TRIES        = 8;
	const TRIES_WITHIN = 600;

	/**
	 * What the form says above itself, once it was sent in vain.
	 *
	 * @var string
	 */
	private static $problem = '';

	/**
	 * Hooks in where a page is about to be shown and can still be left for another.
	 */
	public static function register(): void {
		if ( ! has_action( 'template_redirect', array( self::class, 'answer' ) ) ) {
			add_action( 'template_redirect', array( self::class, 'answer' ), 5 );
		}
	}

	/**
	 * Opens the order that was asked for, or says that there is none such.
	 */
	public static function answer(): void {
		if ( ! isset( $_POST['fulfilhub_track'] ) ) {
			return;
		}
		nocache_headers();
		$nonce = isset( $_POST['fulfilhub_nonce'] ) ? sanitize_text_field( wp_unslash( $_POST['fulfilhub_nonce'] ) ) : '';
		if ( ! wp_verify_nonce( $nonce, self::NONCE ) ) {
			self::$problem = __( 'This page was open for a long time. Please send the form once more.', 'fulfilhub-for-woocommerce' );
			return;
		}
		$number = isset( $_POST['fulfilhub_number'] ) ? trim( sanitize_text_field( wp_unslash( $_POST['fulfilhub_number'] ) ), " \t#" ) : '';
		$email  = isset( $_POST['fulfilhub_email'] ) ? strtolower( trim( sanitize_text_field( wp_unslash( $_POST['fulfilhub_email'] ) ) ) ) : '';
		if ( '' === $number || ! is_email( $email ) ) {
			self::$problem = __( 'Please enter your order number and the e-mail address of the order.', 'fulfilhub-for-woocommerce' );
			return;
		}
		$order_id = self::order_id( $number );
		$counters = self::counters( $order_id );
		foreach ( $counters as $counter ) {
			if ( (int) get_transient( $counter ) >= self::TRIES ) {
				status_header( 429 );
				self::$problem = __( 'That was tried too often. Please wait ten minutes, or use the link in your e-mail.', 'fulfilhub-for-woocommerce' );
				return;
			}
		}
		$order = self::find( $order_id, $email );
		if ( ! $order ) {
			foreach ( $counters as $counter ) {
				set_transient( $counter, (int) get_transient( $counter ) + 1, self::TRIES_WITHIN );
			}
			self::$problem = __( 'We found no order with this number and e-mail address. Both are in the e-mail that confirmed your order.', 'fulfilhub-for-woocommerce' );
			return;
		}
		wp_safe_redirect( self::url_of( $order ), 303 );
		exit;
	}

	/**
	 * The form.
	 */
	public static function form(): string {
		Status::enqueue();
		// phpcs:disable WordPress.Security.NonceVerification.Missing -- Only shown again as it was typed.
		$number = isset( $_POST['fulfilhub_number'] ) ? sanitize_text_field( wp_unslash( $_POST['fulfilhub_number'] ) ) : '';
		$email  = isset( $_POST['fulfilhub_email'] ) ? sanitize_text_field( wp_unslash( $_POST['fulfilhub_email'] ) ) : '';
		// phpcs:enable
		return wc_get_template_html(
			'fulfilhub/track-form.php',
			array(
				'problem' => self::$problem,
				'number'  => $number,
				'email'   => $email,
				'nonce'   => wp_create_nonce( self::NONCE ),
			),
			'',
			FULFILHUB_WC_PATH . 'templates/'
		);
	}

	/**
	 * Says above the form what is the matter.
	 *
	 * @param string $problem Words.
	 */
	public static function complain( string $problem ): void {
		self::$problem = $problem;
	}

	/**
	 * The id of the order with this number; 0 for none.
	 *
	 * @param string $number Order number as the customer knows it.
	 */
	private static function order_id( string $number ): int {
		/** This filter is documented in WooCommerce: plugins that give orders other numbers use it. */
		return absint( apply_filters( 'woocommerce_shortcode_order_tracking_order_id', $number ) ); // phpcs:ignore WooCommerce.Commenting.CommentHooks, WordPress.NamingConventions.PrefixAllGlobals -- A hook of WooCommerce.
	}

	/**
	 * The order, if the address is its own.
	 *
	 * @param int    $order_id Order id.
	 * @param string $email    E-mail address, lower case.
	 */
	private static function find( int $order_id, string $email ): ?\WC_Order {
		$order = wc_get_order( $order_id );
		$known = $order instanceof \WC_Order && 'trash' !== $order->get_status() ? strtolower( trim( $order->get_billing_email() ) ) : '';
		$same  = hash_equals( hash( 'sha256', $known ), hash( 'sha256', $email ) );
		return $same && '' !== $known && $order instanceof \WC_Order ? $order : null;
	}

	/**
	 * Where an order's journey is shown: the shop's own tracking page, or the page that the form is on.
	 *
	 * @param \WC_Order $order Order.
	 */
	private static function url_of( \WC_Order $order ): string {
		$own = TrackingPage::url( $order );
		if ( '' !== $own ) {
			return $own;
		}
		$page = get_permalink( get_queried_object_id() );
		return add_query_arg( TrackingPage::VARIABLE, Ticket::of( $order ), $page ? $page : home_url( '/' ) );
	}

	/**
	 * What tries are counted by: the visitor's address as the server saw it (what a header claims can be made up), and
	 * the order, however its number was written.
	 *
	 * @param int $order_id Order id.
	 * @return array<int, string> Names of transients; no address can be read from them.
	 */
	private static function counters( int $order_id ): array {
		$address = isset( $_SERVER['REMOTE_ADDR'] ) ? sanitize_text_field( wp_unslash( $_SERVER['REMOTE_ADDR'] ) ) : '';
		/**
		 * The address by which tries of the tracking form are counted, for shops behind a proxy of their own.
		 *
		 * @param string $address IP address.
		 */
		$address = (string) apply_filters( 'fulfilhub_visitor_address', $address );
		return array(
			'fulfilhub_track_' . substr( wp_hash( 'visitor|' . $address, 'nonce' ), 0, 20 ),
			'fulfilhub_track_' . substr( wp_hash( 'order|' . $order_id, 'nonce' ), 0, 20 ),
		);
	}
}
