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
}
