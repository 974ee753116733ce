<?php
/**
 * The screen of orders sent.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use FulfilHub\WooCommerce\Admin\SettingsTab;
use FulfilHub\WooCommerce\Connection\Store;

/**
 * Prints the list, its buttons and the sending of historic orders.
 */
final class QueueView {
	/**
	 * The whole screen.
	 */
	public static function show(): void {
		// phpcs:disable WordPress.Security.NonceVerification.Recommended -- Only what is shown.
		$state    = isset( $_GET['state'] ) ? sanitize_key( wp_unslash( $_GET['state'] ) ) : '';
		$order_id = isset( $_GET['order'] ) ? absint( wp_unslash( $_GET['order'] ) ) : 0;
		// phpcs:enable
		echo '<div class="fulfilhub-screen"><h2>' . esc_html__( 'Orders sent to FulfilHub', 'fulfilhub-for-woocommerce' ) . '</h2>';
		if ( ! Store::connected() ) {
			printf( '<div class="notice inline notice-warning"><p>%s</p></div>', esc_html__( 'This shop is not connected: nothing is sent.', 'fulfilhub-for-woocommerce' ) );
		}
		self::problem();
		$table = new QueueTable( $state, $order_id );
		$table->prepare_items();
		$table->views();
		self::buttons( $order_id );
		$table->display();
		if ( Store::connected() ) {
			self::history();
		}
		echo '</div>';
	}

	/**
	 * Address of an action, with its nonce.
	 *
	 * @param string               $action Action.
	 * @param array<string, mixed> $query  More of the query.
	 */
	public static function action_url( string $action, array $query = array() ): string {
		return add_query_arg(
			array_merge(
				$query,
				array(
					'action'          => $action,
					'fulfilhub_nonce' => wp_create_nonce( 'fulfilhub_queue' ),
				)
			),
			admin_url( 'admin-post.php' )
		);
	}

	/**
	 * Why nothing goes out just now.
	 */
	private static function problem(): void {
		$health = Drain::health();
		if ( (int) $health['failures'] > 0 && (int) $health['pause_until'] > time() ) {
			/* translators: 1: what is wrong, 2: length of time */
			printf( '<div class="notice inline notice-error"><p>%s</p></div>', esc_html( sprintf( __( '%1$s Next try in %2$s; nothing is lost meanwhile.', 'fulfilhub-for-woocommerce' ), (string) $health['detail'], human_time_diff( time(), (int) $health['pause_until'] ) ) ) );
		}
	}

	/**
	 * The buttons above the list.
	 *
	 * @param int $order_id Order that is looked for.
	 */
	private static function buttons( int $order_id ): void {
		$counts = Table::counts();
		echo '<p class="submit fulfilhub-row">';
		if ( $counts['waiting'] > 0 ) {
			printf( '<a class="button" href="%s">%s</a> ', esc_url( self::action_url( 'fulfilhub_send_now' ) ), esc_html__( 'Send now', 'fulfilhub-for-woocommerce' ) );
		}
		if ( $counts['failed'] > 0 ) {
			printf( '<a class="button" href="%s">%s</a> ', esc_url( self::action_url( 'fulfilhub_resend_failed' ) ), esc_html__( 'Resend all failed', 'fulfilhub-for-woocommerce' ) );
		}
		// The form is WooCommerce's, so the button says where its own few fields go.
		printf( '<input type="hidden" name="page" value="wc-settings"><input type="hidden" name="tab" value="%s"><input type="hidden" name="section" value="queue">', esc_attr( SettingsTab::ID ) );
		printf( '<label class="screen-reader-text" for="fulfilhub-order">%s</label>', esc_html__( 'Order id', 'fulfilhub-for-woocommerce' ) );
		printf( '<input type="search" id="fulfilhub-order" name="order" size="10" value="%s" placeholder="%s"> ', $order_id ? esc_attr( (string) $order_id ) : '', esc_attr__( 'Order id', 'fulfilhub-for-woocommerce' ) );
		printf( '<button type="submit" class="button" formmethod="get" formaction="%s">%s</button>', esc_url( admin_url( 'admin.php' ) ), esc_html__( 'Find', 'fulfilhub-for-woocommerce' ) );
		echo '</p>';
	}

	/**
	 * The sending of historic orders.
	 */
	private static function history(): void {
		$progress = History::progress();
		echo '<h2>' . esc_html__( 'Orders from before', 'fulfilhub-for-woocommerce' ) . '</h2>';
		echo '<p>' . esc_html__( 'Sends orders that were there before this shop was connected, if they have one of the statuses that you chose. Orders that FulfilHub has already are passed over, so you can do this as often as you like.', 'fulfilhub-for-woocommerce' ) . '</p>';
		printf( '<div id="fulfilhub-history" data-state="%s">', esc_attr( (string) $progress['state'] ) );
		printf( '<p><label>%s <input type="date" id="fulfilhub-since" value="%s"></label></p>', esc_html__( 'Orders placed since', 'fulfilhub-for-woocommerce' ), esc_attr( (string) $progress['since'] ) );
		echo '<p class="submit">';
		foreach ( array(
			'start'  => __( 'Send orders', 'fulfilhub-for-woocommerce' ),
			'cancel' => __( 'Stop', 'fulfilhub-for-woocommerce' ),
			'resume' => __( 'Go on', 'fulfilhub-for-woocommerce' ),
		) as $what => $text ) {
			printf( '<button type="button" class="button" data-do="%s">%s</button> ', esc_attr( $what ), esc_html( $text ) );
		}
		printf( '</p><progress max="1" value="0"></progress><p role="status" class="fulfilhub-progress">%s</p></div>', esc_html( self::progress_text( $progress ) ) );
	}

	/**
	 * The progress in words.
	 *
	 * @param array<string, mixed> $progress Progress.
	 */
	public static function progress_text( array $progress ): string {
		if ( '' === $progress['state'] ) {
			return '';
		}
		/* translators: 1: orders looked at, 2: all orders, 3: orders queued */
		$text = sprintf( __( '%1$s of %2$s orders looked at, %3$s queued.', 'fulfilhub-for-woocommerce' ), number_format_i18n( (int) $progress['seen'] ), number_format_i18n( max( (int) $progress['total'], (int) $progress['seen'] ) ), number_format_i18n( (int) $progress['queued'] ) );
		$more = array(
			'running'   => __( 'This goes on in the background if you leave the page.', 'fulfilhub-for-woocommerce' ),
			'cancelled' => __( 'Stopped.', 'fulfilhub-for-woocommerce' ),
			'done'      => __( 'Done.', 'fulfilhub-for-woocommerce' ),
		);
		return $text . ' ' . ( isset( $more[ $progress['state'] ] ) ? $more[ $progress['state'] ] : '' );
	}
}
