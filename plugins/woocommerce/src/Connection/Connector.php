<?php
/**
 * Connects and disconnects.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Admin\Notices;
use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Http\Answer;
use FulfilHub\WooCommerce\Http\Client;
use FulfilHub\WooCommerce\Install;
use FulfilHub\WooCommerce\Queue\Drain;
use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\Settings;

/**
 * Each method gives null where it went well, or a WP_Error whose message names what is wrong and what to do.
 */
final class Connector {
	/**
	 * Seconds that a merchant has to approve on FulfilHub's page.
	 */
	const PATIENCE = 900;

	/**
	 * Exchanges a one-time code for the connection.
	 *
	 * @param string $typed    Address as typed.
	 * @param string $code     Code.
	 * @param string $verifier PKCE verifier; '' for a code that was typed.
	 * @param int    $user_id  User for whom the REST keys are made.
	 */
	public static function connect( string $typed, string $code, string $verifier, int $user_id ): ?\WP_Error {
		$address = self::usable( $typed );
		if ( is_wp_error( $address ) ) {
			return $address;
		}
		if ( '' === trim( $code ) ) {
			return new \WP_Error( 'no_code', __( 'Enter the one-time code. FulfilHub shows it under Stores > Connect a store; it is good for 15 minutes.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( '' === get_option( 'permalink_structure' ) ) {
			return new \WP_Error( 'plain_permalinks', __( 'This shop uses plain permalinks, with which WooCommerce\'s REST API has no address that FulfilHub could call. Choose any other structure under Settings > Permalinks, then connect again (the code was not used up).', 'fulfilhub-for-woocommerce' ) );
		}
		if ( ! user_can( $user_id, 'manage_woocommerce' ) ) {
			return new \WP_Error( 'no_rights', __( 'Only somebody who may manage WooCommerce can connect the shop.', 'fulfilhub-for-woocommerce' ) );
		}
		$keys = Keys::make( $user_id );
		if ( null === $keys ) {
			return Keys::not_written();
		}
		$body = array(
			'code'        => trim( $code ),
			'platform'    => 'woocommerce',
			'name'        => self::shop_name(),
			'base_url'    => Store::home(),
			'credentials' => array(
				'consumer_key'    => $keys['consumer_key'],
				'consumer_secret' => $keys['consumer_secret'],
			),
			'plugin'      => self::versions(),
		);
		if ( '' !== $verifier ) {
			$body['code_verifier'] = $verifier;
		}
		// FulfilHub may look at the shop before it answers.
		$answer = Client::call( 'POST', $address . '/v1/stores/connect', $body, array(), 20.0 );
		$fault  = self::fault_of( $answer );
		if ( null !== $fault ) {
			Keys::revoke( $keys['key_id'] );
			return $fault;
		}
		self::keep( $address, $answer->data, $keys['key_id'], $user_id );
		return null;
	}

	/**
	 * The address of the page where the merchant approves, and a way back that only this user can take.
	 *
	 * @param string $typed   Address as typed.
	 * @param int    $user_id User.
	 * @return string|\WP_Error
	 */
	public static function approval( string $typed, int $user_id ) {
		$address = self::usable( $typed );
		if ( is_wp_error( $address ) ) {
			return $address;
		}
		$state    = wp_generate_password( 40, false );
		$verifier = Pkce::verifier();
		set_transient(
			self::waiting( $state ),
			array(
				'user_id'  => $user_id,
				'verifier' => $verifier,
				'address'  => $address,
			),
			self::PATIENCE
		);
		return $address . '/connect?' . http_build_query(
			array(
				'platform'              => 'woocommerce',
				'shop_name'             => self::shop_name(),
				'shop_url'              => Store::home(),
				'return_url'            => self::return_url(),
				'state'                 => $state,
				'code_challenge'        => Pkce::challenge( $verifier ),
				'code_challenge_method' => 'S256',
			),
			'',
			'&',
			PHP_QUERY_RFC3986
		);
	}

	/**
	 * The merchant is back from that page.
	 *
	 * @param array<string, string> $query   Query: state and code or error.
	 * @param int                   $user_id User.
	 */
	public static function come_back( array $query, int $user_id ): ?\WP_Error {
		$state   = isset( $query['state'] ) ? $query['state'] : '';
		$waiting = '' === $state ? false : get_transient( self::waiting( $state ) );
		if ( ! is_array( $waiting ) || (int) $waiting['user_id'] !== $user_id ) {
			return new \WP_Error( 'bad_state', __( 'This answer does not belong to a connection that you began here within the last 15 minutes. Press Connect again.', 'fulfilhub-for-woocommerce' ) );
		}
		delete_transient( self::waiting( $state ) );
		$error = isset( $query['error'] ) ? $query['error'] : '';
		if ( 'access_denied' === $error ) {
			return new \WP_Error( 'access_denied', __( 'The connection was refused on FulfilHub\'s page. Nothing was changed here.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( '' !== $error ) {
			/* translators: %s: technical reason */
			return new \WP_Error( 'not_approved', sprintf( __( 'FulfilHub did not approve the connection (%s). Press Connect again.', 'fulfilhub-for-woocommerce' ), sanitize_key( $error ) ) );
		}
		return self::connect( (string) $waiting['address'], isset( $query['code'] ) ? $query['code'] : '', (string) $waiting['verifier'], $user_id );
	}

	/**
	 * Ends the connection on both sides; on this one in any case. A copy forgets it without ending the shop's own.
	 */
	public static function disconnect(): ?\WP_Error {
		if ( ! Store::connected() || Store::is_copy() ) {
			Store::end( 'merchant' );
			return null;
		}
		$answer = Api::disconnect();
		Store::end( 'merchant' );
		// A key that FulfilHub does not know any more: it has ended its side before.
		if ( $answer->ok() || in_array( $answer->status, array( 401, 404, 410 ), true ) ) {
			return null;
		}
		return new \WP_Error(
			'half_done',
			/* translators: %s: technical reason */
			sprintf( __( 'This shop is disconnected: its keys, webhooks and secrets are gone. FulfilHub could not be told (%s), so the store still shows as connected there: disconnect it under Stores.', 'fulfilhub-for-woocommerce' ), $answer->detail() )
		);
	}

	/**
	 * What FulfilHub is told of this site.
	 *
	 * @return array<string, string>
	 */
	public static function versions(): array {
		return array(
			'version'     => FULFILHUB_WC_VERSION,
			'woocommerce' => (string) WC_VERSION,
			'wordpress'   => (string) get_bloginfo( 'version' ),
			'php'         => PHP_VERSION,
		);
	}

	/**
	 * An address that may be called.
	 *
	 * @param string $typed As typed.
	 * @return string|\WP_Error
	 */
	private static function usable( string $typed ) {
		$address = Address::clean( $typed );
		if ( '' === $address ) {
			return new \WP_Error( 'bad_address', __( 'Enter FulfilHub\'s address, for example https://api.fulfilhub.example.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( ! Address::is_safe( $address ) ) {
			return new \WP_Error( 'http_only', __( 'The address must begin with https://: secrets are exchanged with it.', 'fulfilhub-for-woocommerce' ) );
		}
		return $address;
	}

	/**
	 * What is wrong with the answer to a connection, or null.
	 *
	 * @param Answer $answer Answer.
	 */
	private static function fault_of( Answer $answer ): ?\WP_Error {
		if ( ! $answer->ok() ) {
			return self::say( $answer );
		}
		foreach ( array( 'webhook_secret', 'api_key' ) as $name ) {
			if ( empty( $answer->data[ $name ] ) || ! is_string( $answer->data[ $name ] ) ) {
				return new \WP_Error( 'old_fulfilhub', __( 'FulfilHub answered without a store key. The FulfilHub at this address is older than this plugin: ask for an update, or connect with WooCommerce REST keys instead.', 'fulfilhub-for-woocommerce' ) );
			}
		}
		if ( empty( $answer->data['store']['id'] ) || empty( $answer->data['store']['webhook_url'] ) ) {
			return new \WP_Error( 'not_fulfilhub', __( 'The answer is not one of FulfilHub. Check the address.', 'fulfilhub-for-woocommerce' ) );
		}
		return null;
	}

	/**
	 * A problem in words.
	 *
	 * @param Answer $answer Answer.
	 */
	public static function say( Answer $answer ): \WP_Error {
		if ( 0 === $answer->status && ! in_array( $answer->code(), array( 'not_connected', 'copy' ), true ) ) {
			/* translators: %s: technical reason */
			return new \WP_Error( $answer->code(), sprintf( __( 'FulfilHub could not be reached: %s Check the address, and whether a firewall of your host lets this shop call it.', 'fulfilhub-for-woocommerce' ), rtrim( $answer->detail(), '.' ) . '.' ) );
		}
		return new \WP_Error( $answer->code(), $answer->detail() );
	}

	/**
	 * Puts a new connection in place.
	 *
	 * @param string               $address FulfilHub's address.
	 * @param array<string, mixed> $answer  Answer.
	 * @param int                  $key_id  Id of the REST keys.
	 * @param int                  $user_id User of the REST keys.
	 */
	private static function keep( string $address, array $answer, int $key_id, int $user_id ): void {
		$before   = Store::all();
		$store_id = (string) $answer['store']['id'];
		$known    = isset( $before['store_id'] ) ? $before['store_id'] : ( isset( $before['last_store'] ) ? $before['last_store'] : '' );
		Rotation::forget_all();
		Webhooks::remove();
		if ( '' !== $known && $known !== $store_id ) {
			// What another store knows says nothing about this one.
			Table::drop();
			Notices::forget_all();
			delete_option( Install::VERSION );
		}
		Install::bring_up_to_date();
		Store::put(
			array(
				'address'        => $address,
				'base_url'       => Store::home(),
				'store_id'       => $store_id,
				'store_name'     => isset( $answer['store']['name'] ) ? (string) $answer['store']['name'] : self::shop_name(),
				'webhook_url'    => (string) $answer['store']['webhook_url'],
				'webhook_secret' => (string) $answer['webhook_secret'],
				'api_key'        => (string) $answer['api_key'],
				'key_id'         => $key_id,
				'user_id'        => $user_id,
				'connected_at'   => time(),
				'versions'       => implode( ' ', self::versions() ),
			)
		);
		delete_option( Drain::HEALTH );
		Webhooks::make();
		delete_transient( 'fulfilhub_watching' );
		Watch::start();
		Watch::refresh();
		Settings::set( array( 'stock_sync' => ! empty( Store::all()['stock_sync'] ) ) );
		Watch::note( 'connected', Store::get( 'store_name' ) );
		if ( null !== Table::next_due() ) {
			Table::hurry( time() );
			Drain::soon();
		}
		/**
		 * This shop was connected to FulfilHub.
		 */
		do_action( 'fulfilhub_connected' );
	}

	/**
	 * The shop's name, as FulfilHub takes it: 1 to 200 printable characters.
	 */
	private static function shop_name(): string {
		$name = trim( (string) preg_replace( '/[\p{C}\s]+/u', ' ', wp_specialchars_decode( (string) get_option( 'blogname' ), ENT_QUOTES ) ) );
		if ( '' === $name ) {
			$name = (string) wp_parse_url( Store::home(), PHP_URL_HOST );
		}
		return function_exists( 'mb_substr' ) ? mb_substr( $name, 0, 200 ) : substr( $name, 0, 200 );
	}

	/**
	 * Where the merchant comes back to: an admin page; but FulfilHub answers only at the shop's own host, so where the
	 * admin area has another one, the shop passes them on.
	 */
	private static function return_url(): string {
		$admin = admin_url( 'admin-post.php?action=fulfilhub_back' );
		$own   = wp_parse_url( Store::home() );
		$back  = wp_parse_url( $admin );
		foreach ( array( 'scheme', 'host', 'port' ) as $part ) {
			if ( ( isset( $own[ $part ] ) ? $own[ $part ] : '' ) !== ( isset( $back[ $part ] ) ? $back[ $part ] : '' ) ) {
				return add_query_arg( 'wc-api', 'fulfilhub_back', Store::home() . '/' );
			}
		}
		return $admin;
	}

	/**
	 * Name of the transient of one connection that waits for approval.
	 *
	 * @param string $state State.
	 */
	private static function waiting( string $state ): string {
		return 'fulfilhub_state_' . substr( hash( 'sha256', $state ), 0, 40 );
	}
}
