<?php
/**
 * WordPress's tools for personal data.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Queue\Collector;
use FulfilHub\WooCommerce\Sync\Returns;
use FulfilHub\WooCommerce\Sync\Shipments;
use FulfilHub\WooCommerce\Sync\Tracking;

/**
 * What the plugin keeps of a customer is on their orders: state, parcels and returns. It is exported and erased there;
 * what FulfilHub holds is erased by its own request, which the suggested policy text says.
 */
final class Privacy {
	const PAGE = 20;

	/**
	 * Metas of orders that the plugin writes.
	 */
	const METAS = array( State::META, Shipments::META, Returns::META, '_fulfilhub_mailed' );

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'wp_privacy_personal_data_exporters', array( $this, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( $this, 'add_eraser' ) );
		add_action( 'woocommerce_privacy_remove_order_personal_data', array( $this, 'erase_order' ) );
		add_action( 'admin_init', array( $this, 'suggest_policy' ) );
	}

	/**
	 * Adds the exporter.
	 *
	 * @param array<string, array<string, mixed>> $exporters Exporters.
	 * @return array<string, array<string, mixed>>
	 */
	public function add_exporter( $exporters ) {
		$exporters['fulfilhub'] = array(
			'exporter_friendly_name' => __( 'FulfilHub: parcels of orders', 'fulfilhub-for-woocommerce' ),
			'callback'               => array( $this, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Adds the eraser.
	 *
	 * @param array<string, array<string, mixed>> $erasers Erasers.
	 * @return array<string, array<string, mixed>>
	 */
	public function add_eraser( $erasers ) {
		$erasers['fulfilhub'] = array(
			'eraser_friendly_name' => __( 'FulfilHub: parcels of orders', 'fulfilhub-for-woocommerce' ),
			'callback'             => array( $this, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * Exports one page.
	 *
	 * @param string $email E-mail address.
	 * @param int    $page  Page, from 1.
	 * @return array{data: array<int, array<string, mixed>>, done: bool}
	 */
	public function export( $email, $page = 1 ) {
		$orders = self::orders( (string) $email, (int) $page );
		$data   = array();
		foreach ( $orders as $order ) {
			$facts = self::facts( $order );
			if ( $facts ) {
				$data[] = array(
					'group_id'    => 'fulfilhub_orders',
					'group_label' => __( 'Parcels of orders', 'fulfilhub-for-woocommerce' ),
					'item_id'     => 'fulfilhub-order-' . $order->get_id(),
					'data'        => $facts,
				);
			}
		}
		return array(
			'data' => $data,
			'done' => count( $orders ) < self::PAGE,
		);
	}

	/**
	 * Erases one page.
	 *
	 * @param string $email E-mail address.
	 * @param int    $page  Page, from 1.
	 * @return array{items_removed: bool, items_retained: bool, messages: array<int, string>, done: bool}
	 */
	public function erase( $email, $page = 1 ) {
		$orders  = self::orders( (string) $email, (int) $page );
		$removed = false;
		foreach ( $orders as $order ) {
			$removed = $this->erase_order( $order ) || $removed;
		}
		$done     = count( $orders ) < self::PAGE;
		$messages = array();
		if ( $removed && $done ) {
			$messages[] = __( 'Parcels of orders were removed from this shop. Ask for the same in FulfilHub (Privacy requests), which holds the delivery address as long as the law asks for it.', 'fulfilhub-for-woocommerce' );
		}
		return array(
			'items_removed'  => $removed,
			'items_retained' => false,
			'messages'       => $messages,
			'done'           => $done,
		);
	}

	/**
	 * Erases what the plugin wrote on an order; called by WooCommerce too, when it makes an order anonymous.
	 *
	 * @param \WC_Order $order Order.
	 * @return bool Whether there was anything.
	 */
	public function erase_order( $order ): bool {
		$found = false;
		foreach ( self::METAS as $meta ) {
			if ( $order->meta_exists( $meta ) ) {
				$order->delete_meta_data( $meta );
				$found = true;
			}
		}
		$items = $order->get_meta( Tracking::META, true );
		$other = array_values(
			array_filter(
				is_array( $items ) ? $items : array(),
				static function ( $item ) {
					return ! is_array( $item ) || ! isset( $item['fulfilhub_reference'] );
				}
			)
		);
		if ( is_array( $items ) && count( $other ) < count( $items ) ) {
			$order->update_meta_data( Tracking::META, $other );
			$found = true;
		}
		if ( $found ) {
			Collector::quietly( array( $order, 'save_meta_data' ) );
		}
		return $found;
	}

	/**
	 * Suggests a paragraph for the shop's privacy policy.
	 */
	public function suggest_policy(): void {
		if ( function_exists( 'wp_add_privacy_policy_content' ) ) {
			wp_add_privacy_policy_content(
				'FulfilHub for WooCommerce',
				wp_kses_post( wpautop( __( 'To pack and deliver your order, we send it to FulfilHub, our fulfilment service, and through it to the warehouse and the carrier: your name, delivery address, e-mail address, telephone number, what you ordered and your note. FulfilHub tells us when parcels leave and where they are. To show a delivery date before you order, we send the goods in your cart and the country and postcode of the delivery address.', 'fulfilhub-for-woocommerce' ) ) )
			);
		}
	}

	/**
	 * Orders of one e-mail address.
	 *
	 * @param string $email E-mail address.
	 * @param int    $page  Page.
	 * @return array<int, \WC_Order>
	 */
	private static function orders( string $email, int $page ): array {
		$found = wc_get_orders(
			array(
				'billing_email' => $email,
				'type'          => 'shop_order',
				'limit'         => self::PAGE,
				'page'          => max( 1, $page ),
				'orderby'       => 'ID',
				'order'         => 'ASC',
			)
		);
		return is_array( $found ) ? $found : array();
	}

	/**
	 * What is kept of an order.
	 *
	 * @param \WC_Order $order Order.
	 * @return array<int, array{name: string, value: string}>
	 */
	private static function facts( \WC_Order $order ): array {
		$facts = array();
		$state = State::of( $order );
		if ( null !== $state && isset( $state['status_text'] ) ) {
			$facts[] = array(
				'name'  => __( 'Status', 'fulfilhub-for-woocommerce' ),
				'value' => (string) $state['status_text'],
			);
		}
		if ( null !== $state && ! empty( $state['tracking_url'] ) ) {
			$facts[] = array(
				'name'  => __( 'Tracking page', 'fulfilhub-for-woocommerce' ),
				'value' => (string) $state['tracking_url'],
			);
		}
		foreach ( Shipments::of( $order ) as $shipment ) {
			foreach ( $shipment['parcels'] as $parcel ) {
				$facts[] = array(
					'name'  => __( 'Parcel', 'fulfilhub-for-woocommerce' ),
					'value' => trim( $shipment['carrier_name'] . ' ' . $parcel['tracking_number'] ),
				);
			}
		}
		if ( $facts ) {
			array_unshift(
				$facts,
				array(
					'name'  => __( 'Order', 'fulfilhub-for-woocommerce' ),
					'value' => (string) $order->get_order_number(),
				)
			);
		}
		return $facts;
	}
}
