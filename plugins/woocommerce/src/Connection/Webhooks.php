<?php
/**
 * WooCommerce's own webhooks, as a second way in.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Orders\Policy;
use FulfilHub\WooCommerce\Queue\Collector;
use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\Settings;

/**
 * Made when the shop is connected, and kept alive: WooCommerce switches a webhook off after five failed deliveries.
 */
final class Webhooks {
	const TOPICS = array( 'order.created', 'order.updated', 'order.deleted' );

	/**
	 * Whether FulfilHub knows orders that this request touched, by order id.
	 *
	 * @var array<int, bool>
	 */
	private static $known = array();

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'woocommerce_webhook_should_deliver', array( self::class, 'should_deliver' ), 20, 3 );
	}

	/**
	 * Makes the webhooks of a new connection, in place of those of an older one.
	 */
	public static function make(): void {
		self::remove();
		$ids = array();
		foreach ( self::TOPICS as $topic ) {
			$ids[ $topic ] = self::make_one( $topic );
		}
		Store::change( array( 'webhooks' => $ids ) );
	}

	/**
	 * Signs with another secret from now on.
	 */
	public static function use_new_secret(): void {
		foreach ( self::ids() as $id ) {
			$webhook = self::find( $id );
			if ( $webhook ) {
				$webhook->set_secret( Store::get( 'webhook_secret' ) );
				$webhook->save();
			}
		}
	}

	/**
	 * Removes the webhooks.
	 */
	public static function remove(): void {
		foreach ( self::ids() as $id ) {
			$webhook = self::find( $id );
			if ( $webhook ) {
				$webhook->delete( true );
			}
		}
	}

	/**
	 * Brings back what was switched off, changed or deleted.
	 *
	 * @return array<string, string> What was wrong (disabled, missing, changed) by topic.
	 */
	public static function revive(): array {
		$ids   = self::ids();
		$found = array();
		foreach ( self::TOPICS as $topic ) {
			$webhook = self::find( isset( $ids[ $topic ] ) ? $ids[ $topic ] : 0 );
			if ( ! $webhook || $webhook->get_topic() !== $topic ) {
				$ids[ $topic ]   = self::make_one( $topic );
				$found[ $topic ] = 'missing';
			} elseif ( 'active' !== $webhook->get_status() ) {
				$webhook->set_status( 'active' );
				$webhook->set_failure_count( 0 );
				$webhook->save();
				$found[ $topic ] = 'disabled';
			} elseif ( $webhook->get_delivery_url() !== Store::get( 'webhook_url' ) || $webhook->get_secret() !== Store::get( 'webhook_secret' ) ) {
				self::fill( $webhook, $topic );
				$webhook->save();
				$found[ $topic ] = 'changed';
			}
		}
		if ( $found ) {
			Store::change( array( 'webhooks' => $ids ) );
		}
		return $found;
	}

	/**
	 * Lets our webhooks tell what the queue would tell, and nothing that came from FulfilHub.
	 *
	 * @param mixed $should  Whether it is delivered.
	 * @param mixed $webhook Webhook.
	 * @param mixed $arg     First argument of the hook: an order id.
	 * @return mixed
	 */
	public static function should_deliver( $should, $webhook, $arg ) {
		if ( ! $should || ! $webhook instanceof \WC_Webhook || ! in_array( $webhook->get_id(), self::ids(), true ) ) {
			return $should;
		}
		if ( Collector::is_quiet() || ! Store::connected() || Store::is_copy() ) {
			return false;
		}
		$order_id = is_scalar( $arg ) ? (int) $arg : 0;
		$order    = wc_get_order( $order_id );
		if ( $order instanceof \WC_Order && Policy::begins( $order, (array) Settings::get( 'send_statuses' ) ) ) {
			return true;
		}
		// WooCommerce asks at each of the many saves of a checkout.
		if ( ! isset( self::$known[ $order_id ] ) ) {
			self::$known[ $order_id ] = isset( Table::known( array( $order_id ) )[ $order_id ] );
		}
		return self::$known[ $order_id ];
	}

	/**
	 * Ids by topic.
	 *
	 * @return array<string, int>
	 */
	public static function ids(): array {
		$all = Store::all();
		return isset( $all['webhooks'] ) && is_array( $all['webhooks'] ) ? array_map( 'intval', $all['webhooks'] ) : array();
	}

	/**
	 * A webhook, or null.
	 *
	 * @param int $id Id.
	 */
	public static function find( int $id ): ?\WC_Webhook {
		if ( $id <= 0 ) {
			return null;
		}
		try {
			$webhook = wc_get_webhook( $id );
		} catch ( \Throwable $error ) {
			return null;
		}
		return $webhook instanceof \WC_Webhook && $webhook->get_id() ? $webhook : null;
	}

	/**
	 * Makes one.
	 *
	 * @param string $topic Topic.
	 */
	private static function make_one( string $topic ): int {
		$webhook = new \WC_Webhook();
		self::fill( $webhook, $topic );
		return (int) $webhook->save();
	}

	/**
	 * Gives a webhook what it needs.
	 *
	 * @param \WC_Webhook $webhook Webhook.
	 * @param string      $topic   Topic.
	 */
	private static function fill( \WC_Webhook $webhook, string $topic ): void {
		$webhook->set_name( 'FulfilHub ' . $topic );
		$webhook->set_user_id( (int) Store::get( 'user_id' ) );
		$webhook->set_topic( $topic );
		$webhook->set_secret( Store::get( 'webhook_secret' ) );
		$webhook->set_delivery_url( Store::get( 'webhook_url' ) );
		$webhook->set_api_version( 'wp_api_v3' );
		$webhook->set_status( 'active' );
	}
}
