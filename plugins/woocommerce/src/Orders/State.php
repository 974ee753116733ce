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
		// A panel is a state and more: what is read live there is not kept.
		unset( $state['timeline'], $state['routing'], $state['returns'] );
		$name  = 'state_' . $order_id;
		$token = Lock::take( $name, 30, 5.0 );
		if ( '' === $token ) {
			return null;
		}
		try {
			$order = self::read_anew( $order_id );
			if ( null === $order ) {
				return null;
			}
			$before = self::of( $order );
			if ( ! self::is_newer( $state, $before ) ) {
				return false;
			}
			$order->update_meta_data( self::META, $state );
			self::save_metas( $order );
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
	 * An order as it is stored now: an object that a caller holds, or a cache, may be older.
	 *
	 * @param int $order_id Order id.
	 */
	public static function read_anew( int $order_id ): ?\WC_Order {
		$order = wc_get_order( $order_id );
		if ( ! $order instanceof \WC_Order ) {
			return null;
		}
		clean_post_cache( $order_id );
		$order->read_meta_data( true );
		return $order;
	}

	/**
	 * Stores an order's changed metas and nothing else: what FulfilHub told is no change of the order, so its date stays
	 * and nobody is told of it.
	 *
	 * @param \WC_Order $order Order.
	 */
	public static function save_metas( \WC_Order $order ): void {
		add_filter( 'woocommerce_orders_table_datastore_should_save_after_meta_change', '__return_false', PHP_INT_MAX );
		// Older WooCommerce has no such filter, but leaves the date alone where another change waits to be saved.
		$was  = $order->get_date_modified();
		$lone = ! $order->get_changes();
		if ( $lone ) {
			$order->set_date_modified( time() );
		}
		try {
			Collector::quietly( array( $order, 'save_meta_data' ) );
		} finally {
			if ( $lone ) {
				$order->set_date_modified( $was ? $was->getTimestamp() : null );
				$order->apply_changes();
			}
			remove_filter( 'woocommerce_orders_table_datastore_should_save_after_meta_change', '__return_false', PHP_INT_MAX );
		}
	}

	/**
	 * Whether a state takes the place of the one kept. The same revision does: a panel may know the same state better. So
	 * does one of another order of FulfilHub's, whose revisions say nothing of this one: the shop has another store by now.
	 *
	 * @param array<string, mixed>      $state  A state.
	 * @param array<string, mixed>|null $before The one kept.
	 */
	public static function is_newer( array $state, ?array $before ): bool {
		if ( null === $before || ( ! empty( $state['order_id'] ) && ! empty( $before['order_id'] ) && $state['order_id'] !== $before['order_id'] ) ) {
			return true;
		}
		return (int) ( $state['revision'] ?? 0 ) >= (int) $before['revision'];
	}
}
