<?php
/**
 * The connection screen.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Admin\Notices;
use FulfilHub\WooCommerce\Admin\SettingsTab;
use FulfilHub\WooCommerce\Queue\Drain;
use FulfilHub\WooCommerce\Queue\Table;

/**
 * Prints it. It stands inside WooCommerce's own settings form, so its buttons name where they go.
 */
final class ConnectionView {
	/**
	 * The whole screen.
	 */
	public static function show(): void {
		echo '<div class="fulfilhub-screen">';
		wp_nonce_field( 'fulfilhub_connection', 'fulfilhub_nonce', false );
		if ( Store::connected() ) {
			self::connected();
		} else {
			self::not_connected();
		}
		echo '</div>';
	}

	/**
	 * The results of the checks.
	 */
	public static function checks(): void {
		$last = Checks::last();
		if ( ! $last['checks'] ) {
			echo '<p class="fulfilhub-muted">' . esc_html__( 'Not checked yet.', 'fulfilhub-for-woocommerce' ) . '</p>';
			return;
		}
		$bad = array_filter(
			$last['checks'],
			static function ( $check ) {
				return empty( $check['ok'] );
			}
		);
		if ( $bad ) {
			/* translators: %d: number of checks */
			$text = sprintf( _n( '%d thing needs your attention.', '%d things need your attention.', count( $bad ), 'fulfilhub-for-woocommerce' ), count( $bad ) );
		} else {
			$text = __( 'Everything works, in both directions.', 'fulfilhub-for-woocommerce' );
		}
		printf( '<p class="fulfilhub-verdict %s">%s</p>', $bad ? 'is-bad' : 'is-good', esc_html( $text ) );
		echo '<ul class="fulfilhub-checks">';
		foreach ( $last['checks'] as $check ) {
			$ok = ! empty( $check['ok'] );
			printf(
				'<li class="%s"><span class="fulfilhub-mark" aria-hidden="true">%s</span><span class="screen-reader-text">%s</span> <strong>%s</strong>',
				$ok ? 'is-good' : 'is-bad',
				$ok ? '&#10003;' : '&#10007;',
				$ok ? esc_html__( 'Works:', 'fulfilhub-for-woocommerce' ) : esc_html__( 'Does not work:', 'fulfilhub-for-woocommerce' ),
				esc_html( (string) $check['title'] )
			);
			if ( ! $ok ) {
				printf( '<div>%s</div>', esc_html( (string) $check['detail'] ) );
				if ( '' !== (string) $check['fix'] ) {
					printf( '<div class="fulfilhub-fix">%s</div>', esc_html( (string) $check['fix'] ) );
				}
			}
			echo '</li>';
		}
		echo '</ul>';
		/* translators: %s: length of time */
		printf( '<p class="fulfilhub-muted">%s</p>', esc_html( sprintf( __( 'Checked %s ago.', 'fulfilhub-for-woocommerce' ), human_time_diff( $last['at'] ) ) ) );
	}

	/**
	 * A button that posts the form to a handler.
	 *
	 * @param string $action  Name of the handler.
	 * @param string $text    Text.
	 * @param string $look    CSS classes.
	 * @param string $confirm Question to ask before.
	 */
	public static function button( string $action, string $text, string $look = 'button', string $confirm = '' ): void {
		printf(
			'<button type="submit" class="%s" formmethod="post" formnovalidate formaction="%s"%s>%s</button> ',
			esc_attr( $look ),
			esc_url( admin_url( 'admin-post.php?action=' . $action ) ),
			'' === $confirm ? '' : ' data-fulfilhub-confirm="' . esc_attr( $confirm ) . '"',
			esc_html( $text )
		);
	}

	/**
	 * For a shop that is not connected.
	 */
	private static function not_connected(): void {
		$kept = Store::all();
		echo '<h2>' . esc_html__( 'Connect this shop to FulfilHub', 'fulfilhub-for-woocommerce' ) . '</h2>';
		if ( isset( $kept['ended_by'] ) ) {
			$words = 'fulfilhub' === $kept['ended_by']
				/* translators: 1: name of the store, 2: date and time */
				? __( '%1$s was disconnected by FulfilHub on %2$s. For a week, new orders wait here until you connect again.', 'fulfilhub-for-woocommerce' )
				/* translators: 1: name of the store, 2: date and time */
				: __( '%1$s was disconnected on %2$s. Orders placed since then are not sent by themselves; after connecting again you can send them under Orders sent.', 'fulfilhub-for-woocommerce' );
			$name = isset( $kept['store_name'] ) && '' !== $kept['store_name'] ? (string) $kept['store_name'] : __( 'This shop', 'fulfilhub-for-woocommerce' );
			printf( '<div class="notice inline notice-warning"><p>%s</p></div>', esc_html( sprintf( $words, $name, self::moment( (int) $kept['ended_at'] ) ) ) );
		}
		echo '<p>' . esc_html__( 'The plugin makes REST keys for FulfilHub (in your name) and webhooks, exchanges secrets and then tests both directions. Your customers notice nothing of it.', 'fulfilhub-for-woocommerce' ) . '</p>';
		echo '<table class="form-table"><tr><th><label for="fulfilhub_address">' . esc_html__( 'FulfilHub address', 'fulfilhub-for-woocommerce' ) . '</label></th><td>';
		printf( '<input type="text" id="fulfilhub_address" name="fulfilhub_address" class="regular-text code" value="%s" placeholder="https://" autocomplete="off" spellcheck="false">', esc_attr( Store::address() ) );
		echo '</td></tr></table>';
		echo '<div class="fulfilhub-ways"><div class="fulfilhub-card"><h3>' . esc_html__( 'With your FulfilHub account', 'fulfilhub-for-woocommerce' ) . '</h3>';
		echo '<p>' . esc_html__( 'You are asked on FulfilHub\'s own page whether this shop may be connected, and come back here.', 'fulfilhub-for-woocommerce' ) . '</p><p class="submit">';
		self::button( 'fulfilhub_approve', __( 'Connect', 'fulfilhub-for-woocommerce' ), 'button button-primary' );
		echo '</p></div><div class="fulfilhub-card"><h3>' . esc_html__( 'With a one-time code', 'fulfilhub-for-woocommerce' ) . '</h3>';
		echo '<p><label for="fulfilhub_code">' . esc_html__( 'Code that somebody made for you in FulfilHub (good for 15 minutes)', 'fulfilhub-for-woocommerce' ) . '</label></p>';
		echo '<p class="submit"><input type="text" id="fulfilhub_code" name="fulfilhub_code" class="regular-text code" value="" autocomplete="off" spellcheck="false"> ';
		self::button( 'fulfilhub_connect', __( 'Connect with this code', 'fulfilhub-for-woocommerce' ) );
		echo '</p></div></div>';
		self::check_box( false );
	}

	/**
	 * For a shop that is connected.
	 */
	private static function connected(): void {
		/* translators: %s: name of the store */
		echo '<h2>' . esc_html( sprintf( __( 'Connected as %s', 'fulfilhub-for-woocommerce' ), Store::get( 'store_name' ) ) ) . '</h2>';
		if ( Store::is_copy() ) {
			/* translators: 1: address that was connected, 2: address now */
			printf( '<div class="notice inline notice-error"><p>%s</p></div>', esc_html( sprintf( __( 'This looks like a copy: connected was %1$s, but this is %2$s. Nothing is sent from here. If the shop moved, connect again below.', 'fulfilhub-for-woocommerce' ), Store::get( 'base_url' ), Store::home() ) ) );
		}
		echo '<table class="widefat striped fulfilhub-facts"><tbody>';
		foreach ( self::facts() as $name => $value ) {
			printf( '<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html( $name ), wp_kses_post( $value ) );
		}
		echo '</tbody></table>';
		self::check_box( true );
		self::events();
		echo '<h3>' . esc_html__( 'Change the connection', 'fulfilhub-for-woocommerce' ) . '</h3><p class="submit">';
		printf( '<input type="hidden" name="fulfilhub_address" value="%s">', esc_attr( Store::address() ) );
		self::button( 'fulfilhub_approve', __( 'Connect again', 'fulfilhub-for-woocommerce' ) );
		self::button( 'fulfilhub_rotate', __( 'Change all keys', 'fulfilhub-for-woocommerce' ) );
		self::button( 'fulfilhub_disconnect', __( 'Disconnect', 'fulfilhub-for-woocommerce' ), 'button button-link-delete', __( 'Disconnect this shop? Orders are no longer sent, and shipments no longer come back.', 'fulfilhub-for-woocommerce' ) );
		echo '</p><p class="fulfilhub-muted">' . esc_html__( 'Changing all keys makes a new secret, a new store key and new REST keys. What waits to be sent stays in either case.', 'fulfilhub-for-woocommerce' ) . '</p>';
	}

	/**
	 * What is known of the connection, by name; values are HTML.
	 *
	 * @return array<string, string>
	 */
	private static function facts(): array {
		$counts = Table::counts();
		$health = Drain::health();
		$kept   = Store::all();
		$facts  = array( __( 'FulfilHub', 'fulfilhub-for-woocommerce' ) => esc_html( Store::address() . ( '' === Store::get( 'organisation' ) ? '' : ' - ' . Store::get( 'organisation' ) ) ) );
		if ( 'test' === Store::get( 'mode' ) ) {
			$facts[ __( 'Mode', 'fulfilhub-for-woocommerce' ) ] = esc_html__( 'Test: nothing is really shipped.', 'fulfilhub-for-woocommerce' );
		}
		$facts[ __( 'Connected', 'fulfilhub-for-woocommerce' ) ] = esc_html( self::moment( (int) Store::get( 'connected_at' ) ) );
		/* translators: 1: number of orders that wait, 2: number of orders sent, 3: number of orders that failed */
		$queue = esc_html( sprintf( __( '%1$d waiting, %2$d sent, %3$d failed', 'fulfilhub-for-woocommerce' ), $counts['waiting'], $counts['sent'], $counts['failed'] ) );
		$facts[ __( 'Orders sent from here', 'fulfilhub-for-woocommerce' ) ] = sprintf( '<a href="%s">%s</a>', esc_url( SettingsTab::url( 'queue' ) ), $queue );
		if ( (int) $health['failures'] > 0 ) {
			$facts[ __( 'Last problem', 'fulfilhub-for-woocommerce' ) ] = esc_html( self::moment( (int) $health['last_error_at'] ) . ': ' . $health['detail'] );
		}
		$review = count( Notices::in_review() );
		/* translators: %d: number of orders */
		$text = $review ? sprintf( _n( '%d order needs a look', '%d orders need a look', $review, 'fulfilhub-for-woocommerce' ), $review ) : __( 'all orders were understood', 'fulfilhub-for-woocommerce' );

		$facts[ __( 'In FulfilHub', 'fulfilhub-for-woocommerce' ) ] = esc_html( $text );
		$outgoing = isset( $kept['outgoing'] ) && is_array( $kept['outgoing'] ) ? $kept['outgoing'] : array();
		if ( ! empty( $outgoing['waiting'] ) || ! empty( $outgoing['failed'] ) ) {
			/* translators: 1: number of messages that wait, 2: number of messages that failed */
			$text = sprintf( __( '%1$d waiting, %2$d failed', 'fulfilhub-for-woocommerce' ), isset( $outgoing['waiting'] ) ? (int) $outgoing['waiting'] : 0, isset( $outgoing['failed'] ) ? (int) $outgoing['failed'] : 0 );

			$facts[ __( 'News for this shop', 'fulfilhub-for-woocommerce' ) ] = esc_html( $text );
		}
		return $facts;
	}

	/**
	 * The checks with their button.
	 *
	 * @param bool $connected Whether there is a connection to check.
	 */
	private static function check_box( bool $connected ): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- Only whether the (harmless) checks begin by themselves.
		$now = $connected && ( isset( $_GET['check'] ) || ! Checks::last()['checks'] );
		echo '<h3>' . esc_html__( 'Checks', 'fulfilhub-for-woocommerce' ) . '</h3>';
		printf( '<div id="fulfilhub-checks" aria-live="polite" data-now="%s">', $now ? '1' : '' );
		self::checks();
		echo '</div><p class="submit"><button type="button" class="button" id="fulfilhub-check">' . esc_html__( 'Check now', 'fulfilhub-for-woocommerce' ) . '</button></p>';
	}

	/**
	 * What the hourly look found.
	 */
	private static function events(): void {
		$events = array_slice( Watch::events(), 0, 5 );
		if ( ! $events ) {
			return;
		}
		echo '<h3>' . esc_html__( 'Lately', 'fulfilhub-for-woocommerce' ) . '</h3><ul class="fulfilhub-events">';
		foreach ( $events as $event ) {
			printf( '<li><span class="fulfilhub-muted">%s</span> %s</li>', esc_html( self::moment( (int) $event['at'] ) ), esc_html( Watch::words( $event ) ) );
		}
		echo '</ul>';
	}

	/**
	 * A moment in the shop's time zone and format.
	 *
	 * @param int $time Unix time.
	 */
	public static function moment( int $time ): string {
		return $time > 0 ? (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $time ) : '';
	}
}
