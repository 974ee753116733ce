<?php
/**
 * Which of FulfilHub's services a shipping method of this shop is.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Promise;

/**
 * Pure. The same words decide as when FulfilHub reads an order, so that what is promised is what is then sent.
 */
final class Services {
	const STANDARD = 'standard';
	const PICKUP   = 'pickup';

	/**
	 * Tried in this order. Collection comes first: "Express pickup" is not given to a carrier.
	 */
	const WORDS = array(
		'local_pickup'      => self::PICKUP,
		'pickup'            => self::PICKUP,
		'pick up'           => self::PICKUP,
		'collection'        => self::PICKUP,
		'click and collect' => self::PICKUP,
		'next day'          => 'express',
		'next-day'          => 'express',
		'overnight'         => 'express',
		'express'           => 'express',
		'priority'          => 'express',
	);

	/**
	 * The service of a shipping method.
	 *
	 * @param string $title  Its title, as the customer reads it.
	 * @param string $method Its method id, e.g. flat_rate.
	 */
	public static function of( string $title, string $method ): string {
		foreach ( self::WORDS as $word => $service ) {
			if ( false !== strpos( strtolower( $title ), $word ) || false !== strpos( strtolower( $method ), $word ) ) {
				return $service;
			}
		}
		return self::STANDARD;
	}

	/**
	 * The option for a service; null where FulfilHub promises nothing for it.
	 *
	 * @param array<int, array<string, mixed>> $options Options of a promise.
	 * @param string                           $service Service.
	 * @return array<string, mixed>|null
	 */
	public static function option( array $options, string $service ): ?array {
		foreach ( $options as $option ) {
			if ( is_array( $option ) && isset( $option['service'] ) && $option['service'] === $service ) {
				return $option;
			}
		}
		return null;
	}
}
