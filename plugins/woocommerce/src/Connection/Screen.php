<?php
/**
 * What the buttons of the connection screen do.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Admin\SettingsTab;

/**
 * Each handler asks for the right to manage WooCommerce and for its nonce, does one thing and goes back to the screen.
 */
final class Screen {
	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'admin_post_fulfilhub_connect', array( $this, 'connect' ) );
		add_action( 'admin_post_fulfilhub_approve', array( $this, 'approve' ) );
		add_action( 'admin_post_fulfilhub_back', array( $this, 'back' ) ); // phpcs:ignore WordPress.Security.NonceVerification -- The state, good once, is its nonce.
		add_action( 'admin_post_nopriv_fulfilhub_back', array( $this, 'sign_in_first' ) );
		add_action( 'admin_post_fulfilhub_rotate', array( $this, 'rotate' ) );
		add_action( 'admin_post_fulfilhub_disconnect', array( $this, 'disconnect' ) );
		add_action( 'wp_ajax_fulfilhub_checks', array( $this, 'checks' ) );
		add_action( 'woocommerce_api_fulfilhub_back', array( $this, 'pass_on' ) );
	}

	/**
	 * Connects by a code that was typed.
	 */
	public function connect(): void {
		SettingsTab::guard( 'fulfilhub_connection' );
		// phpcs:disable WordPress.Security.NonceVerification.Missing -- guard() looked.
		$address = isset( $_POST['fulfilhub_address'] ) ? sanitize_text_field( wp_unslash( $_POST['fulfilhub_address'] ) ) : '';
		$code    = isset( $_POST['fulfilhub_code'] ) ? sanitize_text_field( wp_unslash( $_POST['fulfilhub_code'] ) ) : '';
		// phpcs:enable
		$this->answer( Connector::connect( $address, $code, '', get_current_user_id() ), __( 'The shop is connected.', 'fulfilhub-for-woocommerce' ), true );
	}

	/**
	 * Goes to FulfilHub's page for approval.
	 */
	public function approve(): void {
		SettingsTab::guard( 'fulfilhub_connection' );
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- guard() looked.
		$address = isset( $_POST['fulfilhub_address'] ) ? sanitize_text_field( wp_unslash( $_POST['fulfilhub_address'] ) ) : '';
		$url     = Connector::approval( $address, get_current_user_id() );
		if ( is_wp_error( $url ) ) {
			$this->answer( $url, '' );
		}
		// The merchant typed or confirmed this address on our own screen: it is meant to be another host.
		wp_redirect( $url ); // phpcs:ignore WordPress.Security.SafeRedirect.wp_redirect_wp_redirect
		exit;
	}

	/**
	 * The merchant is back from there. No nonce can be in an address that FulfilHub answers to: the state, bound to the
	 * user and good for one use, is one.
	 */
	public function back(): void {
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_die( esc_html__( 'You may not connect this shop.', 'fulfilhub-for-woocommerce' ), '', array( 'response' => 403 ) );
		}
		$query = array();
		foreach ( array( 'state', 'code', 'error' ) as $name ) {
			// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- See above.
			$query[ $name ] = isset( $_GET[ $name ] ) ? sanitize_text_field( wp_unslash( $_GET[ $name ] ) ) : '';
		}
		$this->answer( Connector::come_back( $query, get_current_user_id() ), __( 'The shop is connected.', 'fulfilhub-for-woocommerce' ), true );
	}

	/**
	 * Back after the session in the admin area ended: sign in, then go on.
	 */
	public function sign_in_first(): void {
		auth_redirect();
	}

	/**
	 * Passes an answer that came to the shop's host on to the admin area.
	 */
	public function pass_on(): void {
		$query = array( 'action' => 'fulfilhub_back' );
		foreach ( array( 'state', 'code', 'error' ) as $name ) {
			// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Nothing is done here.
			if ( isset( $_GET[ $name ] ) ) {
				// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Nothing is done here.
				$query[ $name ] = rawurlencode( sanitize_text_field( wp_unslash( $_GET[ $name ] ) ) );
			}
		}
		wp_redirect( add_query_arg( $query, admin_url( 'admin-post.php' ) ) ); // phpcs:ignore WordPress.Security.SafeRedirect.wp_redirect_wp_redirect -- The admin area may have another host.
		exit;
	}

	/**
	 * New secret, store key and REST keys.
	 */
	public function rotate(): void {
		SettingsTab::guard( 'fulfilhub_connection' );
		$this->answer( Rotation::run( get_current_user_id() ), __( 'All keys were changed. FulfilHub takes the old ones for one more day, and this shop takes them for one more hour, so nothing on its way is lost.', 'fulfilhub-for-woocommerce' ), true );
	}

	/**
	 * Ends the connection.
	 */
	public function disconnect(): void {
		SettingsTab::guard( 'fulfilhub_connection' );
		$this->answer( Connector::disconnect(), __( 'The shop is disconnected. Its REST keys and webhooks were removed, on both sides.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Runs the checks and answers with their table.
	 */
	public function checks(): void {
		check_ajax_referer( 'fulfilhub_checks' );
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_send_json_error( null, 403 );
		}
		wc_set_time_limit( 90 );
		Checks::run();
		ob_start();
		ConnectionView::checks();
		wp_send_json_success( array( 'html' => ob_get_clean() ) );
	}

	/**
	 * Back to the screen with what is to be said there.
	 *
	 * @param \WP_Error|null $fault What went wrong.
	 * @param string         $done  What to say where nothing did.
	 * @param bool           $check Whether the screen then runs the checks.
	 */
	private function answer( ?\WP_Error $fault, string $done, bool $check = false ): void {
		SettingsTab::say( $fault ? $fault->get_error_message() : $done, $fault ? 'error' : 'success' );
		wp_safe_redirect( SettingsTab::url( '', $check && ! $fault ? array( 'check' => 1 ) : array() ) );
		exit;
	}
}
