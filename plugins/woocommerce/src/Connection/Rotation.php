<?php
/**
 * Changes every key of the connection.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Install;
use FulfilHub\WooCommerce\Lock;

/**
 * Webhook secret, store key and REST keys are exchanged in one call. New REST keys are kept until FulfilHub is known to
 * have them, and brought again where no answer came; the old ones live on for a while, for calls that are under way.
 */
final class Rotation {
	const HOOK = 'fulfilhub_rotate';

	/**
	 * Seconds for which the old REST keys live on.
	 */
	const OVERLAP = HOUR_IN_SECONDS;

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( self::HOOK, array( self::class, 'go_on' ) );
	}

	/**
	 * FulfilHub asks for it, because its merchant does: it is done in a moment, not in FulfilHub's own call.
	 */
	public static function ask(): void {
		Store::change( array( 'rotation_asked' => time() ) );
		if ( ! as_has_scheduled_action( self::HOOK, array(), Install::GROUP ) ) {
			as_enqueue_async_action( self::HOOK, array(), Install::GROUP );
		}
	}

	/**
	 * Does what was asked for, or was begun and not answered.
	 */
	public static function go_on(): void {
		$kept = Store::all();
		if ( ! empty( $kept['rotation_asked'] ) || ! empty( $kept['rotation'] ) ) {
			self::run( 0 );
		}
	}

	/**
	 * Changes them now.
	 *
	 * @param int $user_id User for whom the new REST keys are made; 0 for the one of the old.
	 * @return \WP_Error|null Null where it went well.
	 */
	public static function run( int $user_id ): ?\WP_Error {
		$lock = Lock::take( 'rotation', 60 );
		if ( '' === $lock ) {
			return new \WP_Error( 'busy', __( 'The keys are being changed at this moment. Look again in a minute.', 'fulfilhub-for-woocommerce' ) );
		}
		try {
			return self::exchange( $user_id );
		} finally {
			Lock::release( 'rotation', $lock );
		}
	}

	/**
	 * Removes old REST keys whose time is over.
	 */
	public static function forget_old(): void {
		$old  = self::old();
		$left = array();
		foreach ( $old as $key_id => $until ) {
			if ( $until > time() ) {
				$left[ $key_id ] = $until;
			} else {
				Keys::revoke( $key_id );
			}
		}
		if ( $left !== $old ) {
			Store::change( array( 'old_keys' => $left ) );
		}
	}

	/**
	 * Removes all REST keys of the connection.
	 */
	public static function forget_all(): void {
		$kept = Store::all();
		$ids  = array_keys( self::old() );
		$ids[] = isset( $kept['key_id'] ) ? (int) $kept['key_id'] : 0;
		$ids[] = isset( $kept['rotation']['key_id'] ) ? (int) $kept['rotation']['key_id'] : 0;
		foreach ( $ids as $key_id ) {
			Keys::revoke( $key_id );
		}
	}

	/**
	 * One exchange.
	 *
	 * @param int $user_id User.
	 */
	private static function exchange( int $user_id ): ?\WP_Error {
		if ( ! Store::connected() || Store::is_copy() ) {
			return Connector::say( Api::rotate( array() ) );
		}
		$pair = self::pair( $user_id );
		if ( is_wp_error( $pair ) ) {
			return $pair;
		}
		$answer = Api::rotate(
			array(
				'consumer_key'    => $pair['consumer_key'],
				'consumer_secret' => $pair['consumer_secret'],
			)
		);
		if ( $answer->ok() && isset( $answer->data['webhook_secret'], $answer->data['api_key'] ) ) {
			self::keep( $pair, (string) $answer->data['webhook_secret'], (string) $answer->data['api_key'] );
			return null;
		}
		$fault = Connector::say( $answer );
		if ( $answer->status >= 400 && $answer->status < 500 && ! in_array( $answer->status, array( 408, 429 ), true ) ) {
			Keys::revoke( $pair['key_id'] );
			self::done( array() );
			return $fault;
		}
		/* translators: %s: what went wrong, whole sentences */
		return new \WP_Error( $fault->get_error_code(), sprintf( __( '%s It is tried again within the hour, until it is done; meanwhile the present keys go on.', 'fulfilhub-for-woocommerce' ), $fault->get_error_message() ) );
	}

	/**
	 * The new REST keys: those that FulfilHub may have by now, or others.
	 *
	 * @param int $user_id User; 0 for the one of the old keys.
	 * @return array{key_id: int, consumer_key: string, consumer_secret: string, user_id: int}|\WP_Error
	 */
	private static function pair( int $user_id ) {
		$kept = Store::all();
		if ( ! empty( $kept['rotation'] ) && '' === Keys::fault( (int) $kept['rotation']['key_id'] ) ) {
			return $kept['rotation'];
		}
		foreach ( array( $user_id, (int) Store::get( 'user_id' ) ) as $able ) {
			if ( $able > 0 && user_can( $able, 'manage_woocommerce' ) ) {
				break;
			}
			$able = 0;
		}
		if ( 0 === $able ) {
			return new \WP_Error( 'no_rights', __( 'The user for whom the REST keys were made is gone or may no longer manage WooCommerce. Sign in as somebody who may, and change the keys yourself.', 'fulfilhub-for-woocommerce' ) );
		}
		$pair = Keys::make( $able );
		if ( null === $pair ) {
			return Keys::not_written();
		}
		$pair['user_id'] = $able;
		Store::change( array( 'rotation' => $pair ) );
		return $pair;
	}

	/**
	 * Puts what is new in place.
	 *
	 * @param array<string, mixed> $pair   New REST keys.
	 * @param string               $secret Webhook secret.
	 * @param string               $key    Store key.
	 */
	private static function keep( array $pair, string $secret, string $key ): void {
		$old = self::old();
		$was = (int) Store::get( 'key_id' );
		if ( $was > 0 ) {
			$old[ $was ] = time() + self::OVERLAP;
		}
		self::done(
			array(
				'webhook_secret' => $secret,
				'api_key'        => $key,
				'key_id'         => (int) $pair['key_id'],
				'user_id'        => (int) $pair['user_id'],
				'old_keys'       => $old,
				'rotated_at'     => time(),
			)
		);
		Webhooks::use_new_secret();
		Watch::note( 'rotated' );
	}

	/**
	 * Nothing is asked for or under way any more.
	 *
	 * @param array<string, mixed> $changes What changed otherwise.
	 */
	private static function done( array $changes ): void {
		$changes['rotation']       = null;
		$changes['rotation_asked'] = null;
		Store::change( $changes );
	}

	/**
	 * Old REST keys that live on: when they end, by id.
	 *
	 * @return array<int, int>
	 */
	private static function old(): array {
		$kept = Store::all();
		return isset( $kept['old_keys'] ) && is_array( $kept['old_keys'] ) ? array_map( 'intval', $kept['old_keys'] ) : array();
	}
}
