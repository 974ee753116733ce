<?php
/**
 * The plugin's e-mails to customers.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Emails;

use FulfilHub\WooCommerce\Sync\Shipments;
use FulfilHub\WooCommerce\View\Dates;
use FulfilHub\WooCommerce\View\Delivered;

/**
 * Registers them with WooCommerce, where they are switched, worded and previewed like WooCommerce's own.
 */
final class Emails {
	const SHIPPED   = 'FulfilHub_Parcel_Shipped';
	const DELIVERED = 'FulfilHub_Parcel_Delivered';

	/**
	 * News of a delivery that is older than this is history (an order sent late, a store connected again), not news.
	 */
	const NEWS_FOR = 3 * DAY_IN_SECONDS;

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'woocommerce_email_classes', array( $this, 'add' ) );
		add_filter( 'woocommerce_email_actions', array( $this, 'add_triggers' ) );
		add_action( 'fulfilhub_order_state_changed', array( $this, 'tell_of_deliveries' ), 20, 3 );
		add_filter( 'woocommerce_email_enabled_customer_completed_order', array( $this, 'replace_completed' ), 10, 2 );
		add_filter( 'woocommerce_prepare_email_for_preview', array( $this, 'prepare_preview' ) );
		add_filter( 'woocommerce_email_styles', array( $this, 'add_styles' ), 10, 2 );
		add_filter( 'woocommerce_order_actions', array( $this, 'add_order_action' ), 10, 2 );
		add_action( 'woocommerce_order_action_fulfilhub_parcel_email', array( $this, 'send_again' ) );
	}

	/**
	 * Adds our e-mails to WooCommerce's.
	 *
	 * @param array<string, \WC_Email> $emails E-mails by class.
	 * @return array<string, \WC_Email>
	 */
	public function add( $emails ): array {
		$emails                    = (array) $emails;
		$emails[ self::SHIPPED ]   = new ParcelShipped();
		$emails[ self::DELIVERED ] = new ParcelDelivered();
		return $emails;
	}

	/**
	 * Lets WooCommerce load its mailer when one of our events happens.
	 *
	 * @param array<int, string> $actions Actions.
	 * @return array<int, string>
	 */
	public function add_triggers( $actions ): array {
		return array_merge( (array) $actions, array( 'fulfilhub_shipment_email', 'fulfilhub_shipment_delivered' ) );
	}

	/**
	 * Says of each shipment once that it has arrived whole.
	 *
	 * @param \WC_Order                 $order  Order.
	 * @param array<string, mixed>      $state  State now.
	 * @param array<string, mixed>|null $before State before.
	 */
	public function tell_of_deliveries( $order, $state, $before ): void {
		foreach ( Delivered::since( (array) $state, is_array( $before ) ? $before : null ) as $reference => $at ) {
			$unix = Dates::unix( $at );
			if ( null !== $unix && $unix > time() - self::NEWS_FOR ) {
				/**
				 * Every parcel of a shipment has been delivered.
				 *
				 * @param int    $order_id  Order id.
				 * @param string $reference The shipment's reference.
				 */
				do_action( 'fulfilhub_shipment_delivered', $order->get_id(), (string) $reference );
			}
		}
	}

	/**
	 * Leaves out WooCommerce's "Completed order" where the customer was told of the parcels themselves. An order with
	 * downloads keeps it, for their links are in it.
	 *
	 * @param bool  $enabled Whether WooCommerce sends it.
	 * @param mixed $order   Order, or nothing on settings pages.
	 */
	public function replace_completed( $enabled, $order ): bool {
		if ( ! $enabled || ! $order instanceof \WC_Order || $order->has_downloadable_item() ) {
			return (bool) $enabled;
		}
		$told   = Mailed::any( $order, 'shipped' );
		$emails = WC()->mailer()->get_emails();
		$ours   = isset( $emails[ self::SHIPPED ] ) ? $emails[ self::SHIPPED ] : null;
		if ( ! $told && $ours instanceof ParcelShipped ) {
			// The status may change a moment before our mail goes out, in the same request.
			foreach ( Shipments::of( $order ) as $shipment ) {
				$told = $told || ! empty( $shipment['notify_customer'] );
			}
		}
		return ! ( $told && $ours instanceof ParcelShipped && 'yes' === $ours->enabled && 'yes' === $ours->get_option( 'replaces_completed', 'yes' ) );
	}

	/**
	 * Gives the preview of our e-mails a shipment to show.
	 *
	 * @param \WC_Email $email E-mail.
	 * @return \WC_Email
	 */
	public function prepare_preview( $email ) {
		if ( $email instanceof ShipmentEmail ) {
			$email->use_example();
		}
		return $email;
	}

	/**
	 * Adds the look of a parcel to WooCommerce's style of e-mails.
	 *
	 * @param string    $css   Style.
	 * @param \WC_Email $email E-mail.
	 */
	public function add_styles( $css, $email = null ): string {
		if ( ! $email instanceof ShipmentEmail ) {
			return (string) $css;
		}
		$side = is_rtl() ? 'right' : 'left';
		return $css . '
			#body_content table.fh-parcel { width: 100%; margin: 0 0 16px; border: 1px solid #d9dde2; border-collapse: separate; border-radius: 6px; }
			#body_content table.fh-parcel td { padding: 16px 18px; text-align: ' . $side . '; vertical-align: top; }
			#body_content .fh-parcel h3 { margin: 0 0 4px; font-size: 16px; line-height: 1.4; text-align: ' . $side . '; }
			#body_content .fh-parcel ul { margin: 10px 0 0; padding: 0; list-style: none; }
			#body_content .fh-parcel li { margin: 0 0 4px; padding: 0; list-style: none; }
			#body_content .fh-parcel p { margin: 0; }
			#body_content .fh-parcel .fh-soft { opacity: .8; }
			#body_content p.fh-together { margin: 10px 0 0; font-weight: bold; }
			#body_content ul.fh-together { margin: 4px 0 16px; }
			#body_content .fh-parcel .fh-track { margin: 12px 0 0; }
			#body_content .fh-parcel .fh-track a { font-weight: bold; }
			#body_content table.fh-later { background-color: #f6f7f8; }
			#body_content .fh-later td, #body_content .fh-later h3 { color: #2c3338; }
		';
	}

	/**
	 * Adds "E-mail the customer about the last parcel" to the actions of an order that has one.
	 *
	 * @param array<string, string> $actions Actions.
	 * @param \WC_Order|null        $order   Order.
	 * @return array<string, string>
	 */
	public function add_order_action( $actions, $order = null ): array {
		$actions = (array) $actions;
		if ( $order instanceof \WC_Order && Shipments::of( $order ) ) {
			$actions['fulfilhub_parcel_email'] = __( 'E-mail the customer about the last parcel again', 'fulfilhub-for-woocommerce' );
		}
		return $actions;
	}

	/**
	 * Sends the e-mail about the last shipment once more, because somebody asked for it.
	 *
	 * @param \WC_Order $order Order.
	 */
	public function send_again( $order ): void {
		$shipments = Shipments::of( $order );
		$shipment  = end( $shipments );
		$emails    = WC()->mailer()->get_emails();
		if ( is_array( $shipment ) && isset( $emails[ self::SHIPPED ] ) && $emails[ self::SHIPPED ] instanceof ParcelShipped ) {
			$sent = $emails[ self::SHIPPED ]->send_for( $order, $shipment );
			$order->add_order_note(
				$sent
					? __( 'FulfilHub: the customer was e-mailed about the last parcel again.', 'fulfilhub-for-woocommerce' )
					: __( 'FulfilHub: the e-mail about the last parcel could not be sent. Is "Parcel shipped" switched on in WooCommerce\'s e-mail settings?', 'fulfilhub-for-woocommerce' ),
				0,
				true
			);
		}
	}
}
