<?php
/**
 * The order status "Partially shipped".
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

use FulfilHub\WooCommerce\Settings;

/**
 * Added only where the merchant turned it on: an order with a status that no plugin knows is shown by no list.
 */
final class PartialStatus {
	const KEY = 'wc-fh-partial';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		if ( ! Settings::get( 'partial_status' ) ) {
			return;
		}
		add_filter( 'woocommerce_register_shop_order_post_statuses', array( $this, 'add_post_status' ) );
		add_filter( 'wc_order_statuses', array( $this, 'add' ) );
		foreach ( array( 'woocommerce_order_is_paid_statuses', 'woocommerce_reports_order_statuses' ) as $list ) {
			add_filter( $list, array( $this, 'add_paid' ) );
		}
	}

	/**
	 * Adds the status to WordPress's.
	 *
	 * @param array<string, array<string, mixed>> $statuses Statuses.
	 * @return array<string, array<string, mixed>>
	 */
	public function add_post_status( $statuses ) {
		$statuses[ self::KEY ] = array(
			'label'                     => _x( 'Partially shipped', 'Order status', 'fulfilhub-for-woocommerce' ),
			'public'                    => false,
			'exclude_from_search'       => false,
			'show_in_admin_all_list'    => true,
			'show_in_admin_status_list' => true,
			/* translators: %s: number of orders */
			'label_count'               => _n_noop( 'Partially shipped <span class="count">(%s)</span>', 'Partially shipped <span class="count">(%s)</span>', 'fulfilhub-for-woocommerce' ),
		);
		return $statuses;
	}

	/**
	 * Adds the status to WooCommerce's, behind "Processing".
	 *
	 * @param array<string, string> $statuses Names by key.
	 * @return array<string, string>
	 */
	public function add( $statuses ) {
		$all = array();
		foreach ( $statuses as $key => $name ) {
			$all[ $key ] = $name;
			if ( 'wc-processing' === $key ) {
				$all[ self::KEY ] = _x( 'Partially shipped', 'Order status', 'fulfilhub-for-woocommerce' );
			}
		}
		return $all + array( self::KEY => _x( 'Partially shipped', 'Order status', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Such an order is paid.
	 *
	 * @param array<int, string>|mixed $statuses Statuses without "wc-".
	 * @return array<int, string>|mixed
	 */
	public function add_paid( $statuses ) {
		if ( is_array( $statuses ) ) {
			$statuses[] = substr( self::KEY, 3 );
		}
		return $statuses;
	}
}
