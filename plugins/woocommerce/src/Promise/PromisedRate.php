<?php
/**
 * A shipping rate with a delivery time, for WooCommerce before 9.2.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Promise;

/**
 * WooCommerce's blocks have always shown the delivery time of a rate that has one; rates themselves have one since 9.2.
 */
final class PromisedRate extends \WC_Shipping_Rate {
	/**
	 * When it arrives, in words.
	 *
	 * @var string
	 */
	private $promised = '';

	/**
	 * The same rate with a delivery time.
	 *
	 * @param \WC_Shipping_Rate $rate Rate.
	 * @param string            $text Words.
	 */
	public static function of( \WC_Shipping_Rate $rate, string $text ): self {
		$same            = new self();
		$same->data      = $rate->data;
		$same->meta_data = $rate->meta_data;
		$same->promised  = $text;
		return $same;
	}

	/**
	 * When it arrives, in words.
	 */
	public function get_delivery_time(): string {
		return $this->promised;
	}
}
