<?php
/**
 * What FulfilHub last told about an order.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Orders;

use FulfilHub\WooCommerce\Lock;
use FulfilHub\WooCommerce\Queue\Collector;

/**
 * The kept OrderState of an order. Reading it never calls FulfilHub and needs no query where the order is loaded.
 */
final class State {
	const META = '_fulfilhub_state';

	/**
	 * The state as FulfilHub sent it (the contract's OrderState); null where none was ever told.
	 *
	 * @param \WC_Abstract_Order $order An order.
	 * @return array<string, mixed>|null
	 */
	public static function of( $order ): ?array {
		$kept = $order->get_meta( self::META, true );
		return is_array( $kept ) && isset( $kept['revision'] ) ? $kept : null;
	}

	/**
	 * Keeps a state, unless a newer one is kept already: late news never turn an order back.
	 *
	 * @param int                  $order_id Order id.
	 * @param array<string, mixed> $state    OrderState.
	 * @return bool|null Whether it was kept; null where the order is gone or somebody else is busy with it.
	 */
	public static function keep( int $order_id, array $state ): ?bool {
		$name  = 'state_' . $order_id;
		$token = Lock::take( $name, 30, 5.0 );
		if ( '' === $token ) {
			return null;
		}
		try {
			// Read anew under the lock: the object that a caller holds may be older than what is stored.
			wp_cache_delete( \WC_Order::generate_meta_cache_key( $order_id, 'orders' ), 'orders' );
			$order = wc_get_order( $order_id );
			if ( ! $order instanceof \WC_Order ) {
				return null;
			}
			$order->read_meta_data( true );
			$before = self::of( $order );
			if ( ! self::is_newer( $state, $before ) ) {
				return false;
			}
			Collector::quietly(
				static function () use ( $order, $state ) {
					$order->update_meta_data( self::META, $state );
					$order->save_meta_data();
				}
			);
		} finally {
			Lock::release( $name, $token );
		}
		/**
		 * FulfilHub told a new state of an order.
		 *
		 * @param \WC_Order                 $order  The order.
		 * @param array<string, mixed>      $state  The state now.
		 * @param array<string, mixed>|null $before The state before.
		 */
		do_action( 'fulfilhub_order_state_changed', $order, $state, $before );
		return true;
	}

	/**
	 * Whether a state takes the place of the one kept. The same revision does: a panel may know the same state better.
	 *
	 * @param array<string, mixed>      $state  A state.
	 * @param array<string, mixed>|null $before The one kept.
	 */
	public static function is_newer( array $state, ?array $before ): bool {
		return null === $before || (int) ( $state['revision'] ?? 0 ) >= (int) $before['revision'];
	}
}
