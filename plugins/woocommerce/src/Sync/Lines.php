<?php
/**
 * Which of the lines that FulfilHub names an order has.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

/**
 * Pure.
 */
final class Lines {
	/**
	 * Parts lines into those that fit and those that do not.
	 *
	 * @param array<int, array<string, mixed>> $lines line_id and quantity, and whatever else.
	 * @param array<int, int>                  $room  How many units each line of the order has room for, by line id.
	 * @return array{0: array<int, array<string, mixed>>, 1: array<int, array<string, mixed>>} Fitting, left out.
	 */
	public static function part( array $lines, array $room ): array {
		$fit = array();
		$out = array();
		foreach ( $lines as $line ) {
			$id       = isset( $line['line_id'] ) && is_numeric( $line['line_id'] ) ? (int) $line['line_id'] : 0;
			$quantity = isset( $line['quantity'] ) ? (int) $line['quantity'] : 0;
			$can      = isset( $room[ $id ] ) ? min( $quantity, max( 0, $room[ $id ] ) ) : 0;
			if ( $can > 0 ) {
				$fit[]       = array_merge(
					$line,
					array(
						'line_id'  => $id,
						'quantity' => $can,
					)
				);
				$room[ $id ] = $room[ $id ] - $can;
			}
			if ( $quantity > $can ) {
				$out[] = array(
					'line_id'  => isset( $line['line_id'] ) ? (string) $line['line_id'] : '',
					'quantity' => $quantity - $can,
				);
			}
		}
		return array( $fit, $out );
	}

	/**
	 * What is still to be done of lines that are told whole each time, and grow: a return is judged unit by unit.
	 *
	 * @param array<int, array<string, mixed>>               $lines line_id, quantity and restock; a line may be named twice.
	 * @param array<int, array{quantity: int, restock: int}> $done  What was done, by line id.
	 * @return array{0: array<int, array<string, mixed>>, 1: array<int, array{quantity: int, restock: int}>} Lines to do, and what is
	 *                                                                                                       done after them.
	 */
	public static function due( array $lines, array $done ): array {
		$told = array();
		foreach ( $lines as $line ) {
			$id = isset( $line['line_id'] ) && is_numeric( $line['line_id'] ) ? (int) $line['line_id'] : 0;
			if ( ! isset( $told[ $id ] ) ) {
				$told[ $id ] = array(
					'quantity' => 0,
					'restock'  => 0,
				);
			}
			$told[ $id ]['quantity'] += (int) $line['quantity'];
			$told[ $id ]['restock']  += empty( $line['restock'] ) ? 0 : (int) $line['quantity'];
		}
		$due = array();
		foreach ( $told as $id => $units ) {
			$was  = isset( $done[ $id ] ) ? $done[ $id ] : array(
				'quantity' => 0,
				'restock'  => 0,
			);
			$more = max( 0, $units['quantity'] - $was['quantity'] );
			$back = min( $more, max( 0, $units['restock'] - $was['restock'] ) );
			foreach ( array( array( $back, true ), array( $more - $back, false ) ) as list( $quantity, $restock ) ) {
				if ( $quantity > 0 ) {
					$due[] = array(
						'line_id'  => $id,
						'quantity' => $quantity,
						'restock'  => $restock,
					);
				}
			}
			$done[ $id ] = array(
				'quantity' => $was['quantity'] + $more,
				'restock'  => $was['restock'] + $back,
			);
		}
		return array( $due, $done );
	}

	/**
	 * What a part of a line is worth: the cents of a line that does not divide evenly go with its last units.
	 *
	 * @param float $total    Value of the whole line.
	 * @param int   $quantity Units of the whole line.
	 * @param int   $part     Units of the part.
	 * @param int   $before   Units that were taken before.
	 * @param int   $decimals Decimals of the currency.
	 */
	public static function share( float $total, int $quantity, int $part, int $before, int $decimals ): float {
		if ( $quantity <= 0 ) {
			return 0.0;
		}
		$upto = static function ( int $units ) use ( $total, $quantity, $decimals ): float {
			return round( $total * min( $units, $quantity ) / $quantity, $decimals );
		};
		return round( $upto( $before + $part ) - $upto( $before ), $decimals );
	}
}
