<?php
/**
 * The e-mail "Parcel shipped".
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Emails;

use FulfilHub\WooCommerce\View\Given;

/**
 * Sent once for each shipment that FulfilHub asks to tell the customer of.
 */
final class ParcelShipped extends ShipmentEmail {
	/**
	 * Names the e-mail and waits for shipments.
	 */
	public function __construct() {
		$this->id             = 'fulfilhub_parcel_shipped';
		$this->title          = __( 'Parcel shipped (FulfilHub)', 'fulfilhub-for-woocommerce' );
		$this->description    = __( 'Tells the customer that parcels have left the warehouse: what is in them, how to follow them, and what is still to come. Sent once for each shipment.', 'fulfilhub-for-woocommerce' );
		$this->template_html  = 'emails/fulfilhub-parcel-shipped.php';
		$this->template_plain = 'emails/plain/fulfilhub-parcel-shipped.php';
		add_action( 'fulfilhub_shipment_email_notification', array( $this, 'trigger' ), 10, 2 );
		parent::__construct();
	}

	/**
	 * A shipment was told of.
	 *
	 * @param int                  $order_id Order id.
	 * @param array<string, mixed> $shipment Shipment.
	 */
	public function trigger( $order_id, $shipment ): void {
		if ( is_array( $shipment ) ) {
			Mailed::once(
				(int) $order_id,
				'shipped',
				Given::text( $shipment, 'reference' ),
				function ( \WC_Order $order ) use ( $shipment ) {
					return $this->send_for( $order, $shipment );
				}
			);
		}
	}

	/**
	 * The subject until the merchant writes another.
	 */
	public function get_default_subject(): string {
		return $this->to_come
			? __( 'Part of your {site_title} order {order_number} is on its way', 'fulfilhub-for-woocommerce' )
			: __( 'Your {site_title} order {order_number} is on its way', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * The heading until the merchant writes another.
	 */
	public function get_default_heading(): string {
		return $this->to_come
			? __( 'Part of your order is on its way', 'fulfilhub-for-woocommerce' )
			: __( 'Your order is on its way', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * What stands below until the merchant writes something else.
	 */
	public function get_default_additional_content(): string {
		return __( 'It can take a day until the carrier shows its first scan.', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * Adds our own field to the e-mail's settings.
	 */
	public function init_form_fields(): void {
		parent::init_form_fields();
		$this->form_fields['replaces_completed'] = array(
			'title'       => __( 'Completed order', 'fulfilhub-for-woocommerce' ),
			'type'        => 'checkbox',
			'label'       => __( 'Do not send WooCommerce\'s "Completed order" e-mail as well', 'fulfilhub-for-woocommerce' ),
			'description' => __( 'Customers who were told of their parcels need no second e-mail. Orders with downloads keep it, for it has their links.', 'fulfilhub-for-woocommerce' ),
			'default'     => 'yes',
		);
	}
}
