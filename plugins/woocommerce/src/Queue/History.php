<?php
/**
 * Sends the orders that were there before the plugin.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use Automattic\WooCommerce\Utilities\OrderUtil;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Install;
use FulfilHub\WooCommerce\Lock;
use FulfilHub\WooCommerce\Orders\Policy;
use FulfilHub\WooCommerce\Settings;

/**
 * Walks through all orders by their numbers, a few hundred at a time, and queues those that FulfilHub does not know. Where
 * it is is kept, so it goes on after a closed window, a restart or a pause.
 */
final class History {
	const OPTION = 'fulfilhub_history';
	const HOOK   = 'fulfilhub_history';
	const STEP   = 200;

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( self::HOOK, array( self::class, 'run' ) );
	}

	/**
	 * Where it is: state ('' never ran, running, cancelled, done), cursor, total, seen, queued, since, started_at.
	 *
	 * @return array<string, mixed>
	 */
	public static function progress(): array {
		$kept = get_option( self::OPTION, array() );
		return array_merge(
			array(
				'state'      => '',
				'cursor'     => 0,
				'total'      => 0,
				'seen'       => 0,
				'queued'     => 0,
				'since'      => '',
				'started_at' => 0,
			),
			is_array( $kept ) ? $kept : array()
		);
	}

	/**
	 * Begins anew.
	 *
	 * @param string $since First day of the orders to send as YYYY-MM-DD; '' for all.
	 * @return array<string, mixed> The progress.
	 */
	public static function start( string $since ): array {
		$since = preg_match( '/^\d{4}-\d{2}-\d{2}$/', $since ) ? $since : '';
		return self::keep(
			array(
				'state'      => 'running',
				'cursor'     => 0,
				'total'      => self::count( $since ),
				'seen'       => 0,
				'queued'     => 0,
				'since'      => $since,
				'started_at' => time(),
			)
		);
	}

	/**
	 * Stops, in such a way that it can go on.
	 *
	 * @return array<string, mixed> The progress.
	 */
	public static function cancel(): array {
		$progress = self::progress();
		return 'running' === $progress['state'] ? self::keep( array( 'state' => 'cancelled' ) ) : $progress;
	}

	/**
	 * Goes on where it was stopped.
	 *
	 * @return array<string, mixed> The progress.
	 */
	public static function resume(): array {
		$progress = self::progress();
		return 'cancelled' === $progress['state'] ? self::keep( array( 'state' => 'running' ) ) : $progress;
	}

	/**
	 * Works for a while; called by Action Scheduler.
	 */
	public static function run(): void {
		$until = microtime( true ) + 15;
		do {
			$progress = self::step();
		} while ( 'running' === $progress['state'] && microtime( true ) < $until );
		if ( 'running' === $progress['state'] ) {
			self::plan();
		}
	}

	/**
	 * One step.
	 *
	 * @return array<string, mixed> The progress.
	 */
	public static function step(): array {
		$progress = self::progress();
		if ( 'running' !== $progress['state'] || ! Store::connected() ) {
			return $progress;
		}
		$token = Lock::take( 'history', 120 );
		if ( '' === $token ) {
			return $progress;
		}
		try {
			$progress = self::progress();
			$ids      = self::ids( (int) $progress['cursor'], (string) $progress['since'] );
			$known    = Table::known( $ids );
			$topics   = array();
			$statuses = (array) Settings::get( 'send_statuses' );
			foreach ( $ids as $order_id ) {
				$order = isset( $known[ $order_id ] ) ? null : wc_get_order( $order_id );
				if ( $order instanceof \WC_Order && Policy::begins( $order, $statuses ) ) {
					$topics[ $order_id ] = 'order.created';
				}
			}
			Table::put( $topics, time() );
			if ( $topics ) {
				Drain::soon();
			}
			// Somebody may have stopped it meanwhile: only the counts are ours.
			$now   = self::progress();
			$state = count( $ids ) < self::STEP ? 'done' : $now['state'];
			return self::keep(
				array(
					'state'  => $state,
					'cursor' => $ids ? (int) max( $ids ) : (int) $progress['cursor'],
					'seen'   => (int) $progress['seen'] + count( $ids ),
					'queued' => (int) $progress['queued'] + count( $topics ),
				),
				false
			);
		} finally {
			Lock::release( 'history', $token );
		}
	}

	/**
	 * Numbers of the next orders that may be sent.
	 *
	 * @param int    $after Order id.
	 * @param string $since First day or ''.
	 * @return array<int, int>
	 */
	private static function ids( int $after, string $since ): array {
		global $wpdb;
		list( $sql, $values ) = self::query( $since );
		$sql                 .= ' AND %i > %d ORDER BY %i LIMIT %d';
		$id                   = self::column( 'id' );
		array_push( $values, $id, $after, $id, self::STEP );
		// phpcs:ignore WordPress.DB -- WooCommerce has no query "orders after this number" that works in both storages.
		return array_map( 'intval', $wpdb->get_col( $wpdb->prepare( 'SELECT ' . $id . ' ' . $sql, $values ) ) );
	}

	/**
	 * How many orders may be sent.
	 *
	 * @param string $since First day or ''.
	 */
	private static function count( string $since ): int {
		global $wpdb;
		list( $sql, $values ) = self::query( $since );
		// phpcs:ignore WordPress.DB -- See above.
		return (int) $wpdb->get_var( $wpdb->prepare( 'SELECT COUNT(*) ' . $sql, $values ) );
	}

	/**
	 * FROM and WHERE with its values.
	 *
	 * @param string $since First day or ''.
	 * @return array{0: string, 1: array<int, mixed>}
	 */
	private static function query( string $since ): array {
		$statuses = array_map(
			static function ( $status ) {
				return 'wc-' . $status;
			},
			array_values( (array) Settings::get( 'send_statuses' ) )
		);
		$statuses = $statuses ? $statuses : array( '' );
		$sql      = 'FROM %i WHERE %i = %s AND %i IN (' . implode( ', ', array_fill( 0, count( $statuses ), '%s' ) ) . ')';
		$values   = array_merge( array( self::column( 'table' ), self::column( 'type' ), 'shop_order', self::column( 'status' ) ), $statuses );
		if ( '' !== $since ) {
			$sql .= ' AND %i >= %s';
			array_push( $values, self::column( 'date' ), get_gmt_from_date( $since . ' 00:00:00' ) );
		}
		return array( $sql, $values );
	}

	/**
	 * Names in the storage that this shop uses.
	 *
	 * @param string $what table, id, type, status or date.
	 */
	private static function column( string $what ): string {
		global $wpdb;
		if ( OrderUtil::custom_orders_table_usage_is_enabled() ) {
			$names = array(
				'table'  => $wpdb->prefix . 'wc_orders',
				'id'     => 'id',
				'type'   => 'type',
				'status' => 'status',
				'date'   => 'date_created_gmt',
			);
		} else {
			$names = array(
				'table'  => $wpdb->posts,
				'id'     => 'ID',
				'type'   => 'post_type',
				'status' => 'post_status',
				'date'   => 'post_date_gmt',
			);
		}
		return $names[ $what ];
	}

	/**
	 * Keeps the progress and lets it go on in the background.
	 *
	 * @param array<string, mixed> $values Values.
	 * @param bool                 $plan   Whether to plan the next step.
	 * @return array<string, mixed>
	 */
	private static function keep( array $values, bool $plan = true ): array {
		$progress = array_merge( self::progress(), $values );
		update_option( self::OPTION, $progress, false );
		if ( $plan && 'running' === $progress['state'] ) {
			self::plan();
		}
		return $progress;
	}

	/**
	 * Plans the next run, unless one waits.
	 */
	private static function plan(): void {
		$waiting = as_get_scheduled_actions(
			array(
				'hook'     => self::HOOK,
				'group'    => Install::GROUP,
				'status'   => \ActionScheduler_Store::STATUS_PENDING,
				'per_page' => 1,
			),
			'ids'
		);
		if ( ! $waiting ) {
			as_enqueue_async_action( self::HOOK, array(), Install::GROUP );
		}
	}
}
