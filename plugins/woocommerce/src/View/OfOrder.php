<?php
/**
 * From a WooCommerce order to the views: the one place that asks WooCommerce for what they need.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Orders\Policy;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\Settings;
use FulfilHub\WooCommerce\Sync\Shipments;

/**
 * Reads the order and what the plugin keeps of it; never calls FulfilHub.
 */
final class OfOrder {
	/**
	 * What the customer is shown; null where FulfilHub has nothing to do with the order.
	 *
	 * @param \WC_Order $order Order.
	 * @return array<string, mixed>|null
	 */
	public static function customer( \WC_Order $order ): ?array {
		$state = State::of( $order );
		$told  = Shipments::of( $order );
		if ( 'not_required' === Given::text( $state, 'status' ) || ( null === $state && ! $told && ! self::will_be_sent( $order ) ) ) {
			return null;
		}
		return CustomerOrder::view( $state, $told, self::items( $order ), self::placed_at( $order ), Dates::of_site() );
	}

	/**
	 * What the merchant is shown.
	 *
	 * @param \WC_Order                 $order Order.
	 * @param array<string, mixed>|null $panel The OrderPanel, where FulfilHub just gave it; otherwise what is kept.
	 * @return array<string, mixed>
	 */
	public static function merchant( \WC_Order $order, ?array $panel = null ): array {
		return MerchantOrder::view(
			null === $panel ? State::of( $order ) : $panel,
			self::intake( $order ),
			Shipments::of( $order ),
			self::items( $order ),
			Dates::of_site()
		);
	}

	/**
	 * The order's items with what was refunded of them and whether they are shipped.
	 *
	 * @param \WC_Order $order Order.
	 * @return array<int, array{id: int, name: string, quantity: int, refunded: int, ships: bool}>
	 */
	public static function items( \WC_Order $order ): array {
		$items = array();
		foreach ( $order->get_items() as $item_id => $item ) {
			if ( ! $item instanceof \WC_Order_Item_Product ) {
				continue;
			}
			$product = $item->get_product();
			$items[] = array(
				'id'       => (int) $item_id,
				'name'     => wp_strip_all_tags( $item->get_name() ),
				'quantity' => (int) $item->get_quantity(),
				'refunded' => $order->get_id() ? absint( $order->get_qty_refunded_for_item( $item_id ) ) : 0,
				'ships'    => ! $product || $product->needs_shipping(),
			);
		}
		return $items;
	}

	/**
	 * When the customer placed the order, RFC 3339; '' where that is not known.
	 *
	 * @param \WC_Order $order Order.
	 */
	public static function placed_at( \WC_Order $order ): string {
		$at = $order->get_date_created();
		return $at ? gmdate( 'Y-m-d\TH:i:s\Z', $at->getTimestamp() ) : '';
	}

	/**
	 * How the order stands in the plugin's queue.
	 *
	 * @param \WC_Order $order Order.
	 * @return array{intake: string, error: string, next_at: int, connected: bool}
	 */
	private static function intake( \WC_Order $order ): array {
		$row    = Table::row( $order->get_id() );
		$intake = null === $row ? ( Policy::has_goods( $order ) ? 'none' : 'skipped' ) : Given::text( $row, 'state' );
		return array(
			'intake'    => $intake,
			'error'     => Given::text( $row, 'error_detail' ),
			'next_at'   => (int) Given::text( $row, 'next_at' ),
			'connected' => Store::connected() && ! Store::is_copy(),
		);
	}

	/**
	 * Whether the order, of which FulfilHub has told nothing yet, is (about to be) there: an order from before the shop
	 * was connected is not spoken about.
	 *
	 * @param \WC_Order $order Order.
	 */
	private static function will_be_sent( \WC_Order $order ): bool {
		if ( ! Store::connected() || Store::is_copy() ) {
			return false;
		}
		if ( null !== Table::row( $order->get_id() ) ) {
			return true;
		}
		$placed = $order->get_date_created();
		if ( ! $placed || $placed->getTimestamp() < (int) Store::get( 'connected_at' ) ) {
			return false;
		}
		return Policy::begins( $order, (array) Settings::get( 'send_statuses' ) );
	}
}
