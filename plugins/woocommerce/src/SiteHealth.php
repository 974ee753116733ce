<?php
/**
 * Tools > Site Health.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

use Automattic\WooCommerce\Utilities\OrderUtil;
use FulfilHub\WooCommerce\Admin\SettingsTab;
use FulfilHub\WooCommerce\Connection\Checks;
use FulfilHub\WooCommerce\Connection\Keys;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Connection\Webhooks;
use FulfilHub\WooCommerce\Queue\Drain;
use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\Sync\Fulfillments;

/**
 * Tests of the connection and the queue, and facts for whoever helps the merchant. No secret is among them.
 */
final class SiteHealth {
	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'site_status_tests', array( $this, 'add_tests' ) );
		add_filter( 'debug_information', array( $this, 'add_facts' ) );
	}

	/**
	 * Adds the tests.
	 *
	 * @param array<string, array<string, mixed>> $tests Tests.
	 * @return array<string, array<string, mixed>>
	 */
	public function add_tests( $tests ) {
		$tests['direct']['fulfilhub_connection'] = array(
			'label' => __( 'FulfilHub connection', 'fulfilhub-for-woocommerce' ),
			'test'  => array( $this, 'connection' ),
		);
		$tests['direct']['fulfilhub_queue']      = array(
			'label' => __( 'Orders to FulfilHub', 'fulfilhub-for-woocommerce' ),
			'test'  => array( $this, 'queue' ),
		);
		return $tests;
	}

	/**
	 * The connection. Nothing is called here: Site Health runs by itself every week.
	 *
	 * @return array<string, mixed>
	 */
	public function connection() {
		if ( ! Store::connected() ) {
			return self::result( 'fulfilhub_connection', 'recommended', __( 'This shop is not connected to FulfilHub', 'fulfilhub-for-woocommerce' ), __( 'Orders are not sent to your warehouses. Connect the shop, or deactivate the plugin.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( Store::is_copy() ) {
			return self::result( 'fulfilhub_connection', 'recommended', __( 'This site looks like a copy of the shop that was connected to FulfilHub', 'fulfilhub-for-woocommerce' ), __( 'Nothing is sent from here. If the shop moved, connect it again.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( '' !== Keys::fault( (int) Store::get( 'key_id' ) ) ) {
			return self::result( 'fulfilhub_connection', 'critical', __( 'FulfilHub cannot call this shop', 'fulfilhub-for-woocommerce' ), __( 'The REST keys that it uses were deleted or changed, or their user may no longer manage WooCommerce. Connect again: new keys are made.', 'fulfilhub-for-woocommerce' ) );
		}
		foreach ( Checks::last()['checks'] as $check ) {
			if ( empty( $check['ok'] ) ) {
				return self::result( 'fulfilhub_connection', 'recommended', __( 'A check of the FulfilHub connection failed', 'fulfilhub-for-woocommerce' ), $check['title'] . ': ' . $check['detail'] . ' ' . $check['fix'] );
			}
		}
		return self::result( 'fulfilhub_connection', 'good', __( 'This shop is connected to FulfilHub', 'fulfilhub-for-woocommerce' ), __( 'Orders go out and shipments come back.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * The queue.
	 *
	 * @return array<string, mixed>
	 */
	public function queue() {
		$counts = Table::counts();
		$health = Drain::health();
		$url    = SettingsTab::url( 'queue' );
		if ( $counts['failed'] > 0 ) {
			/* translators: %d: number of orders */
			return self::result( 'fulfilhub_queue', 'critical', sprintf( _n( '%d order could not be sent to FulfilHub', '%d orders could not be sent to FulfilHub', $counts['failed'], 'fulfilhub-for-woocommerce' ), $counts['failed'] ), __( 'Look at the reasons, mend them and send the orders again.', 'fulfilhub-for-woocommerce' ), $url );
		}
		if ( Store::connected() && $counts['waiting'] > 0 && $counts['oldest'] < time() - HOUR_IN_SECONDS ) {
			$why = (int) $health['failures'] > 0 ? (string) $health['detail'] : __( 'Scheduled actions do not run on this site: see the checks of the connection.', 'fulfilhub-for-woocommerce' );
			return self::result( 'fulfilhub_queue', 'critical', __( 'Orders have been waiting for more than an hour to be sent to FulfilHub', 'fulfilhub-for-woocommerce' ), $why, $url );
		}
		return self::result( 'fulfilhub_queue', 'good', __( 'Orders reach FulfilHub', 'fulfilhub-for-woocommerce' ), __( 'No order waits for long, and none has failed.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Adds the facts.
	 *
	 * @param array<string, array<string, mixed>> $facts Facts.
	 * @return array<string, array<string, mixed>>
	 */
	public function add_facts( $facts ) {
		$counts = Table::counts();
		$health = Drain::health();
		$hooks  = array();
		foreach ( Webhooks::ids() as $topic => $id ) {
			$webhook = Webhooks::find( $id );
			$hooks[] = $topic . ': ' . ( $webhook ? $webhook->get_status() : 'missing' );
		}
		$facts['fulfilhub'] = array(
			'label'  => 'FulfilHub for WooCommerce',
			'fields' => array(
				'version'      => self::fact( 'Version', FULFILHUB_WC_VERSION ),
				'connected'    => self::fact( 'Connected', Store::connected() ? 'yes' : 'no' ),
				'address'      => self::fact( 'Address', Store::address() ),
				'store'        => self::fact( 'Store', Store::get( 'store_id' ) ),
				'queue'        => self::fact( 'Queue', sprintf( '%d waiting (%d tried), %d sent, %d failed', $counts['waiting'], $counts['trying'], $counts['sent'], $counts['failed'] ) ),
				'last_ok'      => self::fact( 'Last sent', (int) $health['last_ok_at'] ? gmdate( 'c', (int) $health['last_ok_at'] ) : '-' ),
				'last_error'   => self::fact( 'Last error', (int) $health['last_error_at'] ? gmdate( 'c', (int) $health['last_error_at'] ) . ' ' . $health['code'] : '-' ),
				'webhooks'     => self::fact( 'Webhooks', implode( ', ', $hooks ) ),
				'hpos'         => self::fact( 'HPOS', OrderUtil::custom_orders_table_usage_is_enabled() ? 'yes' : 'no' ),
				'fulfillments' => self::fact( 'Order fulfilments', Fulfillments::are_on() ? 'on' : 'off' ),
			),
		);
		return $facts;
	}

	/**
	 * One fact. Their names stay English: they are read by those who help.
	 *
	 * @param string $label Name.
	 * @param string $value Value.
	 * @return array{label: string, value: string}
	 */
	private static function fact( string $label, string $value ): array {
		return array(
			'label' => $label,
			'value' => $value,
		);
	}

	/**
	 * One result.
	 *
	 * @param string $test   Test.
	 * @param string $status good, recommended or critical.
	 * @param string $label  Headline.
	 * @param string $text   Text.
	 * @param string $url    Where to mend it; '' for the connection screen.
	 * @return array<string, mixed>
	 */
	private static function result( string $test, string $status, string $label, string $text, string $url = '' ): array {
		return array(
			'test'        => $test,
			'status'      => $status,
			'label'       => $label,
			'description' => '<p>' . esc_html( $text ) . '</p>',
			'actions'     => 'good' === $status ? '' : sprintf( '<p><a href="%s">%s</a></p>', esc_url( '' === $url ? SettingsTab::url() : $url ), esc_html__( 'Open FulfilHub\'s settings', 'fulfilhub-for-woocommerce' ) ),
			'badge'       => array(
				'label' => 'FulfilHub',
				'color' => 'good' === $status ? 'blue' : 'red',
			),
		);
	}
}
