<?php
/**
 * An order as WooCommerce's own REST API (v3) gives it.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Orders;

use FulfilHub\WooCommerce\Sync\PartialStatus;

/**
 * Asks WooCommerce's controllers inside this process, as WooCommerce's webhooks do: what other plugins add to an order
 * there (bundles, custom numbers) is in it as well.
 */
final class Payload {
	/**
	 * The order with its refunds' lines.
	 *
	 * @param int $order_id Order id.
	 * @param int $user_id  User who connected the shop.
	 * @return array<string, mixed>|null Null where WooCommerce gives no such order.
	 */
	public static function of( int $order_id, int $user_id ): ?array {
		$before = get_current_user_id();
		wp_set_current_user( $user_id );
		// The person who connected the shop may have left; their orders still go out.
		add_filter( 'woocommerce_rest_check_permissions', '__return_true', PHP_INT_MAX );
		try {
			$order = self::get( '/wc/v3/orders/' . $order_id );
			if ( null === $order || ! isset( $order['id'] ) ) {
				return null;
			}
			if ( ! empty( $order['refunds'] ) ) {
				$refunds = self::get( '/wc/v3/orders/' . $order_id . '/refunds', array( 'per_page' => 100 ) );
				if ( null === $refunds ) {
					return null;
				}
				$order['refunds'] = array_values( $refunds );
			}
		} finally {
			remove_filter( 'woocommerce_rest_check_permissions', '__return_true', PHP_INT_MAX );
			wp_set_current_user( $before );
		}
		return self::without_ours( $order );
	}

	/**
	 * Leaves out what FulfilHub itself told: metas, and the status "Partially shipped", which stands for "Processing".
	 *
	 * @param array<string, mixed> $order Order.
	 * @return array<string, mixed>
	 */
	public static function without_ours( array $order ): array {
		unset( $order['_links'] );
		if ( isset( $order['status'] ) && PartialStatus::KEY === 'wc-' . $order['status'] ) {
			$order['status'] = 'processing';
		}
		if ( isset( $order['meta_data'] ) && is_array( $order['meta_data'] ) ) {
			$order['meta_data'] = array_values(
				array_filter(
					$order['meta_data'],
					static function ( $meta ) {
						$key = is_array( $meta ) ? ( $meta['key'] ?? '' ) : ( is_object( $meta ) && isset( $meta->key ) ? $meta->key : '' );
						return 0 !== strpos( (string) $key, '_fulfilhub_' );
					}
				)
			);
		}
		return $order;
	}

	/**
	 * One request inside this process.
	 *
	 * @param string               $route Route.
	 * @param array<string, mixed> $query Query.
	 * @return array<mixed>|null Null for an error.
	 */
	private static function get( string $route, array $query = array() ): ?array {
		$request = new \WP_REST_Request( 'GET', $route );
		$request->set_query_params( $query );
		$answer = rest_do_request( $request );
		if ( $answer->is_error() ) {
			return null;
		}
		// Dates and metas are objects until they are written as JSON.
		$data = json_decode( (string) wp_json_encode( $answer->get_data() ), true );
		return is_array( $data ) ? $data : null;
	}
}
