<?php
/**
 * Reading of what FulfilHub gave, which may be of a newer or an older version than this plugin.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

/**
 * Pure: a part that is missing or of another kind is read as empty, never as an error.
 */
final class Given {
	/**
	 * A text; '' where there is none.
	 *
	 * @param mixed  $from An array, or what stands in its place.
	 * @param string $name Key.
	 */
	public static function text( $from, string $name ): string {
		return is_array( $from ) && isset( $from[ $name ] ) && is_scalar( $from[ $name ] ) && ! is_bool( $from[ $name ] ) ? trim( (string) $from[ $name ] ) : '';
	}

	/**
	 * A table; empty where there is none.
	 *
	 * @param mixed  $from An array.
	 * @param string $name Key.
	 * @return array<int|string, mixed>
	 */
	public static function table( $from, string $name ): array {
		return is_array( $from ) && isset( $from[ $name ] ) && is_array( $from[ $name ] ) ? $from[ $name ] : array();
	}

	/**
	 * The entries of a list that are tables.
	 *
	 * @param mixed  $from An array.
	 * @param string $name Key.
	 * @return array<int, array<string, mixed>>
	 */
	public static function rows( $from, string $name ): array {
		return array_values( array_filter( self::table( $from, $name ), 'is_array' ) );
	}

	/**
	 * A web address that may be made a link; '' for anything else, such as `javascript:`.
	 *
	 * @param mixed  $from An array.
	 * @param string $name Key.
	 */
	public static function link( $from, string $name ): string {
		$text = self::text( $from, $name );
		return 1 === preg_match( '#^https?://[^\s"\'<>\\\\]+$#iD', $text ) ? $text : '';
	}

	/**
	 * Quantities by line, added up; those of no use are left out.
	 *
	 * @param mixed  $from An array.
	 * @param string $name Key of a list of {line_id, quantity}.
	 * @return array<string, int> Quantity by line id.
	 */
	public static function quantities( $from, string $name ): array {
		$sums = array();
		foreach ( self::rows( $from, $name ) as $row ) {
			$line     = self::text( $row, 'line_id' );
			$quantity = (int) self::text( $row, 'quantity' );
			if ( '' !== $line && $quantity > 0 ) {
				$sums[ $line ] = ( $sums[ $line ] ?? 0 ) + $quantity;
			}
		}
		return $sums;
	}

	/**
	 * Whether something may be done: at once, by asking the warehouse, or not at all.
	 *
	 * @param mixed  $from An array.
	 * @param string $name Key.
	 * @return string now, request or no.
	 */
	public static function leave( $from, string $name ): string {
		$given = is_array( $from ) && isset( $from[ $name ] ) ? $from[ $name ] : 'no';
		if ( true === $given ) {
			return 'now';
		}
		return in_array( $given, array( 'now', 'request' ), true ) ? $given : 'no';
	}
}
