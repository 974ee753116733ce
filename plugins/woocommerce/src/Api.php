<?php
/**
 * FulfilHub's calls for storefronts, one method each.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Http\Answer;
use FulfilHub\WooCommerce\Http\Client;

/**
 * Everything below `/v1/storefront`, with this store's own key. Orders are named by WooCommerce's order id.
 */
final class Api {
	/**
	 * The store as FulfilHub knows it.
	 */
	public static function storefront(): Answer {
		return self::call( 'GET', '' );
	}

	/**
	 * Tells FulfilHub about the plugin and the merchant's choices.
	 *
	 * @param array<string, mixed> $changes `plugin` and `settings`.
	 */
	public static function change( array $changes ): Answer {
		return self::call( 'PATCH', '', $changes );
	}

	/**
	 * Lets FulfilHub call this shop and tell how it went; at most 15 seconds.
	 */
	public static function checks(): Answer {
		return self::call( 'POST', '/checks', array(), array(), 20.0 );
	}

	/**
	 * OrderStates of at most 100 orders.
	 *
	 * @param array<int, int> $order_ids Order ids.
	 */
	public static function orders( array $order_ids ): Answer {
		$ids = implode( ',', array_map( 'absint', $order_ids ) );
		return self::call( 'GET', '/orders?external_ids=' . $ids );
	}

	/**
	 * OrderPanel of one order; 404 `order_not_here` where FulfilHub has none.
	 *
	 * @param int   $order_id Order id.
	 * @param float $timeout  Seconds; fewer where a customer waits.
	 */
	public static function order( int $order_id, float $timeout = Client::TIMEOUT ): Answer {
		return self::call( 'GET', '/orders/' . $order_id, null, array(), $timeout );
	}

	/**
	 * Holds an order.
	 *
	 * @param int         $order_id Order id.
	 * @param string      $reason   Reason.
	 * @param string|null $note     Note.
	 * @param string|null $until    RFC 3339.
	 * @param string      $once     Idempotency-Key.
	 */
	public static function hold( int $order_id, string $reason, ?string $note = null, ?string $until = null, string $once = '' ): Answer {
		$body = array_filter(
			array(
				'reason' => $reason,
				'note'   => $note,
				'until'  => $until,
			),
			static function ( $value ) {
				return null !== $value && '' !== $value;
			}
		);
		return self::call( 'POST', '/orders/' . $order_id . '/hold', $body, self::once( $once ) );
	}

	/**
	 * Ends a hold.
	 *
	 * @param int    $order_id Order id.
	 * @param string $hold_id  Hold id, from the order's state.
	 * @param string $once     Idempotency-Key.
	 */
	public static function release( int $order_id, string $hold_id, string $once = '' ): Answer {
		return self::call( 'POST', '/orders/' . $order_id . '/release', array( 'hold_id' => $hold_id ), self::once( $once ) );
	}

	/**
	 * Cancels an order, or asks its warehouse to.
	 *
	 * @param int         $order_id Order id.
	 * @param string|null $note     Note.
	 * @param string      $once     Idempotency-Key.
	 */
	public static function cancel( int $order_id, ?string $note = null, string $once = '' ): Answer {
		$body = null === $note || '' === $note ? array() : array( 'note' => $note );
		return self::call( 'POST', '/orders/' . $order_id . '/cancel', $body, self::once( $once ) );
	}

	/**
	 * Changes where an order goes, or asks its warehouse to.
	 *
	 * @param int                   $order_id Order id.
	 * @param array<string, string> $ship_to  name, company, line1, line2, city, region, postcode, country, phone, email.
	 * @param string                $once     Idempotency-Key.
	 */
	public static function address( int $order_id, array $ship_to, string $once = '' ): Answer {
		return self::call( 'POST', '/orders/' . $order_id . '/address', array( 'ship_to' => $ship_to ), self::once( $once ) );
	}

	/**
	 * When an order of these lines would arrive. Called while a customer waits: a short time-out.
	 *
	 * @param array<int, array<string, mixed>> $lines   variant_id or sku, and quantity; at most 50.
	 * @param array<string, string>            $ship_to country, postcode, region.
	 * @param float                            $timeout Seconds.
	 */
	public static function promises( array $lines, array $ship_to, float $timeout = 1.5 ): Answer {
		return self::call(
			'POST',
			'/promises',
			array(
				'lines'   => array_values( $lines ),
				'ship_to' => $ship_to,
			),
			array(),
			$timeout
		);
	}

	/**
	 * A new webhook secret and store key; the old ones live on for a day.
	 *
	 * @param array<string, string> $credentials New REST keys, with which FulfilHub calls from now on.
	 */
	public static function rotate( array $credentials ): Answer {
		return self::call( 'POST', '/rotate', array( 'credentials' => $credentials ) );
	}

	/**
	 * Ends the connection on FulfilHub's side.
	 */
	public static function disconnect(): Answer {
		return self::call( 'DELETE', '' );
	}

	/**
	 * Idempotency-Key as a header.
	 *
	 * @param string $key The key; '' for none.
	 * @return array<string, string>
	 */
	private static function once( string $key ): array {
		return '' === $key ? array() : array( 'Idempotency-Key' => $key );
	}

	/**
	 * A call with the store's key.
	 *
	 * @param string                    $method  HTTP method.
	 * @param string                    $path    Path after /v1/storefront.
	 * @param array<string, mixed>|null $body    Body.
	 * @param array<string, string>     $headers Headers.
	 * @param float                     $timeout Seconds.
	 */
	private static function call( string $method, string $path, ?array $body = null, array $headers = array(), float $timeout = Client::TIMEOUT ): Answer {
		if ( ! Store::connected() ) {
			return Answer::none( 'not_connected', __( 'This shop is not connected to FulfilHub.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( Store::is_copy() ) {
			// What somebody tries out on a copy must not happen to the orders of the shop.
			return Answer::none( 'copy', __( 'This site is a copy of the shop that was connected, so nothing is asked of FulfilHub from here.', 'fulfilhub-for-woocommerce' ) );
		}
		$headers['Authorization'] = 'Bearer ' . Store::get( 'api_key' );
		return Client::call( $method, Store::address() . '/v1/storefront' . $path, $body, $headers, $timeout );
	}
}
