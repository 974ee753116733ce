<?php
/**
 * The words for FulfilHub's codes: what a merchant or a customer reads instead of `partially_shipped`.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

/**
 * Pure but for the translation. A code that is newer than this plugin is shown in FulfilHub's own words.
 *
 * Tones say how a thing stands: `good`, `moving`, `waiting`, `attention`, `bad`, `quiet`.
 */
final class Words {
	/**
	 * An order's status for the merchant.
	 *
	 * @param string $status Code.
	 * @param string $text   FulfilHub's words, for codes that are not known here.
	 * @return array{label: string, tone: string}
	 */
	public static function status( string $status, string $text = '' ): array {
		$known = array(
			'needs_review'        => array( __( 'Needs review', 'fulfilhub-for-woocommerce' ), 'bad' ),
			'awaiting_payment'    => array( __( 'Awaiting payment', 'fulfilhub-for-woocommerce' ), 'waiting' ),
			'received'            => array( __( 'Received', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'on_hold'             => array( __( 'On hold', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'backordered'         => array( __( 'Waiting for stock', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'routed'              => array( __( 'With the warehouse', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'in_progress'         => array( __( 'Being picked', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'partially_shipped'   => array( __( 'Partly shipped', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'shipped'             => array( __( 'Shipped', 'fulfilhub-for-woocommerce' ), 'good' ),
			'partially_delivered' => array( __( 'Partly delivered', 'fulfilhub-for-woocommerce' ), 'good' ),
			'delivered'           => array( __( 'Delivered', 'fulfilhub-for-woocommerce' ), 'good' ),
			'partially_returned'  => array( __( 'Partly returned', 'fulfilhub-for-woocommerce' ), 'quiet' ),
			'returned'            => array( __( 'Returned', 'fulfilhub-for-woocommerce' ), 'quiet' ),
			'cancelled'           => array( __( 'Cancelled', 'fulfilhub-for-woocommerce' ), 'quiet' ),
			'not_required'        => array( __( 'Nothing to ship', 'fulfilhub-for-woocommerce' ), 'quiet' ),
		);
		return self::pick( $known, $status, $text, 'quiet' );
	}

	/**
	 * How an order that FulfilHub does not have stands in the plugin's queue.
	 *
	 * @param string $intake none, waiting, sent, failed or skipped.
	 * @return array{label: string, tone: string}
	 */
	public static function intake( string $intake ): array {
		$known = array(
			'waiting' => array( __( 'Waiting to be sent', 'fulfilhub-for-woocommerce' ), 'waiting' ),
			'sent'    => array( __( 'Sent', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'failed'  => array( __( 'Not accepted', 'fulfilhub-for-woocommerce' ), 'bad' ),
			'skipped' => array( __( 'Nothing to ship', 'fulfilhub-for-woocommerce' ), 'quiet' ),
		);
		return self::pick( $known, $intake, __( 'Not sent', 'fulfilhub-for-woocommerce' ), 'quiet' );
	}

	/**
	 * A parcel's state, for merchant and customer alike.
	 *
	 * @param string $state Code.
	 * @param string $text  FulfilHub's words.
	 * @return array{label: string, tone: string}
	 */
	public static function parcel( string $state, string $text = '' ): array {
		$known = array(
			'label_created'    => array( __( 'Ready for the carrier', 'fulfilhub-for-woocommerce' ), 'waiting' ),
			'picked_up'        => array( __( 'With the carrier', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'in_transit'       => array( __( 'On its way', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'customs'          => array( __( 'At customs', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'out_for_delivery' => array( __( 'Out for delivery', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'ready_for_pickup' => array( __( 'Ready to collect', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'attempt_failed'   => array( __( 'Delivery was attempted', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'delayed'          => array( __( 'Delayed', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'exception'        => array( __( 'Held up at the carrier', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'delivered'        => array( __( 'Delivered', 'fulfilhub-for-woocommerce' ), 'good' ),
			'returning'        => array( __( 'On its way back to the sender', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'returned'         => array( __( 'Back with the sender', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'cancelled'        => array( __( 'Cancelled', 'fulfilhub-for-woocommerce' ), 'quiet' ),
		);
		return self::pick( $known, $state, '' === $text ? __( 'On its way', 'fulfilhub-for-woocommerce' ) : $text, 'moving' );
	}

	/**
	 * How the promise to the customer stands, for the merchant.
	 *
	 * @param string $state on_time, at_risk, kept, broken or none.
	 * @return array{label: string, tone: string}
	 */
	public static function promise( string $state ): array {
		$known = array(
			'on_time'  => array( __( 'On time', 'fulfilhub-for-woocommerce' ), 'good' ),
			'on_track' => array( __( 'On time', 'fulfilhub-for-woocommerce' ), 'good' ),
			'at_risk'  => array( __( 'Promise at risk', 'fulfilhub-for-woocommerce' ), 'attention' ),
			'kept'     => array( __( 'Promise kept', 'fulfilhub-for-woocommerce' ), 'good' ),
			'excused'  => array( __( 'Late, excused', 'fulfilhub-for-woocommerce' ), 'quiet' ),
			'broken'   => array( __( 'Promise missed', 'fulfilhub-for-woocommerce' ), 'bad' ),
		);
		return self::pick( $known, $state, '', 'quiet' );
	}

	/**
	 * A return's status.
	 *
	 * @param string $status Code.
	 * @param string $text   FulfilHub's words.
	 * @return array{label: string, tone: string}
	 */
	public static function return_status( string $status, string $text = '' ): array {
		$known = array(
			'requested'  => array( __( 'Asked for', 'fulfilhub-for-woocommerce' ), 'waiting' ),
			'approved'   => array( __( 'Approved', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'declined'   => array( __( 'Declined', 'fulfilhub-for-woocommerce' ), 'quiet' ),
			'in_transit' => array( __( 'On its way back', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'received'   => array( __( 'Arrived', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'inspected'  => array( __( 'Checked', 'fulfilhub-for-woocommerce' ), 'moving' ),
			'completed'  => array( __( 'Done', 'fulfilhub-for-woocommerce' ), 'good' ),
			'cancelled'  => array( __( 'Cancelled', 'fulfilhub-for-woocommerce' ), 'quiet' ),
			'expired'    => array( __( 'Not sent back in time', 'fulfilhub-for-woocommerce' ), 'quiet' ),
		);
		return self::pick( $known, $status, $text, 'quiet' );
	}

	/**
	 * Why an order is held.
	 *
	 * @param string $reason Code.
	 * @param string $text   FulfilHub's words.
	 */
	public static function hold( string $reason, string $text = '' ): string {
		$known = self::hold_reasons() + array(
			'awaiting_return_items' => __( 'Awaiting returned items', 'fulfilhub-for-woocommerce' ),
			'out_of_stock'          => __( 'Out of stock', 'fulfilhub-for-woocommerce' ),
			'cannot_be_routed'      => __( 'No warehouse can ship it', 'fulfilhub-for-woocommerce' ),
			'unknown_delivery_date' => __( 'Delivery date not known', 'fulfilhub-for-woocommerce' ),
		);
		if ( isset( $known[ $reason ] ) ) {
			return $known[ $reason ];
		}
		return '' === $text ? self::readable( $reason ) : $text;
	}

	/**
	 * The reasons that a merchant can hold an order for, in the order of the list.
	 *
	 * @return array<string, string> Words by code.
	 */
	public static function hold_reasons(): array {
		return array(
			'customer_request'       => __( 'Customer asked to wait', 'fulfilhub-for-woocommerce' ),
			'incorrect_address'      => __( 'Address to be checked', 'fulfilhub-for-woocommerce' ),
			'fraud_risk'             => __( 'Fraud check', 'fulfilhub-for-woocommerce' ),
			'awaiting_payment'       => __( 'Awaiting payment', 'fulfilhub-for-woocommerce' ),
			'awaiting_confirmation'  => __( 'Awaiting confirmation', 'fulfilhub-for-woocommerce' ),
			'awaiting_documentation' => __( 'Awaiting documents', 'fulfilhub-for-woocommerce' ),
			'pack_and_hold'          => __( 'Pack and hold', 'fulfilhub-for-woocommerce' ),
			'query_raised'           => __( 'Query raised', 'fulfilhub-for-woocommerce' ),
			'other'                  => __( 'Other reason', 'fulfilhub-for-woocommerce' ),
		);
	}

	/**
	 * A change that waits for the warehouse's answer.
	 *
	 * @param string $kind cancel, edit, lines or address.
	 * @param string $text FulfilHub's words.
	 */
	public static function request( string $kind, string $text = '' ): string {
		$known = array(
			'cancel'  => __( 'The warehouse was asked to cancel', 'fulfilhub-for-woocommerce' ),
			'edit'    => __( 'The warehouse was asked to change the order', 'fulfilhub-for-woocommerce' ),
			'lines'   => __( 'The warehouse was asked to take items off', 'fulfilhub-for-woocommerce' ),
			'address' => __( 'The warehouse was asked to change the address', 'fulfilhub-for-woocommerce' ),
		);
		return isset( $known[ $kind ] ) ? $known[ $kind ] : $text;
	}

	/**
	 * A code made readable, where there are no better words.
	 *
	 * @param string $code A code such as `short_picked`.
	 */
	public static function readable( string $code ): string {
		return ucfirst( str_replace( '_', ' ', $code ) );
	}

	/**
	 * Words and tone of a code.
	 *
	 * @param array<string, array{0: string, 1: string}> $known Words and tone by code.
	 * @param string                                     $code  Code.
	 * @param string                                     $text  Words for an unknown code.
	 * @param string                                     $tone  Tone of an unknown code.
	 * @return array{label: string, tone: string}
	 */
	private static function pick( array $known, string $code, string $text, string $tone ): array {
		if ( isset( $known[ $code ] ) ) {
			return array(
				'label' => $known[ $code ][0],
				'tone'  => $known[ $code ][1],
			);
		}
		return array(
			'label' => '' === $text ? self::readable( $code ) : $text,
			'tone'  => $tone,
		);
	}
}
