<?php
/**
 * The REST keys with which FulfilHub calls this shop.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

/**
 * WooCommerce has no function that makes REST keys, only its own screen and its /wc-auth/ flow. That flow calls the other
 * side from WooCommerce and needs a page of its own; this does the same write as WC_Auth::create_keys(), for the
 * administrator who connects the shop: their own rights, never more.
 */
final class Keys {
	/**
	 * Makes a pair of keys that may read and write.
	 *
	 * @param int $user_id User who connects the shop.
	 * @return array{key_id: int, consumer_key: string, consumer_secret: string}|null Null where it could not be written.
	 */
	public static function make( int $user_id ): ?array {
		global $wpdb;
		$key    = 'ck_' . wc_rand_hash();
		$secret = 'cs_' . wc_rand_hash();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- See the class.
		$done = $wpdb->insert(
			$wpdb->prefix . 'woocommerce_api_keys',
			array(
				'user_id'         => $user_id,
				'description'     => sprintf( 'FulfilHub - API (%s)', gmdate( 'Y-m-d H:i:s' ) ),
				'permissions'     => 'read_write',
				'consumer_key'    => wc_api_hash( $key ),
				'consumer_secret' => $secret,
				'truncated_key'   => substr( $key, -7 ),
			),
			array( '%d', '%s', '%s', '%s', '%s', '%s' )
		);
		if ( ! $done ) {
			return null;
		}
		return array(
			'key_id'          => (int) $wpdb->insert_id,
			'consumer_key'    => $key,
			'consumer_secret' => $secret,
		);
	}

	/**
	 * What to say where they could not be written.
	 */
	public static function not_written(): \WP_Error {
		return new \WP_Error( 'no_keys', __( 'WooCommerce\'s table of REST keys could not be written. Run WooCommerce > Status > Tools > Verify base database tables, then try again.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Removes a pair of keys.
	 *
	 * @param int $key_id Its id; 0 for none.
	 */
	public static function revoke( int $key_id ): void {
		global $wpdb;
		if ( $key_id > 0 ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- See the class.
			$wpdb->delete( $wpdb->prefix . 'woocommerce_api_keys', array( 'key_id' => $key_id ), array( '%d' ) );
		}
	}

	/**
	 * Whether a pair of keys is there and its user may still manage the shop.
	 *
	 * @param int $key_id Its id.
	 * @return string '' where all is well, or what is wrong: missing, read_only, no_rights.
	 */
	public static function fault( int $key_id ): string {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- See the class.
		$row = $wpdb->get_row( $wpdb->prepare( "SELECT user_id, permissions FROM {$wpdb->prefix}woocommerce_api_keys WHERE key_id = %d", $key_id ) );
		if ( ! $row ) {
			return 'missing';
		}
		if ( 'read_write' !== $row->permissions ) {
			return 'read_only';
		}
		return user_can( (int) $row->user_id, 'manage_woocommerce' ) ? '' : 'no_rights';
	}
}
