<?php
/**
 * Stands in for WordPress's translation: English is what the views are written in.
 *
 * @package FulfilHub\WooCommerce
 */

if ( ! function_exists( '__' ) ) {
	/**
	 * The text itself.
	 *
	 * @param string $text   Text.
	 * @param string $domain Text domain.
	 */
	function __( $text, $domain = '' ) {
		return $text;
	}
}
