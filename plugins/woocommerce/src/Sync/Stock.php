<?php
/**
 * Stock levels into WooCommerce.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Sync;

use FulfilHub\WooCommerce\Queue\Collector;

/**
 * Compare and set: a level is written only where the shop shows what FulfilHub believes it shows, so that a sale in the
 * same instant is not undone.
 */
final class Stock {
	/**
	 * Takes levels.
	 *
	 * @param array<int, array<string, mixed>> $items reference, variant_id, available and expected.
	 * @return array<int, array{reference: mixed, outcome: string, stock: int|null}> In the same order.
	 */
	public static function take( array $items ): array {
		$done = array();
		foreach ( $items as $item ) {
			list( $outcome, $stock ) = self::one( (int) $item['variant_id'], (int) $item['available'], isset( $item['expected'] ) ? (int) $item['expected'] : null );

			$done[] = array(
				'reference' => isset( $item['reference'] ) ? $item['reference'] : null,
				'outcome'   => $outcome,
				'stock'     => $stock,
			);
		}
		return $done;
	}

	/**
	 * One level.
	 *
	 * @param int      $id        Product or variation.
	 * @param int      $available Units that can be sold.
	 * @param int|null $expected  Units that FulfilHub believes the shop shows.
	 * @return array{0: string, 1: int|null}
	 */
	private static function one( int $id, int $available, ?int $expected ): array {
		$product = $id > 0 ? wc_get_product( $id ) : null;
		if ( ! $product || 'trash' === $product->get_status() ) {
			return array( 'missing', null );
		}
		// A variation whose stock its parent keeps, like a product without any, is not ours to write.
		if ( 'yes' !== get_option( 'woocommerce_manage_stock' ) || ! $product->managing_stock() || (int) $product->get_stock_managed_by_id() !== $id ) {
			return array( 'unmanaged', null );
		}
		return Collector::quietly(
			static function () use ( $product, $available, $expected ) {
				return self::compare_and_set( $product, $available, $expected );
			}
		);
	}

	/**
	 * Writes a level where the one that is there is as expected. The row is locked meanwhile: WooCommerce's own reduction
	 * of a sale waits for it.
	 *
	 * @param \WC_Product $product   Product or variation.
	 * @param int         $available Units.
	 * @param int|null    $expected  Units.
	 * @return array{0: string, 1: int|null}
	 * @throws \Throwable Whatever another plugin threw while the level was written; nothing is written then.
	 */
	private static function compare_and_set( \WC_Product $product, int $available, ?int $expected ): array {
		global $wpdb;
		// phpcs:disable WordPress.DB.DirectDatabaseQuery -- WooCommerce has no compare-and-set.
		$wpdb->query( 'START TRANSACTION' );
		try {
			$shown = $wpdb->get_var( $wpdb->prepare( "SELECT meta_value FROM {$wpdb->postmeta} WHERE post_id = %d AND meta_key = '_stock' ORDER BY meta_id LIMIT 1 FOR UPDATE", $product->get_id() ) );
			$stock = (int) $shown;
			if ( null !== $shown && $stock === $available ) {
				$outcome = 'already';
			} elseif ( null !== $expected && $stock !== $expected ) {
				$outcome = 'stale';
			} else {
				wc_update_product_stock( $product, $available, 'set' );
				$outcome = 'set';
				$stock   = $available;
			}
			$wpdb->query( 'COMMIT' );
		} catch ( \Throwable $error ) {
			$wpdb->query( 'ROLLBACK' );
			throw $error;
		}
		// phpcs:enable
		return array( $outcome, $stock );
	}
}
