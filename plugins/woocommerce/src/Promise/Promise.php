<?php
/**
 * "Delivered by Fri 28 Nov" below the shipping methods.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Promise;

use FulfilHub\WooCommerce\Settings;
use FulfilHub\WooCommerce\View\Dates;
use FulfilHub\WooCommerce\View\Given;

/**
 * Adds the delivery time to rates each time they are shown, never to those that WooCommerce keeps: a date that was true
 * before the cut-off is not afterwards. Orders are placed without asking anybody.
 */
final class Promise {
	/**
	 * Hooks into carts and checkouts, classic and in blocks.
	 */
	public function register(): void {
		add_filter( 'woocommerce_shipping_packages', array( $this, 'add_to_packages' ), 50 );
		add_action( 'woocommerce_after_shipping_rate', array( $this, 'show' ), 5 );
		add_action( 'wp_enqueue_scripts', array( $this, 'enqueue' ) );
		add_action( 'woocommerce_blocks_enqueue_cart_block_scripts_after', array( $this, 'enqueue_for_cart' ) );
		( new ProductPage() )->register();
	}

	/**
	 * Gives rates their delivery time.
	 *
	 * @param array<int|string, array<string, mixed>> $packages Packages with rates.
	 * @return array<int|string, array<string, mixed>>
	 */
	public function add_to_packages( $packages ) {
		if ( ! is_array( $packages ) || ! Settings::get( 'promise' ) ) {
			return $packages;
		}
		$may_ask = self::may_ask();
		foreach ( $packages as $key => $package ) {
			if ( is_array( $package ) && ! empty( $package['rates'] ) && is_array( $package['rates'] ) ) {
				$options = Offers::of( self::lines( $package ), Question::ship_to( Given::table( $package, 'destination' ) ), $may_ask );
				if ( $options ) {
					$packages[ $key ]['rates'] = array_map(
						static function ( $rate ) use ( $options ) {
							return self::promised( $rate, $options );
						},
						$package['rates']
					);
				}
			}
		}
		return $packages;
	}

	/**
	 * Prints the date below a rate of the classic cart and checkout; the blocks show a rate's delivery time themselves.
	 *
	 * @param \WC_Shipping_Rate $rate Rate.
	 */
	public function show( $rate ): void {
		$text = Settings::get( 'promise' ) && is_object( $rate ) && is_callable( array( $rate, 'get_delivery_time' ) ) ? $rate->get_delivery_time() : '';
		if ( '' !== $text ) {
			printf( '<small class="fulfilhub-promise">%s</small>', esc_html( $text ) );
		}
	}

	/**
	 * A few lines of style, where they are needed.
	 */
	public function enqueue(): void {
		if ( Settings::get( 'promise' ) && ( is_cart() || is_checkout() ) ) {
			wp_register_style( 'fulfilhub-promise', false, array(), FULFILHUB_WC_VERSION );
			wp_enqueue_style( 'fulfilhub-promise' );
			wp_add_inline_style( 'fulfilhub-promise', '.fulfilhub-promise{display:block;opacity:.8;line-height:1.4}' );
		}
	}

	/**
	 * The script that shows the date in the totals of the cart block.
	 */
	public function enqueue_for_cart(): void {
		if ( Settings::get( 'promise' ) && ! is_admin() ) {
			wp_enqueue_script( 'fulfilhub-cart', plugins_url( 'assets/js/cart.js', FULFILHUB_WC_FILE ), array( 'wc-blocks-checkout', 'wp-element', 'wp-plugins' ), FULFILHUB_WC_VERSION, true );
		}
	}

	/**
	 * When something arrives, in words; '' where that is not promised.
	 *
	 * @param array<string, mixed>|null $option Option of a promise.
	 */
	public static function words( ?array $option ): string {
		$unix = Dates::unix( Given::text( $option, 'deliver_by' ), wp_timezone() );
		if ( null === $unix || $unix < time() - DAY_IN_SECONDS ) {
			return '';
		}
		/* translators: %s: day, e.g. Fri 28 Nov */
		return sprintf( __( 'Delivered by %s', 'fulfilhub-for-woocommerce' ), Dates::of_site()->day( Given::text( $option, 'deliver_by' ) ) );
	}

	/**
	 * Goods of a package as FulfilHub knows them: a variation by its own id, anything else by its product's.
	 *
	 * @param array<string, mixed> $package Package.
	 * @return array<int, array<string, mixed>>
	 */
	private static function lines( array $package ): array {
		$goods = array();
		foreach ( Given::rows( $package, 'contents' ) as $content ) {
			$product = isset( $content['data'] ) ? $content['data'] : null;
			if ( $product instanceof \WC_Product && $product->needs_shipping() ) {
				$goods[] = array(
					'variant_id' => (string) $product->get_id(),
					'sku'        => (string) $product->get_sku(),
					'quantity'   => isset( $content['quantity'] ) ? (int) ceil( (float) $content['quantity'] ) : 0,
				);
			}
		}
		return Question::lines( $goods );
	}

	/**
	 * A rate with its delivery time; the rate itself where there is none, or somebody else gave it one.
	 *
	 * @param mixed                            $rate    Rate.
	 * @param array<int, array<string, mixed>> $options Options.
	 * @return mixed
	 */
	private static function promised( $rate, array $options ) {
		if ( ! $rate instanceof \WC_Shipping_Rate ) {
			return $rate;
		}
		/**
		 * FulfilHub's service of a shipping rate, for shops that map methods to services in FulfilHub.
		 *
		 * @param string            $service Service, e.g. standard, express or pickup.
		 * @param \WC_Shipping_Rate $rate    Rate.
		 */
		$service = (string) apply_filters( 'fulfilhub_rate_service', Services::of( $rate->get_label(), $rate->get_method_id() . ' ' . $rate->get_id() ), $rate );
		$text    = Services::PICKUP === $service ? '' : self::words( Services::option( $options, $service ) );
		if ( '' === $text ) {
			return $rate;
		}
		if ( ! method_exists( $rate, 'set_delivery_time' ) ) {
			return \WC_Shipping_Rate::class === get_class( $rate ) ? PromisedRate::of( $rate, $text ) : $rate;
		}
		if ( '' !== (string) $rate->get_delivery_time() ) {
			return $rate;
		}
		// WooCommerce keeps the rate itself in the session; the copy is shown and forgotten.
		$shown = clone $rate;
		$shown->set_delivery_time( $text );
		return $shown;
	}

	/**
	 * Whether somebody looks at rates now. While an order is placed, and on all other pages, only what is kept counts.
	 */
	private static function may_ask(): bool {
		if ( ( is_admin() && ! wp_doing_ajax() ) || wp_doing_cron() ) {
			return false;
		}
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Only read to know which request this is.
		$ajax = isset( $_GET['wc-ajax'] ) ? sanitize_key( wp_unslash( $_GET['wc-ajax'] ) ) : '';
		if ( '' !== $ajax ) {
			return in_array( $ajax, array( 'update_order_review', 'update_shipping_method' ), true );
		}
		if ( defined( 'REST_REQUEST' ) && REST_REQUEST ) {
			$route = isset( $GLOBALS['wp']->query_vars['rest_route'] ) ? (string) $GLOBALS['wp']->query_vars['rest_route'] : '';
			return 1 === preg_match( '#^/wc/store(/v1)?/(cart|batch)#', $route );
		}
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- As above: this is the old way to place an order.
		return did_action( 'wp' ) && ( is_cart() || is_checkout() ) && ! is_wc_endpoint_url() && ! isset( $_POST['woocommerce_checkout_place_order'] );
	}
}
