<?php
/**
 * What is asked when a delivery date is wanted.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Promise;

/**
 * Pure: the same goods to the same place are the same question, whoever asks and in whatever order they lie in the cart.
 */
final class Question {
	const MOST_LINES = 50;

	/**
	 * Lines as FulfilHub wants them, equal goods added up.
	 *
	 * @param array<int, array{variant_id: string, sku: string, quantity: int}> $goods Goods that have to be shipped.
	 * @return array<int, array<string, mixed>> Empty where nothing can be asked: no goods, or too many lines.
	 */
	public static function lines( array $goods ): array {
		$sums = array();
		foreach ( $goods as $one ) {
			if ( $one['quantity'] > 0 ) {
				$sums[ $one['variant_id'] ] = array(
					'variant_id' => $one['variant_id'],
					'sku'        => $one['sku'],
					'quantity'   => $one['quantity'] + ( $sums[ $one['variant_id'] ]['quantity'] ?? 0 ),
				);
			}
		}
		if ( count( $sums ) > self::MOST_LINES ) {
			return array();
		}
		ksort( $sums, SORT_STRING );
		$lines = array();
		foreach ( $sums as $line ) {
			$lines[] = array_filter(
				$line,
				static function ( $value ) {
					return '' !== $value;
				}
			);
		}
		return $lines;
	}

	/**
	 * Where it goes; empty where not even the country is known.
	 *
	 * @param array<string, mixed> $destination A package's destination.
	 * @return array<string, string>
	 */
	public static function ship_to( array $destination ): array {
		$country = isset( $destination['country'] ) ? strtoupper( trim( (string) $destination['country'] ) ) : '';
		if ( 1 !== preg_match( '/^[A-Z]{2}$/D', $country ) ) {
			return array();
		}
		$to       = array( 'country' => $country );
		$postcode = isset( $destination['postcode'] ) ? strtoupper( trim( (string) $destination['postcode'] ) ) : '';
		$region   = isset( $destination['state'] ) ? trim( (string) $destination['state'] ) : '';
		if ( '' !== $postcode ) {
			$to['postcode'] = substr( $postcode, 0, 16 );
		}
		if ( '' !== $region ) {
			$to['region'] = substr( $region, 0, 64 );
		}
		return $to;
	}

	/**
	 * A short name of the question, from which nothing about the customer can be read.
	 *
	 * @param array<int, array<string, mixed>> $lines   Lines.
	 * @param array<string, string>            $ship_to Where it goes.
	 * @param string                           $store   Whose question it is.
	 */
	public static function name( array $lines, array $ship_to, string $store ): string {
		return substr( hash( 'sha256', (string) json_encode( array( $lines, $ship_to, $store ) ) ), 0, 32 ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- Pure, and what it is given is ASCII or UTF-8.
	}
}
