<?php
/**
 * FulfilHub's box on the order page of the admin area.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Admin;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Orders\Policy;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\View\OfOrder;
use FulfilHub\WooCommerce\View\Words;

/**
 * The box is printed from what the order keeps, so the page waits for nobody; its script then asks for what is new.
 */
final class OrderPanel {
	/**
	 * Hooks into the order page, with and without HPOS.
	 */
	public function register(): void {
		add_action( 'add_meta_boxes', array( $this, 'add' ), 40, 2 );
		add_action( 'admin_enqueue_scripts', array( $this, 'enqueue' ) );
		( new PanelActions() )->register();
	}

	/**
	 * Adds the box to pages of orders that have been saved once.
	 *
	 * @param string $screen Post type or screen id.
	 * @param mixed  $shown  Post or order.
	 */
	public function add( $screen, $shown = null ): void {
		$order = self::order_of( $shown );
		if ( self::screen() !== $screen || ! $order || ! self::is_shown( $order ) ) {
			return;
		}
		add_meta_box( 'fulfilhub-order', __( 'FulfilHub', 'fulfilhub-for-woocommerce' ), array( $this, 'show' ), $screen, 'normal', 'high' );
	}

	/**
	 * Prints the box.
	 *
	 * @param mixed $shown Post or order.
	 */
	public function show( $shown ): void {
		$order = self::order_of( $shown );
		if ( ! $order ) {
			return;
		}
		printf(
			'<div class="fulfilhub-panel" id="fulfilhub-panel" data-order="%1$s" data-nonce="%2$s" data-live="%3$s"><p class="fh-said" role="status" aria-live="polite"></p><div class="fh-body">',
			esc_attr( (string) $order->get_id() ),
			esc_attr( wp_create_nonce( PanelActions::nonce( $order->get_id() ) ) ),
			esc_attr( Store::connected() && ! Store::is_copy() && Policy::has_goods( $order ) ? 'yes' : 'no' )
		);
		self::body( $order );
		echo '</div></div>';
	}

	/**
	 * Prints what is inside the box.
	 *
	 * @param \WC_Order                 $order Order.
	 * @param array<string, mixed>|null $panel OrderPanel that FulfilHub just gave; otherwise what is kept is shown.
	 */
	public static function body( \WC_Order $order, ?array $panel = null ): void {
		$view    = OfOrder::merchant( $order, $panel );
		$address = self::address( $order );
		$reasons = Words::hold_reasons();
		require FULFILHUB_WC_PATH . 'templates/admin/order-panel.php';
	}

	/**
	 * Loads the box's script and style on order pages only.
	 */
	public function enqueue(): void {
		$screen = get_current_screen();
		if ( ! $screen || self::screen() !== $screen->id ) {
			return;
		}
		wp_enqueue_style( 'fulfilhub-admin', plugins_url( 'assets/css/admin.css', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION );
		wp_enqueue_script( 'fulfilhub-order-panel', plugins_url( 'assets/js/order-panel.js', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION, true );
		wp_localize_script(
			'fulfilhub-order-panel',
			'fulfilhubPanel',
			array(
				'url'   => admin_url( 'admin-ajax.php' ),
				'words' => array(
					'working' => __( 'Asking FulfilHub…', 'fulfilhub-for-woocommerce' ),
					'hold'    => __( 'Placing the hold…', 'fulfilhub-for-woocommerce' ),
					'release' => __( 'Releasing the hold…', 'fulfilhub-for-woocommerce' ),
					'cancel'  => __( 'Cancelling…', 'fulfilhub-for-woocommerce' ),
					'address' => __( 'Changing the address…', 'fulfilhub-for-woocommerce' ),
					'resend'  => __( 'Putting the order in line…', 'fulfilhub-for-woocommerce' ),
					'offline' => __( 'This site did not answer, so it is not known whether the change was made. Check your connection and load the page again.', 'fulfilhub-for-woocommerce' ),
				),
			)
		);
	}

	/**
	 * The order page's screen: WooCommerce's own with HPOS, the post type's without.
	 */
	private static function screen(): string {
		return function_exists( 'wc_get_page_screen_id' ) ? wc_get_page_screen_id( 'shop-order' ) : 'shop_order';
	}

	/**
	 * The order of what a page shows.
	 *
	 * @param mixed $shown Post or order.
	 */
	private static function order_of( $shown ): ?\WC_Order {
		$order = $shown instanceof \WP_Post ? wc_get_order( $shown->ID ) : $shown;
		return $order instanceof \WC_Order ? $order : null;
	}

	/**
	 * Whether there is anything to say about an order.
	 *
	 * @param \WC_Order $order Order.
	 */
	private static function is_shown( \WC_Order $order ): bool {
		return Policy::is_order( $order ) && ( null !== State::of( $order ) || '' !== Store::get( 'store_id' ) );
	}

	/**
	 * Where the order goes now, for the form that changes it.
	 *
	 * @param \WC_Order $order Order.
	 * @return array<string, array{label: string, value: string, complete: string}>
	 */
	private static function address( \WC_Order $order ): array {
		$kind   = $order->has_shipping_address() ? 'shipping' : 'billing';
		$given  = $order->get_address( $kind );
		$names  = array(
			'first_name' => array( __( 'First name', 'fulfilhub-for-woocommerce' ), 'given-name' ),
			'last_name'  => array( __( 'Last name', 'fulfilhub-for-woocommerce' ), 'family-name' ),
			'company'    => array( __( 'Company', 'fulfilhub-for-woocommerce' ), 'organization' ),
			'address_1'  => array( __( 'Address', 'fulfilhub-for-woocommerce' ), 'address-line1' ),
			'address_2'  => array( __( 'Address, second line', 'fulfilhub-for-woocommerce' ), 'address-line2' ),
			'city'       => array( __( 'Town or city', 'fulfilhub-for-woocommerce' ), 'address-level2' ),
			'state'      => array( __( 'County, state or region', 'fulfilhub-for-woocommerce' ), 'address-level1' ),
			'postcode'   => array( __( 'Postcode', 'fulfilhub-for-woocommerce' ), 'postal-code' ),
			'country'    => array( __( 'Country', 'fulfilhub-for-woocommerce' ), 'country' ),
			'phone'      => array( __( 'Phone', 'fulfilhub-for-woocommerce' ), 'tel' ),
		);
		$fields = array();
		foreach ( $names as $name => $words ) {
			$fields[ $name ] = array(
				'label'    => $words[0],
				'value'    => isset( $given[ $name ] ) ? (string) $given[ $name ] : '',
				'complete' => $words[1],
			);
		}
		return $fields;
	}
}
