<?php
/**
 * Returns into WooCommerce.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

use FulfilHub\WooCommerce\Lock;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Queue\Collector;
use FulfilHub\WooCommerce\Rest\Routes;
use FulfilHub\WooCommerce\Settings;

/**
 * By the merchant's choice a note, or a refund with or without payment once the goods were looked at. A return may be
 * looked at in parts: each unit is refunded once at most, whatever is told of it later.
 */
final class Returns {
	const META = '_fulfilhub_returns';

	/**
	 * On a refund: for which return it was made, and what was done of that by then.
	 */
	const OF_RETURN = '_fulfilhub_return';

	/**
	 * States of a return in which the warehouse has judged its units.
	 */
	const JUDGED = array( 'inspected', 'completed' );

	/**
	 * Takes a return.
	 *
	 * @param int                  $order_id Order id.
	 * @param array<string, mixed> $given   reference, status, lines and note.
	 * @return array{applied: bool, refund_id: int|null}|\WP_Error
	 */
	public static function take( int $order_id, array $given ) {
		$name  = 'returns_' . $order_id;
		$token = Lock::take( $name, 120, 10.0 );
		if ( '' === $token ) {
			return Routes::busy();
		}
		try {
			$order = State::read_anew( $order_id );
			return null === $order ? Routes::busy() : self::apply( $order, $given );
		} finally {
			Lock::release( $name, $token );
		}
	}

	/**
	 * Applies a return.
	 *
	 * @param \WC_Order            $order  Order.
	 * @param array<string, mixed> $given Return.
	 * @return array{applied: bool, refund_id: int|null}|\WP_Error
	 */
	private static function apply( \WC_Order $order, array $given ) {
		$kept      = $order->get_meta( self::META, true );
		$all       = is_array( $kept ) ? $kept : array();
		$reference = (string) $given['reference'];
		$before    = isset( $all[ $reference ] ) ? $all[ $reference ] : array(
			'status'    => '',
			'refund_id' => 0,
		);
		$status    = sanitize_key( (string) $given['status'] );
		$refund_id = (int) $before['refund_id'];
		$done      = self::done( $order, $reference, isset( $before['done'] ) ? (array) $before['done'] : array() );
		$due       = array();
		if ( 'note' !== Settings::get( 'returns' ) && in_array( $status, self::JUDGED, true ) ) {
			list( $due, $done ) = Lines::due( (array) $given['lines'], $done );
		}
		if ( $status === $before['status'] && ! $due ) {
			return self::answer( false, $refund_id );
		}
		if ( $due ) {
			$made = self::refund( $order, $reference, $due, $done );
			if ( is_wp_error( $made ) ) {
				return $made;
			}
			$refund_id = $made > 0 ? $made : $refund_id;
		}
		$note = sanitize_textarea_field( (string) $given['note'] );
		Collector::quietly(
			static function () use ( $order, $given, $status, $note, $all, $reference, $refund_id, $done ) {
				$order->add_order_note( esc_html( self::words( $order, $given, $status ) . ( '' === $note ? '' : ' ' . $note ) ) );
				$all[ $reference ] = array(
					'status'    => $status,
					'refund_id' => $refund_id,
					'done'      => $done,
				);
				$order->update_meta_data( self::META, $all );
				State::save_metas( $order );
			}
		);
		return self::answer( true, $refund_id );
	}

	/**
	 * What was refunded of a return: as the order has it, or its refunds, where a request ended between the two.
	 *
	 * @param \WC_Order                                      $order     Order.
	 * @param string                                         $reference Reference of the return.
	 * @param array<int, array{quantity: int, restock: int}> $done      What the order has.
	 * @return array<int, array{quantity: int, restock: int}> By line id.
	 */
	private static function done( \WC_Order $order, string $reference, array $done ): array {
		foreach ( $order->get_refunds() as $refund ) {
			$kept = $refund->get_meta( self::OF_RETURN, true );
			if ( ! is_array( $kept ) || $kept['reference'] !== $reference ) {
				continue;
			}
			foreach ( $kept['done'] as $id => $units ) {
				if ( ! isset( $done[ $id ] ) || $done[ $id ]['quantity'] < $units['quantity'] ) {
					$done[ $id ] = $units;
				}
			}
		}
		return $done;
	}

	/**
	 * Makes the refund. It is a change of the order that FulfilHub is told of like any other.
	 *
	 * @param \WC_Order                                      $order     Order.
	 * @param string                                         $reference Reference of the return.
	 * @param array<int, array<string, mixed>>               $lines     What is refunded.
	 * @param array<int, array{quantity: int, restock: int}> $done      What is refunded of the return after this.
	 * @return int|\WP_Error Id of the refund; 0 where nothing was left to refund.
	 */
	private static function refund( \WC_Order $order, string $reference, array $lines, array $done ) {
		list( $items, $restock, $amount ) = self::lines( $order, $lines );
		$amount                           = min( $amount, (float) $order->get_remaining_refund_amount() );
		if ( ! $items ) {
			return 0;
		}
		// Saved with the refund itself: a request that ends before the order is saved must not refund again.
		$mark = static function ( $refund ) use ( $reference, $done ) {
			$refund->update_meta_data( self::OF_RETURN, compact( 'reference', 'done' ) );
		};
		add_action( 'woocommerce_create_refund', $mark );
		$refund = wc_create_refund(
			array(
				'order_id'       => $order->get_id(),
				'amount'         => wc_format_decimal( $amount, wc_get_price_decimals() ),
				/* translators: %s: reference of a return */
				'reason'         => sprintf( __( 'Return %s', 'fulfilhub-for-woocommerce' ), $reference ),
				'line_items'     => $items,
				'refund_payment' => 'refund_payment' === Settings::get( 'returns' ) && $amount > 0,
				// Not every unit goes back on the shelf: which do is said line by line, below.
				'restock_items'  => false,
			)
		);
		remove_action( 'woocommerce_create_refund', $mark );
		if ( is_wp_error( $refund ) ) {
			return new \WP_Error( 'refund_failed', $refund->get_error_message(), array( 'status' => 409 ) );
		}
		if ( $restock ) {
			Collector::quietly(
				static function () use ( $order, $restock ) {
					wc_restock_refunded_items( $order, $restock );
				}
			);
		}
		return (int) $refund->get_id();
	}

	/**
	 * What is refunded.
	 *
	 * @param \WC_Order                        $order Order.
	 * @param array<int, array<string, mixed>> $lines Lines of the return.
	 * @return array{0: array<int, array<string, mixed>>, 1: array<int, array<string, mixed>>, 2: float} Refunded, restocked, worth.
	 */
	private static function lines( \WC_Order $order, array $lines ): array {
		$room = array();
		foreach ( $order->get_items() as $id => $item ) {
			$room[ (int) $id ] = (int) $item->get_quantity() + (int) $order->get_qty_refunded_for_item( (int) $id );
		}
		list( $fit ) = Lines::part( $lines, $room );
		$items       = array();
		$restock     = array();
		$amount      = 0.0;
		$decimals    = wc_get_price_decimals();
		foreach ( $fit as $line ) {
			$id       = (int) $line['line_id'];
			$item     = $order->get_item( $id );
			$quantity = (int) $item->get_quantity();
			$gone     = $quantity - $room[ $id ] + ( isset( $items[ $id ] ) ? (int) $items[ $id ]['qty'] : 0 );
			$part     = (int) $line['quantity'];
			$total    = Lines::share( (float) $item->get_total(), $quantity, $part, $gone, $decimals );
			$taxes    = array();
			foreach ( isset( $item->get_taxes()['total'] ) ? $item->get_taxes()['total'] : array() as $rate => $tax ) {
				$taxes[ $rate ] = Lines::share( (float) $tax, $quantity, $part, $gone, $decimals );
			}
			$amount      += $total + array_sum( $taxes );
			$items[ $id ] = self::add( isset( $items[ $id ] ) ? $items[ $id ] : null, $part, $total, $taxes );
			if ( ! empty( $line['restock'] ) ) {
				$restock[ $id ] = array( 'qty' => $part + ( isset( $restock[ $id ] ) ? (int) $restock[ $id ]['qty'] : 0 ) );
			}
		}
		return array( $items, $restock, round( $amount, $decimals ) );
	}

	/**
	 * A line of the refund with some more units of it (a return may name a line twice: some units good, some not).
	 *
	 * @param array<string, mixed>|null $line  The line so far.
	 * @param int                       $part  Units.
	 * @param float                     $total Worth without tax.
	 * @param array<int|string, float>  $taxes Tax by rate.
	 * @return array<string, mixed>
	 */
	private static function add( ?array $line, int $part, float $total, array $taxes ): array {
		foreach ( null === $line ? array() : $line['refund_tax'] as $rate => $tax ) {
			$taxes[ $rate ] = ( isset( $taxes[ $rate ] ) ? $taxes[ $rate ] : 0 ) + $tax;
		}
		return array(
			'qty'          => $part + ( null === $line ? 0 : (int) $line['qty'] ),
			'refund_total' => $total + ( null === $line ? 0 : (float) $line['refund_total'] ),
			'refund_tax'   => $taxes,
		);
	}

	/**
	 * The return in words.
	 *
	 * @param \WC_Order            $order  Order.
	 * @param array<string, mixed> $given Return.
	 * @param string               $status Its status.
	 */
	private static function words( \WC_Order $order, array $given, string $status ): string {
		$names = array(
			'requested'  => __( 'requested', 'fulfilhub-for-woocommerce' ),
			'approved'   => __( 'approved', 'fulfilhub-for-woocommerce' ),
			'declined'   => __( 'declined', 'fulfilhub-for-woocommerce' ),
			'in_transit' => __( 'on its way', 'fulfilhub-for-woocommerce' ),
			'received'   => __( 'received', 'fulfilhub-for-woocommerce' ),
			'inspected'  => __( 'inspected', 'fulfilhub-for-woocommerce' ),
			'completed'  => __( 'completed', 'fulfilhub-for-woocommerce' ),
			'cancelled'  => __( 'cancelled', 'fulfilhub-for-woocommerce' ),
			'expired'    => __( 'expired', 'fulfilhub-for-woocommerce' ),
		);
		$goods = array();
		foreach ( (array) $given['lines'] as $line ) {
			$item = $order->get_item( (int) $line['line_id'] );
			if ( $item ) {
				$goods[] = (int) $line['quantity'] . ' x ' . $item->get_name();
			}
		}
		/* translators: 1: reference of a return, 2: its status, 3: goods */
		return sprintf( __( 'Return %1$s is %2$s: %3$s.', 'fulfilhub-for-woocommerce' ), (string) $given['reference'], isset( $names[ $status ] ) ? $names[ $status ] : $status, implode( ', ', $goods ) );
	}

	/**
	 * The answer.
	 *
	 * @param bool $applied   Whether anything was done.
	 * @param int  $refund_id Refund or 0.
	 * @return array{applied: bool, refund_id: int|null}
	 */
	private static function answer( bool $applied, int $refund_id ): array {
		return array(
			'applied'   => $applied,
			'refund_id' => $refund_id > 0 ? $refund_id : null,
		);
	}
}
