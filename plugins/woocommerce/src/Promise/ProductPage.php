<?php
/**
 * "Delivered by Fri 28 Nov" on product pages, where the merchant wants it.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Promise;

use FulfilHub\WooCommerce\Settings;

/**
 * The page is printed without a date, so caches can keep it and nobody waits; its script asks for the date afterwards.
 */
final class ProductPage {
	const ACTION = 'fulfilhub_promise';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'woocommerce_single_product_summary', array( $this, 'show' ), 32 );
		add_action( 'wc_ajax_' . self::ACTION, array( $this, 'answer' ) );
	}

	/**
	 * Prints the place for the date.
	 */
	public function show(): void {
		global $product;
		if ( ! self::is_on() || ! $product instanceof \WC_Product || ! $product->needs_shipping() || ! $product->is_purchasable() || ! $product->is_in_stock() ) {
			return;
		}
		wp_enqueue_script( 'fulfilhub-product', plugins_url( 'assets/js/product.js', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION, true );
		wp_localize_script( 'fulfilhub-product', 'fulfilhubProduct', array( 'url' => \WC_AJAX::get_endpoint( self::ACTION ) ) );
		printf(
			'<p class="fulfilhub-product-promise" data-product="%1$s" role="status"></p>',
			esc_attr( $product->is_type( 'variable' ) ? '' : (string) $product->get_id() )
		);
	}

	/**
	 * Answers the script: the date for one piece to where the visitor is, as far as that is known.
	 */
	public function answer(): void {
		nocache_headers();
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Nothing is changed, and caches keep pages longer than nonces live.
		$product = wc_get_product( isset( $_GET['product'] ) ? absint( wp_unslash( $_GET['product'] ) ) : 0 );
		$text    = '';
		if ( self::is_on() && $product instanceof \WC_Product && 'publish' === $product->get_status() && $product->needs_shipping() && $product->is_purchasable() && WC()->customer ) {
			$to      = Question::ship_to(
				array(
					'country'  => WC()->customer->get_shipping_country() ? WC()->customer->get_shipping_country() : WC()->countries->get_base_country(),
					'postcode' => WC()->customer->get_shipping_postcode(),
					'state'    => WC()->customer->get_shipping_state(),
				)
			);
			$goods   = array(
				array(
					'variant_id' => (string) $product->get_id(),
					'sku'        => (string) $product->get_sku(),
					'quantity'   => 1,
				),
			);
			$options = Offers::of( Question::lines( $goods ), $to, true );
			$words   = Promise::words( Services::option( $options, Services::STANDARD ) );
			if ( '' !== $words ) {
				$countries = WC()->countries->get_countries();
				/* translators: 1: e.g. Delivered by Fri 28 Nov, 2: country */
				$text = sprintf( __( '%1$s to %2$s', 'fulfilhub-for-woocommerce' ), $words, isset( $countries[ $to['country'] ] ) ? html_entity_decode( $countries[ $to['country'] ] ) : $to['country'] );
			}
		}
		wp_send_json( array( 'text' => $text ) );
	}

	/**
	 * Whether the merchant wants dates on product pages.
	 */
	private static function is_on(): bool {
		$settings = Settings::all();
		return ! empty( $settings['promise'] ) && ! empty( $settings['promise_product'] );
	}
}
