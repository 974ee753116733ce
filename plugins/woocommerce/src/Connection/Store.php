<?php
/**
 * The connection that this site keeps.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

/**
 * Reading and writing of the option `fulfilhub_connection`. It holds secrets, so it is never autoloaded and never shown.
 */
final class Store {
	const OPTION = 'fulfilhub_connection';

	/**
	 * Everything kept; empty where the site was never connected.
	 *
	 * @return array<string, mixed>
	 */
	public static function all(): array {
		$kept = get_option( self::OPTION, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * One value as text; '' where it is not kept.
	 *
	 * @param string $name address, store_id, store_name, webhook_url, webhook_secret, api_key, user_id, key_id,
	 *                     connected_at, ended_by, ended_at, tracking_page, mode, organisation.
	 */
	public static function get( string $name ): string {
		$all = self::all();
		return isset( $all[ $name ] ) && is_scalar( $all[ $name ] ) ? (string) $all[ $name ] : '';
	}

	/**
	 * Whether the site is connected now.
	 */
	public static function connected(): bool {
		$all = self::all();
		return ! empty( $all['api_key'] ) && ! empty( $all['store_id'] ) && ! empty( $all['address'] );
	}

	/**
	 * Whether the site is connected or was: what changes on orders that FulfilHub knows is kept for the next connection.
	 */
	public static function was_connected(): bool {
		return self::connected() || '' !== self::get( 'last_store' );
	}

	/**
	 * Whether new orders are queued: while the site is connected, and for a week after FulfilHub ended the connection.
	 * Whoever disconnects themselves and comes back much later would be surprised by a year of orders.
	 */
	public static function takes_new(): bool {
		return self::connected() || ( 'fulfilhub' === self::get( 'ended_by' ) && (int) self::get( 'ended_at' ) > time() - WEEK_IN_SECONDS );
	}

	/**
	 * Changes single values; the rest stays.
	 *
	 * @param array<string, mixed> $values Values by name.
	 */
	public static function change( array $values ): void {
		update_option( self::OPTION, array_merge( self::all(), $values ), false );
	}

	/**
	 * Puts a whole new connection in place of the old one.
	 *
	 * @param array<string, mixed> $values Values by name.
	 */
	public static function put( array $values ): void {
		update_option( self::OPTION, $values, false );
	}

	/**
	 * Where FulfilHub is: what the merchant connected to, or the default of this site.
	 */
	public static function address(): string {
		$kept = self::get( 'address' );
		return '' === $kept ? self::default_address() : $kept;
	}

	/**
	 * The address that the form begins with: the constant FULFILHUB_ADDRESS, changed by the filter `fulfilhub_address`.
	 */
	public static function default_address(): string {
		$address = defined( 'FULFILHUB_ADDRESS' ) ? (string) constant( 'FULFILHUB_ADDRESS' ) : '';
		/**
		 * The address of FulfilHub that the connection form begins with.
		 *
		 * @param string $address Address without a path, e.g. https://api.fulfilhub.example.
		 */
		return untrailingslashit( (string) apply_filters( 'fulfilhub_address', $address ) );
	}

	/**
	 * Whether this site is a copy of the one that was connected (a staging site with the same database): a copy sends
	 * nothing and asks its merchant what it is. A shop that goes from http to https is no copy.
	 */
	public static function is_copy(): bool {
		$kept = self::get( 'base_url' );
		return '' !== $kept && self::place( $kept ) !== self::place( self::home() );
	}

	/**
	 * The address of the shop as its database has it; filters of `home_url` change it by language.
	 */
	public static function home(): string {
		return untrailingslashit( (string) get_option( 'home' ) );
	}

	/**
	 * Ends the connection on this side: secrets, REST keys and webhooks are gone; the address stays in the form.
	 *
	 * @param string $by merchant or fulfilhub.
	 */
	public static function end( string $by ): void {
		Rotation::forget_all();
		Webhooks::remove();
		$kept = self::all();
		self::put(
			array(
				'address'    => isset( $kept['address'] ) ? $kept['address'] : '',
				'store_name' => isset( $kept['store_name'] ) ? $kept['store_name'] : '',
				'last_store' => isset( $kept['store_id'] ) ? $kept['store_id'] : ( isset( $kept['last_store'] ) ? $kept['last_store'] : '' ),
				'ended_by'   => $by,
				'ended_at'   => time(),
			)
		);
		delete_option( Checks::OPTION );
		Watch::stop();
	}

	/**
	 * Host, port and folder of an address.
	 *
	 * @param string $url Address.
	 */
	private static function place( string $url ): string {
		$parts = (array) wp_parse_url( $url );
		$host  = strtolower( ( isset( $parts['host'] ) ? $parts['host'] : '' ) . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' ) );
		return $host . ( isset( $parts['path'] ) ? rtrim( $parts['path'], '/' ) : '' );
	}
}
