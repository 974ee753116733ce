<?php
/**
 * Looks after the connection, every hour.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Connection;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Install;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Queue\Drain;
use FulfilHub\WooCommerce\Queue\Table;

/**
 * Revives webhooks, reads what FulfilHub knows of this store, and wakes the queue should nothing else have done so.
 */
final class Watch {
	const HOOK   = 'fulfilhub_watch';
	const EVENTS = 'fulfilhub_events';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( self::HOOK, array( self::class, 'run' ) );
		add_action( 'fulfilhub_installed', array( self::class, 'start_if_connected' ) );
		// A site whose scheduled actions were cleared (by a clean-up plugin, or a restored backup) gets them again.
		add_action( 'admin_init', array( self::class, 'start_if_connected' ) );
	}

	/**
	 * Plans the hourly look.
	 */
	public static function start(): void {
		if ( function_exists( 'as_has_scheduled_action' ) && ! as_has_scheduled_action( self::HOOK, array(), Install::GROUP ) ) {
			as_schedule_recurring_action( time() + HOUR_IN_SECONDS, HOUR_IN_SECONDS, self::HOOK, array(), Install::GROUP, true );
		}
	}

	/**
	 * The same, at most once a day, where the shop is connected.
	 */
	public static function start_if_connected(): void {
		if ( wp_doing_ajax() || get_transient( 'fulfilhub_watching' ) ) {
			return;
		}
		if ( Store::connected() ) {
			self::start();
			if ( null !== Table::next_due() ) {
				Drain::soon();
			}
		}
		set_transient( 'fulfilhub_watching', 1, DAY_IN_SECONDS );
	}

	/**
	 * Ends the hourly look and all other planned work.
	 */
	public static function stop(): void {
		delete_transient( 'fulfilhub_watching' );
		if ( function_exists( 'as_unschedule_all_actions' ) ) {
			as_unschedule_all_actions( '', array(), Install::GROUP );
		}
	}

	/**
	 * One look.
	 */
	public static function run(): void {
		if ( ! Store::connected() || Store::is_copy() ) {
			return;
		}
		foreach ( Webhooks::revive() as $topic => $fault ) {
			self::note( 'webhook_' . $fault, $topic );
		}
		Rotation::forget_old();
		Rotation::go_on();
		self::refresh();
		self::catch_up();
		Table::forget_deleted( time() - 30 * DAY_IN_SECONDS );
		if ( null !== Table::next_due() ) {
			Drain::run();
		}
	}

	/**
	 * Reads what FulfilHub knows of this store, and keeps what the screens show; tells it of other versions than before.
	 *
	 * @return \FulfilHub\WooCommerce\Http\Answer
	 */
	public static function refresh() {
		$versions = Connector::versions();
		$same     = implode( ' ', $versions ) === Store::get( 'versions' );
		$answer   = $same ? Api::storefront() : Api::change( array( 'plugin' => $versions ) );
		if ( $answer->ok() ) {
			Store::change( array( 'versions' => implode( ' ', $versions ) ) );
			self::keep( $answer->data );
		} elseif ( 410 === $answer->status ) {
			Store::end( 'fulfilhub' );
		}
		return $answer;
	}

	/**
	 * Reads the states of the orders that were sent last, in one call: FulfilHub tells them by itself, but a firewall may
	 * have kept it out.
	 */
	private static function catch_up(): void {
		$ids    = Table::sent_since( time() - 14 * DAY_IN_SECONDS, 100 );
		$answer = $ids ? Api::orders( $ids ) : null;
		if ( null === $answer || ! $answer->ok() || ! isset( $answer->data['data'] ) || ! is_array( $answer->data['data'] ) ) {
			return;
		}
		foreach ( $answer->data['data'] as $state ) {
			$order = is_array( $state ) && isset( $state['external_id'], $state['revision'] ) ? wc_get_order( (int) $state['external_id'] ) : null;
			if ( ! $order instanceof \WC_Order ) {
				continue;
			}
			$kept = State::of( $order );
			if ( null === $kept || (int) $kept['revision'] < (int) $state['revision'] ) {
				State::keep( $order->get_id(), $state );
			}
		}
	}

	/**
	 * Keeps what FulfilHub tells of this store.
	 *
	 * @param array<string, mixed> $told Body of GET /v1/storefront.
	 */
	public static function keep( array $told ): void {
		$organisation = isset( $told['organisation'] ) ? $told['organisation'] : '';
		$values       = array(
			'store_name'    => isset( $told['store']['name'] ) ? (string) $told['store']['name'] : Store::get( 'store_name' ),
			'store_state'   => isset( $told['store']['state'] ) ? (string) $told['store']['state'] : '',
			'organisation'  => is_array( $organisation ) ? (string) ( isset( $organisation['name'] ) ? $organisation['name'] : '' ) : (string) $organisation,
			'mode'          => isset( $told['mode'] ) ? (string) $told['mode'] : '',
			'tracking_page' => isset( $told['tracking_page'] ) ? (string) $told['tracking_page'] : '',
			'intake'        => isset( $told['intake'] ) && is_array( $told['intake'] ) ? $told['intake'] : array(),
			'outgoing'      => isset( $told['outgoing'] ) && is_array( $told['outgoing'] ) ? $told['outgoing'] : array(),
			'told_at'       => time(),
		);
		if ( isset( $told['stock_sync'] ) ) {
			$values['stock_sync'] = (bool) $told['stock_sync'];
		}
		Store::change( $values );
	}

	/**
	 * Notes something that the merchant may want to know, the newest twenty of them.
	 *
	 * @param string $code What happened: webhook_disabled, webhook_missing, webhook_changed, connected, rotated, ...
	 * @param string $text More about it.
	 */
	public static function note( string $code, string $text = '' ): void {
		$events = self::events();
		array_unshift(
			$events,
			array(
				'at'   => time(),
				'code' => $code,
				'text' => $text,
			)
		);
		update_option( self::EVENTS, array_slice( $events, 0, 20 ), false );
	}

	/**
	 * What was noted, newest first.
	 *
	 * @return array<int, array{at: int, code: string, text: string}>
	 */
	public static function events(): array {
		$kept = get_option( self::EVENTS, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * What was noted, in words.
	 *
	 * @param array{at: int, code: string, text: string} $event Event.
	 */
	public static function words( array $event ): string {
		$words = array(
			/* translators: %s: topic of a webhook */
			'webhook_disabled' => __( 'WooCommerce had switched the webhook %s off after failed deliveries; it is on again.', 'fulfilhub-for-woocommerce' ),
			/* translators: %s: topic of a webhook */
			'webhook_missing'  => __( 'The webhook %s was gone; it was made again.', 'fulfilhub-for-woocommerce' ),
			/* translators: %s: topic of a webhook */
			'webhook_changed'  => __( 'The webhook %s was changed; its address and secret are right again.', 'fulfilhub-for-woocommerce' ),
			/* translators: %s: name of the store */
			'connected'        => __( 'Connected as %s.', 'fulfilhub-for-woocommerce' ),
			'rotated'          => __( 'All keys were changed.', 'fulfilhub-for-woocommerce' ),
		);
		return isset( $words[ $event['code'] ] ) ? sprintf( $words[ $event['code'] ], $event['text'] ) : $event['text'];
	}
}
