<?php
/**
 * Whether both sides reach one another.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Plugin;
use FulfilHub\WooCommerce\Queue\Words;

/**
 * Own checks and FulfilHub's, each green or with exactly what is wrong and how to mend it.
 */
final class Checks {
	const OPTION = 'fulfilhub_checks';

	/**
	 * Runs all checks and keeps their results.
	 *
	 * @return array<int, array{name: string, title: string, ok: bool, detail: string, fix: string}>
	 */
	public static function run(): array {
		$checks = array( self::permalinks(), self::https(), self::rest_api(), self::versions() );
		if ( Store::connected() ) {
			$checks[] = self::keys();
			$checks[] = self::copy();
			$checks   = array_merge( $checks, self::fulfilhub() );
		}
		$checks[] = self::scheduled();
		update_option(
			self::OPTION,
			array(
				'at'     => time(),
				'checks' => $checks,
			),
			false
		);
		return $checks;
	}

	/**
	 * The results of the last run.
	 *
	 * @return array{at: int, checks: array<int, array<string, mixed>>}
	 */
	public static function last(): array {
		$kept = get_option( self::OPTION, array() );
		return array(
			'at'     => isset( $kept['at'] ) ? (int) $kept['at'] : 0,
			'checks' => isset( $kept['checks'] ) && is_array( $kept['checks'] ) ? $kept['checks'] : array(),
		);
	}

	/**
	 * Whether the shop's REST API has an address.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function permalinks(): array {
		return self::result(
			'permalinks',
			__( 'Permalinks', 'fulfilhub-for-woocommerce' ),
			'' !== get_option( 'permalink_structure' ),
			__( 'Permalinks are plain, so WooCommerce\'s REST API cannot be called.', 'fulfilhub-for-woocommerce' ),
			__( 'Choose any other structure under Settings > Permalinks.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * Whether the shop is reached over TLS.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function https(): array {
		$home = Store::home();
		return self::result(
			'https',
			__( 'HTTPS', 'fulfilhub-for-woocommerce' ),
			0 === strpos( $home, 'https://' ) || Address::is_safe( Address::clean( $home ) ),
			__( 'The shop\'s address begins with http://. FulfilHub signs its calls (OAuth 1.0a), but what it reads and writes can be seen on the way.', 'fulfilhub-for-woocommerce' ),
			__( 'Install a TLS certificate (most hosts give one for free) and change both addresses under Settings > General to https://.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * Whether the REST API answers on the shop's own address.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function rest_api(): array {
		$title = __( 'REST API', 'fulfilhub-for-woocommerce' );
		$got   = wp_remote_get(
			Store::home() . '/' . rest_get_url_prefix() . '/wc-fulfilhub/v1',
			array(
				'timeout'   => 10,
				/** This filter is documented in wp-includes/class-wp-http-streams.php */
				'sslverify' => apply_filters( 'https_local_ssl_verify', false ),
			)
		);
		if ( is_wp_error( $got ) ) {
			/* translators: %s: technical reason */
			return self::result( 'rest_api', $title, false, sprintf( __( 'The shop cannot call its own address (%s), so scheduled actions may not run either.', 'fulfilhub-for-woocommerce' ), $got->get_error_message() ), __( 'Ask your host to allow loopback requests, or to run wp-cron.php by a real cron job every minute.', 'fulfilhub-for-woocommerce' ) );
		}
		$status = (int) wp_remote_retrieve_response_code( $got );
		$body   = json_decode( (string) wp_remote_retrieve_body( $got ), true );
		if ( 200 === $status && is_array( $body ) && isset( $body['namespace'] ) ) {
			return self::result( 'rest_api', $title, true );
		}
		if ( in_array( $status, array( 401, 403 ), true ) ) {
			/* translators: %d: HTTP status */
			return self::result( 'rest_api', $title, false, sprintf( __( 'The REST API is closed to visitors who are not logged in (HTTP %d), so FulfilHub\'s keys are not even looked at.', 'fulfilhub-for-woocommerce' ), $status ), __( 'In your security plugin or firewall, allow /wp-json/wc/ and /wp-json/wc-fulfilhub/ (the setting is often called "Disable REST API").', 'fulfilhub-for-woocommerce' ) );
		}
		/* translators: %d: HTTP status */
		return self::result( 'rest_api', $title, false, sprintf( __( 'The REST API did not answer as WordPress does (HTTP %d).', 'fulfilhub-for-woocommerce' ), $status ), __( 'Save Settings > Permalinks once, and look whether a cache, a password or a maintenance page stands before /wp-json/.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Whether all is new enough.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function versions(): array {
		$ok = version_compare( WC_VERSION, Plugin::MINIMUM_WOOCOMMERCE, '>=' ) && version_compare( get_bloginfo( 'version' ), '6.4', '>=' ) && version_compare( PHP_VERSION, '7.4', '>=' );
		return self::result(
			'shop_versions',
			__( 'Versions here', 'fulfilhub-for-woocommerce' ),
			$ok,
			/* translators: 1, 2, 3: versions of WooCommerce, WordPress and PHP */
			sprintf( __( 'WooCommerce %1$s, WordPress %2$s, PHP %3$s.', 'fulfilhub-for-woocommerce' ), WC_VERSION, get_bloginfo( 'version' ), PHP_VERSION ),
			__( 'Needed are WooCommerce 8.2, WordPress 6.4 and PHP 7.4.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * Whether FulfilHub's REST keys are there.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function keys(): array {
		$details = array(
			''          => '',
			'missing'   => __( 'The REST keys that FulfilHub uses were deleted under WooCommerce > Settings > Advanced > REST API.', 'fulfilhub-for-woocommerce' ),
			'read_only' => __( 'The REST keys that FulfilHub uses may only read, or only write.', 'fulfilhub-for-woocommerce' ),
			'no_rights' => __( 'The user for whom the REST keys were made is gone or may no longer manage WooCommerce.', 'fulfilhub-for-woocommerce' ),
		);
		$fault   = Keys::fault( (int) Store::get( 'key_id' ) );
		return self::result( 'keys', __( 'REST keys', 'fulfilhub-for-woocommerce' ), '' === $fault, $details[ $fault ], __( 'Press "Change all keys" on this plugin\'s screen: new ones are made, and FulfilHub is given them.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Whether this is the site that was connected.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function copy(): array {
		return self::result(
			'copy',
			__( 'Address of the shop', 'fulfilhub-for-woocommerce' ),
			! Store::is_copy(),
			/* translators: 1: address that was connected, 2: address now */
			sprintf( __( 'Connected was %1$s, but this is %2$s: a copy, or the shop moved. Nothing is sent from here.', 'fulfilhub-for-woocommerce' ), Store::get( 'base_url' ), Store::home() ),
			__( 'If the shop moved, connect again. If this is a copy for tests, disconnect it here: the shop itself stays connected.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * FulfilHub's own checks, and its clock.
	 *
	 * @return array<int, array{name: string, title: string, ok: bool, detail: string, fix: string}>
	 */
	private static function fulfilhub(): array {
		$asked  = microtime( true );
		$answer = Watch::refresh();
		$middle = ( $asked + microtime( true ) ) / 2;
		$title  = __( 'This shop reaches FulfilHub', 'fulfilhub-for-woocommerce' );
		if ( ! $answer->ok() ) {
			$fix = 401 === $answer->status ? __( 'Connect again: the store key is no longer good.', 'fulfilhub-for-woocommerce' ) : __( 'Ask your host whether a firewall stops calls to this address; look at FulfilHub\'s status page.', 'fulfilhub-for-woocommerce' );
			return array( self::result( 'fulfilhub', $title, false, $answer->detail(), $fix ) );
		}
		$checks = array( self::result( 'fulfilhub', $title, true ) );
		$theirs = isset( $answer->data['server_time'] ) ? strtotime( (string) $answer->data['server_time'] ) : false;
		if ( false !== $theirs ) {
			$ahead = (int) round( $middle - $theirs );
			/* translators: %s: length of time, e.g. "2 minutes" */
			$near     = sprintf( __( 'The clock of this shop\'s server is wrong by %s. From five minutes on, FulfilHub cannot accept its signatures.', 'fulfilhub-for-woocommerce' ), human_time_diff( 0, abs( $ahead ) ) );
			$checks[] = self::result( 'clock_here', __( 'Clock', 'fulfilhub-for-woocommerce' ), abs( $ahead ) < 60, abs( $ahead ) < 300 ? $near : Words::clock( (string) $ahead ), __( 'Ask your host to set the clock by NTP.', 'fulfilhub-for-woocommerce' ) );
		}
		$answer = Api::checks();
		$title  = __( 'FulfilHub reaches this shop', 'fulfilhub-for-woocommerce' );
		if ( ! $answer->ok() || ! isset( $answer->data['checks'] ) || ! is_array( $answer->data['checks'] ) ) {
			$checks[] = self::result( 'back', $title, false, $answer->detail(), __( 'Run the checks again.', 'fulfilhub-for-woocommerce' ) );
			return $checks;
		}
		foreach ( $answer->data['checks'] as $check ) {
			if ( is_array( $check ) && isset( $check['name'], $check['ok'] ) ) {
				$name = (string) $check['name'];
				/* translators: %s: what FulfilHub checked, e.g. "credentials" */
				$checks[] = self::result( 'back_' . sanitize_key( $name ), sprintf( __( 'From FulfilHub: %s', 'fulfilhub-for-woocommerce' ), self::title( $name ) ), (bool) $check['ok'], isset( $check['detail'] ) ? (string) $check['detail'] : '', isset( $check['fix'] ) ? (string) $check['fix'] : '' );
			}
		}
		return $checks;
	}

	/**
	 * Whether planned work is done in time.
	 *
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function scheduled(): array {
		$late = as_get_scheduled_actions(
			array(
				'status'       => \ActionScheduler_Store::STATUS_PENDING,
				'date'         => as_get_datetime_object( time() - 900 ),
				'date_compare' => '<=',
				'per_page'     => 5,
			),
			'ids'
		);
		return self::result(
			'scheduled',
			__( 'Scheduled actions', 'fulfilhub-for-woocommerce' ),
			count( $late ) < 5,
			__( 'Scheduled actions are more than 15 minutes late: WP-Cron does not run on this site, so orders wait.', 'fulfilhub-for-woocommerce' ),
			defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON
				? __( 'DISABLE_WP_CRON is set: ask your host to call wp-cron.php every minute.', 'fulfilhub-for-woocommerce' )
				: __( 'Ask your host whether the site may call itself (loopback), or to call wp-cron.php every minute. WooCommerce > Status > Scheduled Actions shows what waits.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * FulfilHub's names of checks in words.
	 *
	 * @param string $name Name.
	 */
	private static function title( string $name ): string {
		$titles = array(
			'reachable'   => __( 'shop reachable', 'fulfilhub-for-woocommerce' ),
			'tls'         => __( 'certificate', 'fulfilhub-for-woocommerce' ),
			'rest_api'    => __( 'REST API', 'fulfilhub-for-woocommerce' ),
			'credentials' => __( 'REST keys', 'fulfilhub-for-woocommerce' ),
			'plugin'      => __( 'this plugin', 'fulfilhub-for-woocommerce' ),
			'clock'       => __( 'clock', 'fulfilhub-for-woocommerce' ),
			'versions'    => __( 'versions', 'fulfilhub-for-woocommerce' ),
		);
		return isset( $titles[ $name ] ) ? $titles[ $name ] : $name;
	}

	/**
	 * One result; what is wrong and the fix are kept only where something is wrong.
	 *
	 * @param string $name   Name.
	 * @param string $title  Title.
	 * @param bool   $ok     Whether it is well.
	 * @param string $detail What is wrong.
	 * @param string $fix    What to do.
	 * @return array{name: string, title: string, ok: bool, detail: string, fix: string}
	 */
	private static function result( string $name, string $title, bool $ok, string $detail = '', string $fix = '' ): array {
		return array(
			'name'   => $name,
			'title'  => $title,
			'ok'     => $ok,
			'detail' => $ok ? '' : $detail,
			'fix'    => $ok ? '' : $fix,
		);
	}
}
