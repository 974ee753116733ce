<?php
/**
 * The block `fulfilhub/order-status`.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

use FulfilHub\WooCommerce\View\CustomerOrder;
use FulfilHub\WooCommerce\View\Dates;

/**
 * Shows the order that the page is about: the one just placed, the one of My Account, or the one that a ticket opens.
 */
final class StatusBlock {
	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'init', array( $this, 'add' ), 20 );
	}

	/**
	 * Makes the block known.
	 */
	public function add(): void {
		LookUp::register();
		wp_register_script(
			'fulfilhub-order-status-editor',
			plugins_url( 'blocks/order-status/editor.js', FULFILHUB_WC_FILE ),
			array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element', 'wp-i18n', 'wp-server-side-render' ),
			FULFILHUB_WC_VERSION,
			true
		);
		wp_set_script_translations( 'fulfilhub-order-status-editor', 'fulfilhub-for-woocommerce', FULFILHUB_WC_PATH . 'languages' );
		register_block_type( FULFILHUB_WC_PATH . 'blocks/order-status', array( 'render_callback' => array( $this, 'html' ) ) );
	}

	/**
	 * What the block shows.
	 *
	 * @param array<string, mixed> $attributes The block's attributes.
	 */
	public function html( $attributes ): string {
		$inside = $this->inside( ! empty( $attributes['lookUp'] ) );
		return '' === $inside ? '' : '<div ' . get_block_wrapper_attributes() . '>' . $inside . '</div>';
	}

	/**
	 * The journey, a form, an example for the editor, or nothing.
	 *
	 * @param bool $look_up Whether visitors may look up an order.
	 */
	private function inside( bool $look_up ): string {
		if ( defined( 'REST_REQUEST' ) && REST_REQUEST ) {
			return '<div class="fulfilhub-status">' . Status::inside( self::example(), '1001' ) . '</div>';
		}
		$order = self::order_of_page();
		if ( $order ) {
			return Status::of( $order );
		}
		return $look_up && ! self::is_order_page() ? Shortcode::html() : '';
	}

	/**
	 * Whether the page is about one order, which its visitor may or may not see.
	 */
	private static function is_order_page(): bool {
		return is_wc_endpoint_url( 'order-received' ) || is_wc_endpoint_url( 'view-order' );
	}

	/**
	 * The order of the page, if the visitor may see it.
	 */
	private static function order_of_page(): ?\WC_Order {
		if ( is_wc_endpoint_url( 'order-received' ) ) {
			$order = wc_get_order( absint( get_query_var( 'order-received' ) ) );
			// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- The order's key is the proof, as it is for WooCommerce.
			$key = isset( $_GET['key'] ) ? sanitize_text_field( wp_unslash( $_GET['key'] ) ) : '';
			return $order instanceof \WC_Order && '' !== $key && hash_equals( $order->get_order_key(), $key ) ? $order : null;
		}
		if ( is_wc_endpoint_url( 'view-order' ) ) {
			$order = wc_get_order( absint( get_query_var( 'view-order' ) ) );
			return $order instanceof \WC_Order && current_user_can( 'view_order', $order->get_id() ) ? $order : null;
		}
		return null;
	}

	/**
	 * An order as it may look, for the editor.
	 *
	 * @return array<string, mixed>
	 */
	private static function example(): array {
		$today = time();
		return CustomerOrder::view(
			array(
				'status'    => 'partially_shipped',
				'revision'  => 1,
				'promise'   => array(
					'state'      => 'on_time',
					'deliver_by' => gmdate( 'Y-m-d', $today + 2 * DAY_IN_SECONDS ),
				),
				'shipments' => array(
					array(
						'reference'    => 'example',
						'shipped_at'   => gmdate( 'Y-m-d\TH:i:s\Z', $today - DAY_IN_SECONDS ),
						'carrier_name' => 'Royal Mail',
						'parcels'      => array(
							array(
								'tracking_number' => 'AB123456789GB',
								'state'           => 'in_transit',
								'lines'           => array(
									array(
										'line_id'  => 1,
										'quantity' => 2,
									),
								),
							),
						),
					),
				),
			),
			array(),
			array(
				array(
					'id'       => 1,
					'name'     => __( 'Blue mug', 'fulfilhub-for-woocommerce' ),
					'quantity' => 2,
					'refunded' => 0,
					'ships'    => true,
				),
				array(
					'id'       => 2,
					'name'     => __( 'T-shirt', 'fulfilhub-for-woocommerce' ),
					'quantity' => 1,
					'refunded' => 0,
					'ships'    => true,
				),
			),
			gmdate( 'Y-m-d\TH:i:s\Z', $today - 2 * DAY_IN_SECONDS ),
			Dates::of_site()
		);
	}
}
