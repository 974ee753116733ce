<?php
/**
 * The merchant's choices, as one option with a value for everything.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

/**
 * Reading and writing of the option `fulfilhub_settings`.
 */
final class Settings {
	const OPTION = 'fulfilhub_settings';

	/**
	 * What holds until the merchant chooses something else.
	 *
	 * @return array<string, mixed>
	 */
	public static function defaults(): array {
		return array(
			// Statuses (without "wc-") that bring an order to FulfilHub; whatever becomes of it afterwards is sent too.
			'send_statuses'       => array( 'processing' ),
			// Status after the last parcel, after one of several; '' leaves the order as it is.
			'status_shipped'      => 'completed',
			'status_partial'      => '',
			// Whether the plugin adds the status "Partially shipped" (wc-fh-partial) to the shop.
			'partial_status'      => false,
			'native_fulfillments' => true,
			'tracking_metas'      => true,
			'shipment_note'       => 'private',
			'stock_sync'          => false,
			// What a return does: 'note', 'refund' (recorded, no money moved), 'refund_payment' (through the gateway).
			'returns'             => 'note',
			'promise'             => false,
			'promise_product'     => false,
			'customer_status'     => true,
			'tracking_page'       => false,
			'tracking_path'       => 'track-order',
			'remove_all_data'     => false,
		);
	}

	/**
	 * Every setting, each of the type of its default.
	 *
	 * @return array<string, mixed>
	 */
	public static function all(): array {
		$kept = get_option( self::OPTION, array() );
		return array_merge( self::defaults(), is_array( $kept ) ? array_intersect_key( $kept, self::defaults() ) : array() );
	}

	/**
	 * One setting.
	 *
	 * @param string $name A key of `defaults()`.
	 * @return mixed
	 */
	public static function get( string $name ) {
		$all = self::all();
		return $all[ $name ];
	}

	/**
	 * Keeps new values; those not named stay.
	 *
	 * @param array<string, mixed> $values Values by name; names that no setting has are ignored.
	 */
	public static function set( array $values ): void {
		update_option( self::OPTION, array_merge( self::all(), array_intersect_key( $values, self::defaults() ) ) );
	}
}
