<?php
/**
 * Notices what happens to orders.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Orders\Policy;
use FulfilHub\WooCommerce\Settings;

/**
 * Collects changed orders in memory during a request and writes them once at its end: two short statements, and no call
 * to FulfilHub, so that no customer waits for it.
 */
final class Collector {
	/**
	 * How many `quietly` are running.
	 *
	 * @var int
	 */
	private static $quiet = 0;

	/**
	 * Topic by order id.
	 *
	 * @var array<int, string>
	 */
	private static $changed = array();

	/**
	 * Whether the shutdown hook is set.
	 *
	 * @var bool
	 */
	private static $hooked = false;

	/**
	 * Runs something whose changes to orders came from FulfilHub: they are not sent back to it, neither by the queue nor
	 * by WooCommerce's webhooks.
	 *
	 * @param callable $work What to run.
	 * @return mixed What it returned.
	 */
	public static function quietly( callable $work ) {
		++self::$quiet;
		try {
			return $work();
		} finally {
			--self::$quiet;
		}
	}

	/**
	 * Whether changes are FulfilHub's own just now.
	 */
	public static function is_quiet(): bool {
		return self::$quiet > 0;
	}

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'woocommerce_new_order', array( self::class, 'created' ), 20 );
		foreach ( array( 'woocommerce_update_order', 'woocommerce_order_status_changed', 'woocommerce_order_refunded', 'woocommerce_saved_order_items', 'woocommerce_untrash_order' ) as $hook ) {
			add_action( $hook, array( self::class, 'updated' ), 20 );
		}
		add_action( 'woocommerce_refund_deleted', array( self::class, 'refund_deleted' ), 20, 2 );
		foreach ( array( 'woocommerce_trash_order', 'woocommerce_before_delete_order', 'woocommerce_delete_order' ) as $hook ) {
			add_action( $hook, array( self::class, 'deleted' ), 20 );
		}
		// Orders that are posts (without HPOS) are trashed and deleted by WordPress itself as well.
		add_action( 'trashed_post', array( self::class, 'post_deleted' ), 20 );
		add_action( 'before_delete_post', array( self::class, 'post_deleted' ), 20 );
		add_action( 'untrashed_post', array( self::class, 'post_restored' ), 20 );
	}

	/**
	 * An order is new.
	 *
	 * @param mixed $order_id Order id.
	 */
	public static function created( $order_id ): void {
		self::note( (int) $order_id, 'order.created' );
	}

	/**
	 * An order is not what it was.
	 *
	 * @param mixed $order_id Order id.
	 */
	public static function updated( $order_id ): void {
		self::note( (int) $order_id, 'order.updated' );
	}

	/**
	 * A refund is no more.
	 *
	 * @param mixed $refund_id Refund id.
	 * @param mixed $order_id  Order id.
	 */
	public static function refund_deleted( $refund_id, $order_id ): void {
		unset( $refund_id );
		self::note( (int) $order_id, 'order.updated' );
	}

	/**
	 * An order is in the trash, or gone.
	 *
	 * @param mixed $order_id Order id.
	 */
	public static function deleted( $order_id ): void {
		self::note( (int) $order_id, 'order.deleted' );
	}

	/**
	 * A post is in the trash, or gone.
	 *
	 * @param mixed $post_id Post id.
	 */
	public static function post_deleted( $post_id ): void {
		if ( 'shop_order' === get_post_type( (int) $post_id ) ) {
			self::note( (int) $post_id, 'order.deleted' );
		}
	}

	/**
	 * A post is out of the trash.
	 *
	 * @param mixed $post_id Post id.
	 */
	public static function post_restored( $post_id ): void {
		if ( 'shop_order' === get_post_type( (int) $post_id ) ) {
			self::note( (int) $post_id, 'order.updated' );
		}
	}

	/**
	 * Sends an order again, whatever its status.
	 *
	 * @param int $order_id Order id.
	 * @return bool False where there is no such order, and never was.
	 */
	public static function resend( int $order_id ): bool {
		$order = wc_get_order( $order_id );
		if ( ! $order instanceof \WC_Order && ! isset( Table::known( array( $order_id ) )[ $order_id ] ) ) {
			return false;
		}
		Table::put( array( $order_id => $order && 'trash' !== $order->get_status() ? 'order.updated' : 'order.deleted' ), time() );
		Drain::soon();
		return true;
	}

	/**
	 * Remembers an order until the end of the request.
	 *
	 * @param int    $order_id Order id.
	 * @param string $topic    Topic.
	 */
	private static function note( int $order_id, string $topic ): void {
		if ( self::$quiet > 0 || $order_id <= 0 ) {
			return;
		}
		// What becomes of it is read at the end; only that it is new cannot be seen then.
		if ( 'order.created' === $topic || ! isset( self::$changed[ $order_id ] ) ) {
			self::$changed[ $order_id ] = $topic;
		}
		if ( ! self::$hooked ) {
			self::$hooked = true;
			add_action( 'shutdown', array( self::class, 'write' ), 5 );
		}
		// A long run (an import, a command) does not keep thousands of orders in memory.
		if ( count( self::$changed ) >= 500 ) {
			self::write();
		}
	}

	/**
	 * Writes what was collected.
	 */
	public static function write(): void {
		$changed       = self::$changed;
		self::$changed = array();
		if ( ! $changed || ! Store::was_connected() ) {
			return;
		}
		try {
			$new    = Store::takes_new();
			$known  = Table::known( array_keys( $changed ) );
			$topics = array();
			foreach ( $changed as $order_id => $topic ) {
				$topic = self::topic( $order_id, $topic, isset( $known[ $order_id ] ) );
				if ( null !== $topic && ( $new || isset( $known[ $order_id ] ) ) ) {
					$topics[ $order_id ] = $topic;
				}
			}
			if ( $topics ) {
				Table::put( $topics, time() );
				Drain::soon();
			}
		} catch ( \Throwable $error ) {
			// The hourly sweep of FulfilHub finds an order that could not be written here; the customer's request goes on.
			wc_get_logger()->error( 'An order could not be queued: ' . $error->getMessage(), array( 'source' => 'fulfilhub' ) );
		}
	}

	/**
	 * What FulfilHub is to be told of an order; null for nothing.
	 *
	 * @param int    $order_id Order id.
	 * @param string $topic    What was noticed.
	 * @param bool   $known    Whether it was sent (or queued) before.
	 */
	private static function topic( int $order_id, string $topic, bool $known ): ?string {
		$order = wc_get_order( $order_id );
		if ( ! $order || 'trash' === $order->get_status() ) {
			return $known ? 'order.deleted' : null;
		}
		if ( ! Policy::is_order( $order ) ) {
			return null;
		}
		if ( $known ) {
			return 'order.created' === $topic ? 'order.created' : 'order.updated';
		}
		return Policy::begins( $order, (array) Settings::get( 'send_statuses' ) ) ? 'order.created' : null;
	}
}
