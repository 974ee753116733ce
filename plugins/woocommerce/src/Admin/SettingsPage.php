<?php
/**
 * The screens of the tab "FulfilHub".
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Admin;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Connection\ConnectionView;
use FulfilHub\WooCommerce\Connection\Connector;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Connection\Watch;
use FulfilHub\WooCommerce\Queue\QueueView;
use FulfilHub\WooCommerce\Settings;
use FulfilHub\WooCommerce\Sync\PartialStatus;

/**
 * Loaded only where WooCommerce shows its settings.
 */
final class SettingsPage extends \WC_Settings_Page {
	/**
	 * Makes the tab.
	 */
	public function __construct() {
		$this->id    = SettingsTab::ID;
		$this->label = __( 'FulfilHub', 'fulfilhub-for-woocommerce' );
		parent::__construct();
	}

	/**
	 * The screens.
	 *
	 * @return array<string, string>
	 */
	public function get_own_sections() {
		return array(
			''         => __( 'Connection', 'fulfilhub-for-woocommerce' ),
			'settings' => __( 'Settings', 'fulfilhub-for-woocommerce' ),
			'queue'    => __( 'Orders sent', 'fulfilhub-for-woocommerce' ),
		);
	}

	/**
	 * Prints the screen.
	 */
	public function output() {
		global $current_section, $hide_save_button;
		SettingsTab::show_said();
		if ( 'settings' === $current_section ) {
			\WC_Admin_Settings::output_fields( $this->fields() );
			return;
		}
		$hide_save_button = true; // phpcs:ignore WordPress.WP.GlobalVariablesOverride.Prohibited -- WooCommerce's own switch for this.
		if ( 'queue' === $current_section ) {
			QueueView::show();
		} else {
			ConnectionView::show();
		}
	}

	/**
	 * Keeps what was chosen; WooCommerce looked at the nonce.
	 */
	public function save() {
		global $current_section;
		if ( 'settings' !== $current_section || ! current_user_can( 'manage_woocommerce' ) ) {
			return;
		}
		$before = Settings::all();
		$values = array();
		foreach ( Settings::defaults() as $name => $default ) {
			// phpcs:ignore WordPress.Security -- WC_Admin_Settings::save() looked at the nonce; clean() sanitises.
			$values[ $name ] = $this->clean( $name, $default, isset( $_POST[ 'fulfilhub_' . $name ] ) ? wp_unslash( $_POST[ 'fulfilhub_' . $name ] ) : null );
		}
		$values = $this->settle_partial( $before, $values );
		Settings::set( $values );
		if ( $before['tracking_path'] !== $values['tracking_path'] || $before['tracking_page'] !== $values['tracking_page'] ) {
			update_option( 'fulfilhub_flush_rewrite', 'yes' );
		}
		if ( ! Store::connected() ) {
			return;
		}
		$answer = Api::change(
			array(
				'plugin'   => Connector::versions(),
				'settings' => array( 'stock_sync' => $values['stock_sync'] ),
			)
		);
		if ( $answer->ok() ) {
			Watch::keep( $answer->data );
		} elseif ( $before['stock_sync'] !== $values['stock_sync'] ) {
			Settings::set( array( 'stock_sync' => $before['stock_sync'] ) );
			/* translators: %s: technical reason */
			\WC_Admin_Settings::add_error( sprintf( __( 'FulfilHub could not be told about stock levels, so this stays as it was: %s', 'fulfilhub-for-woocommerce' ), $answer->detail() ) );
		}
	}

	/**
	 * Whoever lets orders have the status "Partially shipped" gets it; and while any has it, it stays: no list of
	 * WooCommerce shows an order whose status nobody knows.
	 *
	 * @param array<string, mixed> $before Settings before.
	 * @param array<string, mixed> $values Settings as they were chosen.
	 * @return array<string, mixed>
	 */
	private function settle_partial( array $before, array $values ): array {
		$own = substr( PartialStatus::KEY, 3 );
		if ( $values['status_partial'] === $own ) {
			$values['partial_status'] = true;
		} elseif ( $before['partial_status'] && ! $values['partial_status'] ) {
			$left = (int) wc_orders_count( $own );
			if ( $left > 0 ) {
				$values['partial_status'] = true;
				/* translators: %d: number of orders */
				\WC_Admin_Settings::add_error( sprintf( _n( '%d order still has the status "Partially shipped", so the status stays.', '%d orders still have the status "Partially shipped", so the status stays.', $left, 'fulfilhub-for-woocommerce' ), $left ) );
			}
		}
		return $values;
	}

	/**
	 * One value as it may be kept.
	 *
	 * @param string $name    Name of the setting.
	 * @param mixed  $default Default; its type is the setting's.
	 * @param mixed  $given   What came, unslashed; null where nothing did.
	 * @return mixed
	 */
	private function clean( string $name, $default, $given ) {
		if ( is_bool( $default ) ) {
			return null !== $given;
		}
		if ( 'send_statuses' === $name ) {
			return array_values( array_intersect( array_keys( self::statuses() ), is_array( $given ) ? array_map( 'sanitize_key', $given ) : array() ) );
		}
		if ( 'tracking_path' === $name ) {
			$path = trim( sanitize_title( is_string( $given ) ? $given : '' ), '/' );
			return '' === $path ? $default : $path;
		}
		$given   = is_string( $given ) ? sanitize_key( $given ) : '';
		$choices = array(
			'status_shipped' => array_merge( array( '' ), array_keys( self::statuses() ) ),
			'status_partial' => array_merge( array( '' ), array_keys( self::statuses() ) ),
			'shipment_note'  => array( 'private', 'customer', 'none' ),
			'returns'        => array( 'note', 'refund', 'refund_payment' ),
		);
		return isset( $choices[ $name ] ) && in_array( $given, $choices[ $name ], true ) ? $given : $default;
	}

	/**
	 * Names of the shop's statuses by their keys without "wc-".
	 *
	 * @return array<string, string>
	 */
	private static function statuses(): array {
		$statuses = array( 'fh-partial' => __( 'Partially shipped', 'fulfilhub-for-woocommerce' ) );
		foreach ( wc_get_order_statuses() as $key => $name ) {
			$statuses[ (string) preg_replace( '/^wc-/', '', $key ) ] = $name;
		}
		unset( $statuses['checkout-draft'] );
		return $statuses;
	}

	/**
	 * The fields of the settings screen.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	private function fields(): array {
		$all    = Settings::all();
		$leave  = array( '' => __( 'Leave the order as it is', 'fulfilhub-for-woocommerce' ) );
		$plain  = self::statuses();
		$sent   = $plain;
		$fields = array();
		unset( $sent['fh-partial'], $plain['fh-partial'] );
		$fields[] = $this->heading( 'orders', __( 'Orders to FulfilHub', 'fulfilhub-for-woocommerce' ), __( 'Orders that hold nothing to ship (only virtual products) are never sent. Once an order was sent, every later change of it is sent too, whatever its status.', 'fulfilhub-for-woocommerce' ) );
		$fields[] = $this->field(
			'send_statuses',
			'multiselect',
			__( 'Send orders that are', 'fulfilhub-for-woocommerce' ),
			$all,
			array(
				'options' => $sent,
				'class'   => 'wc-enhanced-select',
			)
		);
		$fields[] = $this->end( 'orders' );
		$fields[] = $this->heading( 'back', __( 'Shipments back', 'fulfilhub-for-woocommerce' ) );
		$fields[] = $this->field( 'status_shipped', 'select', __( 'When everything is shipped', 'fulfilhub-for-woocommerce' ), $all, array( 'options' => $leave + $plain ) );
		$fields[] = $this->field( 'status_partial', 'select', __( 'When a part is shipped', 'fulfilhub-for-woocommerce' ), $all, array( 'options' => $leave + self::statuses() ) );
		$fields[] = $this->check( 'partial_status', __( 'Own status', 'fulfilhub-for-woocommerce' ), __( 'Add the status "Partially shipped" to this shop', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->field(
			'shipment_note',
			'select',
			__( 'Note on the order', 'fulfilhub-for-woocommerce' ),
			$all,
			array(
				'options' => array(
					'private'  => __( 'For the shop only', 'fulfilhub-for-woocommerce' ),
					'customer' => __( 'For the customer too (WooCommerce sends it by e-mail)', 'fulfilhub-for-woocommerce' ),
					'none'     => __( 'None', 'fulfilhub-for-woocommerce' ),
				),
			)
		);
		$fields[] = $this->check( 'native_fulfillments', __( 'Order fulfilments', 'fulfilhub-for-woocommerce' ), __( 'Write shipments as WooCommerce\'s own fulfilments where that feature is on', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->check( 'tracking_metas', __( 'Tracking plugins', 'fulfilhub-for-woocommerce' ), __( 'Write tracking numbers in the way that Shipment Tracking and Advanced Shipment Tracking read', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->end( 'back' );
		$fields[] = $this->heading( 'stock', __( 'Stock and returns', 'fulfilhub-for-woocommerce' ) );
		$fields[] = $this->check( 'stock_sync', __( 'Stock levels', 'fulfilhub-for-woocommerce' ), __( 'Let FulfilHub set the stock of products whose stock WooCommerce manages', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->field(
			'returns',
			'select',
			__( 'When returned goods were inspected', 'fulfilhub-for-woocommerce' ),
			$all,
			array(
				'options' => array(
					'note'           => __( 'Write a note on the order', 'fulfilhub-for-woocommerce' ),
					'refund'         => __( 'Record a refund, without moving money', 'fulfilhub-for-woocommerce' ),
					'refund_payment' => __( 'Refund through the payment gateway', 'fulfilhub-for-woocommerce' ),
				),
			)
		);
		$fields[] = $this->end( 'stock' );
		return array_merge( $fields, $this->more_fields( $all ) );
	}

	/**
	 * The fields about customers and data.
	 *
	 * @param array<string, mixed> $all All settings.
	 * @return array<int, array<string, mixed>>
	 */
	private function more_fields( array $all ): array {
		$fields   = array();
		$fields[] = $this->heading( 'customers', __( 'For your customers', 'fulfilhub-for-woocommerce' ) );
		$fields[] = $this->check( 'promise', __( 'Delivery date', 'fulfilhub-for-woocommerce' ), __( 'Show "Delivered by ..." beside shipping methods in cart and checkout', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->check( 'promise_product', '', __( 'Show the delivery date on product pages too, to visitors whose postcode is known', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->check( 'customer_status', __( 'Order pages', 'fulfilhub-for-woocommerce' ), __( 'Show status, parcels and the return link in My account and after the checkout', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->check( 'tracking_page', __( 'Tracking page', 'fulfilhub-for-woocommerce' ), __( 'Show FulfilHub\'s tracking page under the shop\'s own address', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->field( 'tracking_path', 'text', __( 'Its path', 'fulfilhub-for-woocommerce' ), $all, array( 'desc' => Store::home() . '/' . $all['tracking_path'] . '/...' ) );
		$fields[] = $this->end( 'customers' );
		$fields[] = $this->heading( 'data', __( 'Data', 'fulfilhub-for-woocommerce' ) );
		$fields[] = $this->check( 'remove_all_data', __( 'When the plugin is deleted', 'fulfilhub-for-woocommerce' ), __( 'Remove what it wrote on orders too (settings, keys, webhooks and the queue always go)', 'fulfilhub-for-woocommerce' ), $all );
		$fields[] = $this->end( 'data' );
		return $fields;
	}

	/**
	 * A heading.
	 *
	 * @param string $id    Id.
	 * @param string $title Title.
	 * @param string $text  Text below it.
	 * @return array<string, mixed>
	 */
	private function heading( string $id, string $title, string $text = '' ): array {
		return array(
			'type'  => 'title',
			'id'    => 'fulfilhub_' . $id,
			'title' => $title,
			'desc'  => $text,
		);
	}

	/**
	 * The end of what is below a heading.
	 *
	 * @param string $id Id.
	 * @return array<string, mixed>
	 */
	private function end( string $id ): array {
		return array(
			'type' => 'sectionend',
			'id'   => 'fulfilhub_' . $id,
		);
	}

	/**
	 * A field.
	 *
	 * @param string               $name  Name of the setting.
	 * @param string               $type  WooCommerce's type.
	 * @param string               $title Title.
	 * @param array<string, mixed> $all   All settings.
	 * @param array<string, mixed> $more  More of the field.
	 * @return array<string, mixed>
	 */
	private function field( string $name, string $type, string $title, array $all, array $more ): array {
		return array_merge(
			array(
				'id'        => 'fulfilhub_' . $name,
				'type'      => $type,
				'title'     => $title,
				'value'     => $all[ $name ],
				'default'   => '',
				'is_option' => false,
			),
			$more
		);
	}

	/**
	 * A checkbox.
	 *
	 * @param string               $name  Name of the setting.
	 * @param string               $title Title.
	 * @param string               $text  Text beside the box.
	 * @param array<string, mixed> $all   All settings.
	 * @return array<string, mixed>
	 */
	private function check( string $name, string $title, string $text, array $all ): array {
		return $this->field(
			$name,
			'checkbox',
			$title,
			$all,
			array(
				'desc'  => $text,
				'value' => $all[ $name ] ? 'yes' : 'no',
			)
		);
	}
}
