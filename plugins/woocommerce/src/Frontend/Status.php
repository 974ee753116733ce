<?php
/**
 * An order's journey as the customer sees it, on whichever page.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

use FulfilHub\WooCommerce\View\OfOrder;

/**
 * Prints the template `fulfilhub/order-status.php`, which a theme can replace (`woocommerce/fulfilhub/order-status.php`).
 */
final class Status {
	const HANDLE = 'fulfilhub-status';

	/**
	 * Orders that are on the page already, so that a block and a hook do not both show one.
	 *
	 * @var array<int, bool>
	 */
	private static $shown = array();

	/**
	 * The journey of an order; '' where FulfilHub has nothing to do with it or it is on the page already.
	 *
	 * @param \WC_Order $order Order.
	 */
	public static function of( \WC_Order $order ): string {
		if ( isset( self::$shown[ $order->get_id() ] ) ) {
			return '';
		}
		$view = OfOrder::customer( $order );
		if ( null === $view ) {
			return '';
		}
		self::$shown[ $order->get_id() ] = true;
		self::enqueue();
		return sprintf(
			'<div class="fulfilhub-status" data-ticket="%1$s" data-final="%2$s"><p class="fh-hear" role="status"></p><div class="fh-shown">%3$s</div></div>',
			esc_attr( Ticket::of( $order ) ),
			$view['final'] ? 'yes' : 'no',
			self::inside( $view, $order->get_order_number() )
		);
	}

	/**
	 * What stands in the frame, from the template.
	 *
	 * @param array<string, mixed> $view   What CustomerOrder::view() made.
	 * @param string               $number The order's number.
	 */
	public static function inside( array $view, string $number ): string {
		return wc_get_template_html(
			'fulfilhub/order-status.php',
			array(
				'view'   => $view,
				'number' => $number,
			),
			'',
			FULFILHUB_WC_PATH . 'templates/'
		);
	}

	/**
	 * Makes style and script known, so that blocks can name them.
	 */
	public static function register_assets(): void {
		wp_register_style( self::HANDLE, plugins_url( 'assets/css/status.css', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION );
		wp_register_script( self::HANDLE, plugins_url( 'assets/js/status.js', FULFILHUB_WC_FILE ), array(), FULFILHUB_WC_VERSION, true );
	}

	/**
	 * Loads style and script on a page that shows a journey.
	 */
	public static function enqueue(): void {
		if ( ! wp_script_is( self::HANDLE, 'registered' ) ) {
			self::register_assets();
		}
		wp_enqueue_style( self::HANDLE );
		wp_enqueue_script( self::HANDLE );
		if ( ! wp_scripts()->get_data( self::HANDLE, 'data' ) ) {
			wp_localize_script( self::HANDLE, 'fulfilhubStatus', array( 'url' => \WC_AJAX::get_endpoint( Live::ACTION ) ) );
		}
	}
}
