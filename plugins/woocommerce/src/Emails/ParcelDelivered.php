<?php
/**
 * The e-mail "Parcel delivered".
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Emails;

use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\View\Given;

/**
 * Sent once for each shipment whose parcels have all arrived. Off until the merchant wants it: many carriers tell themselves.
 */
final class ParcelDelivered extends ShipmentEmail {
	/**
	 * Names the e-mail and waits for deliveries.
	 */
	public function __construct() {
		$this->id             = 'fulfilhub_parcel_delivered';
		$this->title          = __( 'Parcel delivered (FulfilHub)', 'fulfilhub-for-woocommerce' );
		$this->description    = __( 'Tells the customer that parcels have been delivered, what was in them, and what is still to come. Sent once for each shipment.', 'fulfilhub-for-woocommerce' );
		$this->template_html  = 'emails/fulfilhub-parcel-delivered.php';
		$this->template_plain = 'emails/plain/fulfilhub-parcel-delivered.php';
		add_action( 'fulfilhub_shipment_delivered_notification', array( $this, 'trigger' ), 10, 2 );
		parent::__construct();
	}

	/**
	 * A shipment has arrived.
	 *
	 * @param int    $order_id  Order id.
	 * @param string $reference The shipment's reference.
	 */
	public function trigger( $order_id, $reference ): void {
		if ( 'yes' !== $this->enabled ) {
			return;
		}
		Mailed::once(
			(int) $order_id,
			'delivered',
			(string) $reference,
			function ( \WC_Order $order ) use ( $reference ) {
				foreach ( Given::rows( State::of( $order ), 'shipments' ) as $shipment ) {
					if ( Given::text( $shipment, 'reference' ) === (string) $reference ) {
						return $this->send_for( $order, $shipment );
					}
				}
				return false;
			}
		);
	}

	/**
	 * The subject until the merchant writes another.
	 */
	public function get_default_subject(): string {
		return __( 'Your {site_title} order {order_number} has arrived', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * The heading until the merchant writes another.
	 */
	public function get_default_heading(): string {
		return $this->to_come
			? __( 'Part of your order has arrived', 'fulfilhub-for-woocommerce' )
			: __( 'Your order has arrived', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * What stands below until the merchant writes something else.
	 */
	public function get_default_additional_content(): string {
		return __( 'We hope you like it.', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * Off until the merchant switches it on.
	 */
	public function init_form_fields(): void {
		parent::init_form_fields();
		$this->form_fields['enabled']['default'] = 'no';
	}
}
