<?php
/**
 * The table of orders to send.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

/**
 * One row for each order that ever went (or is to go) to FulfilHub: a row that waits absorbs every later edit, and the
 * order is read when it is sent, so no order is there twice and what is sent is never old.
 */
final class Table {
	const WAITING = 'waiting';
	const SENT    = 'sent';
	const FAILED  = 'failed';

	/**
	 * The table's name on this site.
	 */
	public static function name(): string {
		global $wpdb;
		return $wpdb->prefix . 'fulfilhub_queue';
	}

	/**
	 * Makes the table, or brings it up to date.
	 */
	public static function make(): void {
		global $wpdb;
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$table   = self::name();
		$collate = $wpdb->get_charset_collate();
		// Times are Unix times. `edition` counts the changes of an order: what comes back for an older one is not the end of it.
		dbDelta(
			"CREATE TABLE {$table} (
			id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
			order_id bigint(20) unsigned NOT NULL,
			topic varchar(20) NOT NULL,
			state varchar(10) NOT NULL,
			edition int(10) unsigned NOT NULL DEFAULT 1,
			tries smallint(5) unsigned NOT NULL DEFAULT 0,
			occurred_at bigint(20) unsigned NOT NULL,
			first_try_at bigint(20) unsigned NOT NULL DEFAULT 0,
			next_at bigint(20) unsigned NOT NULL DEFAULT 0,
			sent_at bigint(20) unsigned NOT NULL DEFAULT 0,
			claim varchar(32) NOT NULL DEFAULT '',
			claimed_until bigint(20) unsigned NOT NULL DEFAULT 0,
			error_code varchar(64) NOT NULL DEFAULT '',
			error_detail text NULL,
			PRIMARY KEY  (id),
			UNIQUE KEY order_id (order_id),
			KEY due (state, next_at),
			KEY claim (claim)
			) {$collate};"
		);
	}

	/**
	 * Removes the table.
	 */
	public static function drop(): void {
		global $wpdb;
		$table = self::name();
		$wpdb->query( "DROP TABLE IF EXISTS {$table}" ); // phpcs:ignore WordPress.DB -- The name is our own.
	}

	/**
	 * Writes that orders are to be sent: one statement for all of them. A row that is there already begins anew.
	 *
	 * @param array<int, string> $topics Topic by order id.
	 * @param int                $now    Unix time.
	 * @throws \RuntimeException Where the database does not take them.
	 */
	public static function put( array $topics, int $now ): void {
		global $wpdb;
		if ( ! $topics ) {
			return;
		}
		ksort( $topics );
		$table = self::name();
		foreach ( array_chunk( $topics, 200, true ) as $chunk ) {
			$rows   = array();
			$values = array();
			foreach ( $chunk as $order_id => $topic ) {
				$rows[] = "(%d, %s, 'waiting', %d, %d)";
				array_push( $values, $order_id, $topic, $now, $now );
			}
			$sql = "INSERT INTO {$table} (order_id, topic, state, occurred_at, next_at) VALUES " . implode( ', ', $rows ) . "
				ON DUPLICATE KEY UPDATE
				topic = IF(VALUES(topic) = 'order.updated' AND topic = 'order.created' AND sent_at = 0, topic, VALUES(topic)),
				state = 'waiting', edition = edition + 1, tries = 0, first_try_at = 0, occurred_at = VALUES(occurred_at),
				next_at = VALUES(next_at), error_code = '', error_detail = NULL";
			// phpcs:disable WordPress.DB -- A table of our own; every value goes through prepare.
			if ( false === $wpdb->query( $wpdb->prepare( $sql, $values ) ) ) {
				// The table is gone (a backup that left it out): it is made again, before anything is lost.
				self::make();
				if ( false === $wpdb->query( $wpdb->prepare( $sql, $values ) ) ) {
					throw new \RuntimeException( (string) $wpdb->last_error ); // phpcs:ignore WordPress.Security.EscapeOutput.ExceptionNotEscaped -- It goes into the log.
				}
			}
			// phpcs:enable
		}
	}

	/**
	 * Which of some orders have a row.
	 *
	 * @param array<int, int> $order_ids Order ids.
	 * @return array<int, bool> True by order id.
	 */
	public static function known( array $order_ids ): array {
		global $wpdb;
		if ( ! $order_ids ) {
			return array();
		}
		$table = self::name();
		$marks = implode( ', ', array_fill( 0, count( $order_ids ), '%d' ) );
		// phpcs:ignore WordPress.DB -- A table of our own; every value goes through prepare.
		$found = $wpdb->get_col( $wpdb->prepare( "SELECT order_id FROM {$table} WHERE order_id IN ({$marks})", array_values( $order_ids ) ) );
		return array_fill_keys( array_map( 'intval', $found ), true );
	}

	/**
	 * The row of one order, or null.
	 *
	 * @param int $order_id Order id.
	 * @return array<string, mixed>|null
	 */
	public static function row( int $order_id ): ?array {
		global $wpdb;
		$table = self::name();
		// phpcs:ignore WordPress.DB -- A table of our own.
		$row = $wpdb->get_row( $wpdb->prepare( "SELECT * FROM {$table} WHERE order_id = %d", $order_id ), ARRAY_A );
		return $row ? $row : null;
	}

	/**
	 * Takes rows that are due, for one runner.
	 *
	 * @param string $claim Name of the runner, unique.
	 * @param int    $now   Unix time.
	 * @param int    $lease Seconds after which somebody else may take them.
	 * @param int    $limit How many at most.
	 * @return array<int, array<string, mixed>>
	 */
	public static function claim( string $claim, int $now, int $lease, int $limit ): array {
		global $wpdb;
		$table = self::name();
		// phpcs:disable WordPress.DB -- A table of our own; every value goes through prepare.
		$wpdb->query(
			$wpdb->prepare(
				"UPDATE {$table} SET claim = %s, claimed_until = %d WHERE state = 'waiting' AND next_at <= %d AND claimed_until < %d ORDER BY next_at, id LIMIT %d",
				$claim,
				$now + $lease,
				$now,
				$now,
				$limit
			)
		);
		$rows = $wpdb->get_results( $wpdb->prepare( "SELECT * FROM {$table} WHERE claim = %s ORDER BY next_at, id", $claim ), ARRAY_A );
		// phpcs:enable
		return is_array( $rows ) ? $rows : array();
	}

	/**
	 * Writes the end of a sending. Where the order was changed meanwhile, its row goes on waiting.
	 *
	 * @param array<string, mixed> $row     Row as it was claimed.
	 * @param array<string, mixed> $changes Columns to write.
	 */
	public static function finish( array $row, array $changes ): void {
		global $wpdb;
		$changes = array_merge(
			$changes,
			array(
				'claim'         => '',
				'claimed_until' => 0,
			)
		);
		// phpcs:disable WordPress.DB -- A table of our own.
		$done = $wpdb->update(
			self::name(),
			$changes,
			array(
				'id'      => $row['id'],
				'edition' => $row['edition'],
				'claim'   => $row['claim'],
			)
		);
		if ( ! $done ) {
			$wpdb->update(
				self::name(),
				array_filter(
					array(
						'claim'         => '',
						'claimed_until' => 0,
						'sent_at'       => isset( $changes['sent_at'] ) ? $changes['sent_at'] : null,
					),
					static function ( $value ) {
						return null !== $value;
					}
				),
				array(
					'id'    => $row['id'],
					'claim' => $row['claim'],
				)
			);
		}
		// phpcs:enable
	}

	/**
	 * When the next waiting row is due; null where none waits.
	 */
	public static function next_due(): ?int {
		global $wpdb;
		$table = self::name();
		// phpcs:ignore WordPress.DB -- A table of our own.
		$next = $wpdb->get_var( "SELECT MIN(GREATEST(next_at, claimed_until)) FROM {$table} WHERE state = 'waiting'" );
		return null === $next ? null : (int) $next;
	}

	/**
	 * How many rows are in each state, and since when the oldest waits.
	 *
	 * @return array{waiting: int, sent: int, failed: int, oldest: int, trying: int}
	 */
	public static function counts(): array {
		global $wpdb;
		$table  = self::name();
		$counts = array(
			'waiting' => 0,
			'sent'    => 0,
			'failed'  => 0,
			'oldest'  => 0,
			'trying'  => 0,
		);
		// phpcs:disable WordPress.DB -- A table of our own. The first reads an index only, the second the few rows that wait.
		foreach ( (array) $wpdb->get_results( "SELECT state, COUNT(*) AS amount FROM {$table} GROUP BY state", ARRAY_A ) as $row ) {
			$counts[ $row['state'] ] = (int) $row['amount'];
		}
		if ( $counts['waiting'] > 0 ) {
			$waiting          = $wpdb->get_row( "SELECT MIN(occurred_at) AS oldest, SUM(tries > 0) AS trying FROM {$table} WHERE state = 'waiting'", ARRAY_A );
			$counts['oldest'] = (int) $waiting['oldest'];
			$counts['trying'] = (int) $waiting['trying'];
		}
		// phpcs:enable
		return $counts;
	}

	/**
	 * Sends everything again that was given up or refused.
	 *
	 * @param int $now Unix time.
	 * @return int How many.
	 */
	public static function resend_failed( int $now ): int {
		global $wpdb;
		$table = self::name();
		// phpcs:ignore WordPress.DB -- A table of our own.
		return (int) $wpdb->query( $wpdb->prepare( "UPDATE {$table} SET state = 'waiting', edition = edition + 1, tries = 0, first_try_at = 0, next_at = %d WHERE state = 'failed'", $now ) );
	}

	/**
	 * Makes everything due now that waits for its next try: what was in the way is gone.
	 *
	 * @param int $now Unix time.
	 */
	public static function hurry( int $now ): void {
		global $wpdb;
		$table = self::name();
		// phpcs:ignore WordPress.DB -- A table of our own.
		$wpdb->query( $wpdb->prepare( "UPDATE {$table} SET next_at = %d WHERE state = 'waiting' AND next_at > %d", $now, $now ) );
	}

	/**
	 * The orders that were sent last.
	 *
	 * @param int $since Unix time.
	 * @param int $limit How many at most.
	 * @return array<int, int> Order ids.
	 */
	public static function sent_since( int $since, int $limit ): array {
		global $wpdb;
		$table = self::name();
		// phpcs:ignore WordPress.DB -- A table of our own.
		return array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT order_id FROM {$table} WHERE state = 'sent' AND topic <> 'order.deleted' AND sent_at >= %d ORDER BY sent_at DESC LIMIT %d", $since, $limit ) ) );
	}

	/**
	 * Forgets orders that were deleted, once FulfilHub has known for a while.
	 *
	 * @param int $before Unix time.
	 */
	public static function forget_deleted( int $before ): void {
		global $wpdb;
		$table = self::name();
		// phpcs:ignore WordPress.DB -- A table of our own.
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$table} WHERE state = 'sent' AND topic = 'order.deleted' AND sent_at < %d LIMIT 1000", $before ) );
	}
}
