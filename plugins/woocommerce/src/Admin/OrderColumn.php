<?php
/**
 * FulfilHub's column in the lists of orders.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Admin;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\View\Given;
use FulfilHub\WooCommerce\View\Words;

/**
 * Says what the orders keep: their metas are loaded with the list, so a row costs no query and no call.
 */
final class OrderColumn {
	const COLUMN = 'fulfilhub';

	/**
	 * Hooks into the list of orders, with and without HPOS.
	 */
	public function register(): void {
		if ( ! is_admin() ) {
			return;
		}
		add_filter( 'manage_woocommerce_page_wc-orders_columns', array( $this, 'add' ) );
		add_action( 'manage_woocommerce_page_wc-orders_custom_column', array( $this, 'show' ), 10, 2 );
		add_filter( 'manage_edit-shop_order_columns', array( $this, 'add' ), 20 );
		add_action( 'manage_shop_order_posts_custom_column', array( $this, 'show' ), 10, 2 );
		add_action( 'admin_enqueue_scripts', array( $this, 'enqueue' ) );
	}

	/**
	 * Puts the column after the order's own status.
	 *
	 * @param array<string, string> $columns Titles by name.
	 * @return array<string, string>
	 */
	public function add( $columns ): array {
		$columns = (array) $columns;
		if ( '' === Store::get( 'store_id' ) ) {
			return $columns;
		}
		$title  = array( self::COLUMN => __( 'FulfilHub', 'fulfilhub-for-woocommerce' ) );
		$before = array_search( 'order_status', array_keys( $columns ), true );
		if ( false === $before ) {
			return $columns + $title;
		}
		return array_slice( $columns, 0, $before + 1 ) + $title + array_slice( $columns, $before + 1 );
	}

	/**
	 * Prints an order's pill.
	 *
	 * @param string        $column Column.
	 * @param \WC_Order|int $shown  Order, or its post's id.
	 */
	public function show( $column, $shown ): void {
		if ( self::COLUMN !== $column ) {
			return;
		}
		$state = self::state( $shown );
		if ( null === $state ) {
			echo '<span aria-hidden="true">–</span><span class="screen-reader-text">' . esc_html__( 'Nothing from FulfilHub', 'fulfilhub-for-woocommerce' ) . '</span>';
			return;
		}
		$words = Words::status( Given::text( $state, 'status' ), Given::text( $state, 'status_text' ) );
		printf( '<span class="fh-pill is-%1$s">%2$s</span>', esc_attr( $words['tone'] ), esc_html( $words['label'] ) );
		$promise = Given::text( Given::table( $state, 'promise' ), 'state' );
		if ( 'at_risk' === $promise || 'broken' === $promise ) {
			$words = Words::promise( $promise );
			printf( '<span class="fulfilhub-warn is-%1$s">%2$s</span>', esc_attr( $words['tone'] ), esc_html( $words['label'] ) );
		}
		if ( Given::rows( $state, 'pending_requests' ) ) {
			echo '<span class="fulfilhub-warn">' . esc_html__( 'Warehouse was asked', 'fulfilhub-for-woocommerce' ) . '</span>';
		}
	}

	/**
	 * Loads the style on the lists only.
	 */
	public function enqueue(): void {
		$screen = get_current_screen();
		if ( $screen && in_array( $screen->id, array( 'edit-shop_order', 'woocommerce_page_wc-orders' ), true ) ) {
			wp_enqueue_style( 'fulfilhub-admin', plugins_url( 'assets/css/admin.css', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION );
		}
	}

	/**
	 * The state kept on an order of the list.
	 *
	 * @param \WC_Order|int $shown Order, or its post's id.
	 * @return array<string, mixed>|null
	 */
	private static function state( $shown ): ?array {
		global $the_order;
		if ( $shown instanceof \WC_Order ) {
			return State::of( $shown );
		}
		// WooCommerce has loaded the row's order for its own columns.
		if ( $the_order instanceof \WC_Order && (int) $shown === $the_order->get_id() ) {
			return State::of( $the_order );
		}
		$order = wc_get_order( (int) $shown );
		return $order instanceof \WC_Order ? State::of( $order ) : null;
	}
}
