<?php
/**
 * Locks between requests.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

/**
 * A lock with a lease, as a row of the options table: one atomic INSERT IGNORE, as WordPress's own upgrader does it.
 * (GET_LOCK would be simpler, but database clusters and proxies do not keep it.)
 */
final class Lock {
	const PREFIX = 'fulfilhub_lock_';

	/**
	 * Takes a lock.
	 *
	 * @param string $name  Name of the lock.
	 * @param int    $lease Seconds after which somebody else may take it over.
	 * @param float  $wait  Seconds to wait for it.
	 * @return string The token that releases it; '' where somebody else holds it.
	 */
	public static function take( string $name, int $lease, float $wait = 0.0 ): string {
		global $wpdb;
		$token = wp_generate_password( 16, false );
		$until = microtime( true ) + $wait;
		do {
			$value = sprintf( '%d|%s', time() + $lease, $token );
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- The options API caches, and has no insert that fails.
			if ( $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')", self::PREFIX . $name, $value ) ) ) {
				return $token;
			}
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- See above.
			$taken = $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND CAST(SUBSTRING_INDEX(option_value, '|', 1) AS UNSIGNED) < %d", $value, self::PREFIX . $name, time() ) );
			if ( $taken ) {
				return $token;
			}
			if ( microtime( true ) < $until ) {
				usleep( 50000 );
			}
		} while ( microtime( true ) < $until );
		return '';
	}

	/**
	 * Makes a lease longer.
	 *
	 * @param string $name  Name of the lock.
	 * @param string $token What `take` gave.
	 * @param int    $lease Seconds from now.
	 * @return bool False where somebody else has taken it over meanwhile.
	 */
	public static function renew( string $name, string $token, int $lease ): bool {
		global $wpdb;
		$value = sprintf( '%d|%s', time() + $lease, $token );
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- The options API caches.
		$wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value LIKE %s", $value, self::PREFIX . $name, '%|' . $wpdb->esc_like( $token ) ) );
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- See above.
		return $value === $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", self::PREFIX . $name ) );
	}

	/**
	 * Gives a lock back; nothing where it is somebody else's by now.
	 *
	 * @param string $name  Name of the lock.
	 * @param string $token What `take` gave.
	 */
	public static function release( string $name, string $token ): void {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- The options API caches.
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value LIKE %s", self::PREFIX . $name, '%|' . $wpdb->esc_like( $token ) ) );
	}
}
