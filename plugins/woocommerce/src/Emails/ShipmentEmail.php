<?php
/**
 * What the e-mails about a shipment have in common.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Emails;

use FulfilHub\WooCommerce\Frontend\TrackingPage;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Sync\Shipments;
use FulfilHub\WooCommerce\View\Dates;
use FulfilHub\WooCommerce\View\Given;
use FulfilHub\WooCommerce\View\OfOrder;
use FulfilHub\WooCommerce\View\Parcels;

/**
 * An e-mail to the customer about one shipment.
 */
abstract class ShipmentEmail extends \WC_Email {
	/**
	 * Parcels of the shipment, as the views make them.
	 *
	 * @var array<int, array<string, mixed>>
	 */
	protected $parcels = array();

	/**
	 * Items that no parcel has yet.
	 *
	 * @var array<int, array<string, mixed>>
	 */
	protected $to_come = array();

	/**
	 * When everything arrives, in words; '' where nothing was promised.
	 *
	 * @var string
	 */
	protected $arrives = '';

	/**
	 * Where the customer can follow the order; '' for nowhere.
	 *
	 * @var string
	 */
	protected $follow_url = '';

	/**
	 * Sets what is the same for all of them. The id, the title and the templates are set before.
	 */
	public function __construct() {
		$this->customer_email = true;
		$this->template_base  = FULFILHUB_WC_PATH . 'templates/';
		$this->placeholders   = array(
			'{order_date}'      => '',
			'{order_number}'    => '',
			'{carrier}'         => '',
			'{tracking_number}' => '',
		);
		if ( property_exists( \WC_Email::class, 'email_group' ) ) {
			$this->email_group = 'order-updates';
		}
		parent::__construct();
	}

	/**
	 * Sends the e-mail about a shipment.
	 *
	 * @param \WC_Order            $order    Order.
	 * @param array<string, mixed> $shipment Shipment as FulfilHub told it.
	 */
	public function send_for( \WC_Order $order, array $shipment ): bool {
		$this->setup_locale();
		try {
			$this->prepare( $order, $shipment );
			if ( ! $this->is_enabled() || ! $this->get_recipient() || ! $this->parcels ) {
				return false;
			}
			return (bool) $this->send( $this->get_recipient(), $this->get_subject(), $this->get_content(), $this->get_headers(), $this->get_attachments() );
		} finally {
			$this->restore_locale();
		}
	}

	/**
	 * Fills the e-mail with an example, for the preview in the settings.
	 */
	public function use_example(): void {
		$order = $this->object instanceof \WC_Order ? $this->object : new \WC_Order();
		$lines = array();
		foreach ( OfOrder::items( $order ) as $item ) {
			if ( $item['ships'] && ! $lines ) {
				$lines[] = array(
					'line_id'  => $item['id'],
					'quantity' => 1,
				);
			}
		}
		$this->prepare(
			$order,
			array(
				'reference'    => 'example',
				'carrier_name' => 'Royal Mail',
				'shipped_at'   => gmdate( 'Y-m-d\TH:i:s\Z' ),
				'parcels'      => array(
					array(
						'tracking_number' => 'AB123456789GB',
						'tracking_url'    => home_url( '/' ),
						'state'           => 'delivered',
						'delivered_at'    => gmdate( 'Y-m-d\TH:i:s\Z' ),
						'lines'           => $lines,
					),
				),
			)
		);
	}

	/**
	 * The e-mail as HTML.
	 */
	public function get_content_html() {
		return wc_get_template_html( $this->template_html, $this->for_template( false ), '', $this->template_base );
	}

	/**
	 * The e-mail as plain text.
	 */
	public function get_content_plain() {
		return wc_get_template_html( $this->template_plain, $this->for_template( true ), '', $this->template_base );
	}

	/**
	 * Reads from the order and the shipment what the e-mail says.
	 *
	 * @param \WC_Order            $order    Order.
	 * @param array<string, mixed> $shipment Shipment.
	 */
	protected function prepare( \WC_Order $order, array $shipment ): void {
		$state = State::of( $order );
		$told  = Shipments::of( $order );
		$items = OfOrder::items( $order );
		$dates = Dates::of_site();

		$told[ Given::text( $shipment, 'reference' ) ] = $shipment;

		$this->object    = $order;
		$this->recipient = $order->get_billing_email();
		$this->parcels   = Parcels::of( $state, $told, $items, $dates, Given::text( $shipment, 'reference' ) );
		// What is not in the last shipment was cancelled or refunded, and does not come.
		$this->to_come = empty( $shipment['completes_order'] ) ? Parcels::to_come( $state, $told, $items ) : array();
		$promise       = Given::table( $state, 'promise' );
		$this->arrives = in_array( Given::text( $promise, 'state' ), array( 'on_time', 'on_track' ), true ) ? $dates->day( Given::text( $promise, 'deliver_by' ) ) : '';

		$this->follow_url = TrackingPage::url( $order->get_id() ? $order : null );
		if ( '' === $this->follow_url ) {
			$this->follow_url = $order->get_customer_id() ? $order->get_view_order_url() : Given::link( $state, 'tracking_url' );
		}

		$first = $this->parcels ? $this->parcels[0] : array();
		$made  = $order->get_date_created();

		$this->placeholders['{order_date}']      = $made ? wc_format_datetime( $made ) : '';
		$this->placeholders['{order_number}']    = $order->get_order_number();
		$this->placeholders['{carrier}']         = Given::text( $first, 'carrier' );
		$this->placeholders['{tracking_number}'] = Given::text( $first, 'tracking_number' );
	}

	/**
	 * What the templates are given.
	 *
	 * @param bool $plain_text Whether it is the plain one.
	 * @return array<string, mixed>
	 */
	private function for_template( bool $plain_text ): array {
		return array(
			'order'              => $this->object,
			'email_heading'      => $this->get_heading(),
			'additional_content' => $this->get_additional_content(),
			'parcels'            => $this->parcels,
			'to_come'            => $this->to_come,
			'arrives'            => $this->arrives,
			'follow_url'         => $this->follow_url,
			'sent_to_admin'      => false,
			'plain_text'         => $plain_text,
			'email'              => $this,
		);
	}
}
