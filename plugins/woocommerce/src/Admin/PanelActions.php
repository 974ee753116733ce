<?php
/**
 * What the order panel's script asks of this site.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Admin;

use FulfilHub\WooCommerce\Api;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Http\Answer;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Queue\Collector;
use FulfilHub\WooCommerce\View\Given;
use FulfilHub\WooCommerce\View\Words;

/**
 * One admin-ajax action. The answer is the panel as it stands afterwards and one sentence on what was done: what is shown
 * is what FulfilHub said, never what was hoped for.
 */
final class PanelActions {
	const ACTION = 'fulfilhub_panel';

	/**
	 * What was changed in the order itself, so that the page around the panel, which still shows (and would save) what
	 * was there before, is loaded again.
	 *
	 * @var array<string, string>
	 */
	private $changed = array();

	/**
	 * Hooks into admin-ajax; only for people who are logged in.
	 */
	public function register(): void {
		add_action( 'wp_ajax_' . self::ACTION, array( $this, 'answer' ) );
	}

	/**
	 * The nonce's action for one order.
	 *
	 * @param int $order_id Order id.
	 */
	public static function nonce( int $order_id ): string {
		return 'fulfilhub-order-' . $order_id;
	}

	/**
	 * Does what was asked and prints the panel.
	 */
	public function answer(): void {
		$order_id = isset( $_POST['order'] ) ? absint( wp_unslash( $_POST['order'] ) ) : 0;
		if ( ! check_ajax_referer( self::nonce( $order_id ), 'nonce', false ) ) {
			$this->refuse( __( 'This page was open too long. Load it again.', 'fulfilhub-for-woocommerce' ) );
		}
		$order = wc_get_order( $order_id );
		if ( ! $order instanceof \WC_Order || ! current_user_can( 'edit_shop_orders' ) ) {
			$this->refuse( __( 'You may not change this order.', 'fulfilhub-for-woocommerce' ) );
		}
		if ( Store::is_copy() ) {
			$this->say( $order, null, __( 'This site is a copy of the one that is connected, so nothing is asked of FulfilHub from here.', 'fulfilhub-for-woocommerce' ), false );
		}
		$asked = isset( $_POST['ask'] ) ? sanitize_key( wp_unslash( $_POST['ask'] ) ) : '';
		if ( 'refresh' === $asked ) {
			$this->refresh( $order );
		}
		if ( 'resend' === $asked ) {
			Collector::resend( $order_id );
			$this->say( $order, null, __( 'The order is in line and goes to FulfilHub within a minute.', 'fulfilhub-for-woocommerce' ) );
		}
		$does = array(
			'hold'    => array( $this, 'hold' ),
			'release' => array( $this, 'release' ),
			'cancel'  => array( $this, 'cancel' ),
			'address' => array( $this, 'address' ),
		);
		if ( isset( $does[ $asked ] ) ) {
			call_user_func( $does[ $asked ], $order );
		}
		$this->refuse( __( 'That cannot be asked here.', 'fulfilhub-for-woocommerce' ) );
	}

	/**
	 * Shows what FulfilHub says now.
	 *
	 * @param \WC_Order $order Order.
	 */
	private function refresh( \WC_Order $order ): void {
		$answer = Api::order( $order->get_id() );
		if ( $answer->ok() ) {
			$this->show( $order, $answer, '' );
		}
		if ( 404 === $answer->status ) {
			$this->say( $order, null, '' );
		}
		$why = 0 === $answer->status || $answer->status >= 500
			? __( 'FulfilHub does not answer at the moment. This is what it told last.', 'fulfilhub-for-woocommerce' )
			: $answer->detail();
		$this->say( $order, null, $why, false );
	}

	/**
	 * Holds the order.
	 *
	 * @param \WC_Order $order Order.
	 */
	private function hold( \WC_Order $order ): void {
		$reasons = Words::hold_reasons();
		$reason  = $this->posted( 'reason' );
		if ( ! isset( $reasons[ $reason ] ) ) {
			$this->say( $order, null, __( 'Choose why the order is held.', 'fulfilhub-for-woocommerce' ), false );
		}
		$until = null;
		if ( '' !== $this->posted( 'until' ) ) {
			$until = $this->morning_of( $this->posted( 'until' ) );
			if ( null === $until ) {
				$this->say( $order, null, __( 'The day until which the order is held has to be in the future.', 'fulfilhub-for-woocommerce' ), false );
			}
		}
		$answer = Api::hold( $order->get_id(), $reason, $this->posted( 'note' ), $until, $this->once() );
		$this->done(
			$order,
			$answer,
			array( 'hold' ),
			/* translators: %s: reason */
			sprintf( __( 'Held: %s.', 'fulfilhub-for-woocommerce' ), $reasons[ $reason ] ),
			__( 'The warehouse was asked to hold the order. It goes on until the warehouse agrees.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * Ends one hold.
	 *
	 * @param \WC_Order $order Order.
	 */
	private function release( \WC_Order $order ): void {
		$answer = Api::release( $order->get_id(), $this->posted( 'hold' ), $this->once() );
		$text   = __( 'The hold is released.', 'fulfilhub-for-woocommerce' );
		if ( $answer->ok() && ! empty( $answer->data['holds'] ) ) {
			$text = __( 'The hold is released. Another one still keeps the order back.', 'fulfilhub-for-woocommerce' );
		}
		$this->done( $order, $answer, array(), $text, $text );
	}

	/**
	 * Cancels the order's fulfilment.
	 *
	 * @param \WC_Order $order Order.
	 */
	private function cancel( \WC_Order $order ): void {
		$this->done(
			$order,
			Api::cancel( $order->get_id(), $this->posted( 'note' ), $this->once() ),
			array( 'cancel' ),
			__( 'FulfilHub does not ship this order any more. The order in WooCommerce is as it was: cancel or refund it here where the customer gets the money back.', 'fulfilhub-for-woocommerce' ),
			__( 'The warehouse was asked to cancel. Until it agrees, the order may still be shipped.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * Changes where the order goes, in FulfilHub first: only what it took is written into the order.
	 *
	 * @param \WC_Order $order Order.
	 */
	private function address( \WC_Order $order ): void {
		$to = array();
		foreach ( array( 'first_name', 'last_name', 'company', 'address_1', 'address_2', 'city', 'state', 'postcode', 'country', 'phone' ) as $name ) {
			$to[ $name ] = $this->posted( $name );
		}
		$to['country'] = strtoupper( $to['country'] );
		if ( '' === $to['address_1'] || '' === $to['city'] || ! array_key_exists( $to['country'], WC()->countries->get_countries() ) ) {
			$this->say( $order, null, __( 'An address needs its first line, a town or city, and a country.', 'fulfilhub-for-woocommerce' ), false );
		}
		$answer = Api::address(
			$order->get_id(),
			array(
				'name'     => trim( $to['first_name'] . ' ' . $to['last_name'] ),
				'company'  => $to['company'],
				'line1'    => $to['address_1'],
				'line2'    => $to['address_2'],
				'city'     => $to['city'],
				'region'   => $to['state'],
				'postcode' => $to['postcode'],
				'country'  => $to['country'],
				'phone'    => $to['phone'],
				'email'    => $order->get_billing_email(),
			),
			$this->once()
		);
		if ( $answer->ok() ) {
			// The next edit of this order tells FulfilHub the address that is written here: it has to be the same.
			$order->set_address( $to, 'shipping' );
			$order->save();
			foreach ( $to as $name => $value ) {
				$this->changed[ '_shipping_' . $name ] = $value;
			}
		}
		$this->done(
			$order,
			$answer,
			array( 'address', 'edit' ),
			__( 'The address is changed, here and in FulfilHub.', 'fulfilhub-for-woocommerce' ),
			__( 'The warehouse was asked to use the new address. Until it agrees, the parcel goes to the old one.', 'fulfilhub-for-woocommerce' )
		);
	}

	/**
	 * Prints what became of a change, and notes it on the order where it was made or asked for.
	 *
	 * @param \WC_Order          $order  Order.
	 * @param Answer             $answer FulfilHub's answer.
	 * @param array<int, string> $kinds  Kinds of pending requests that such a change becomes.
	 * @param string             $made   Words where it is done.
	 * @param string             $asked  Words where the warehouse was asked.
	 */
	private function done( \WC_Order $order, Answer $answer, array $kinds, string $made, string $asked ): void {
		if ( ! $answer->ok() ) {
			$why = $answer->detail();
			if ( 0 === $answer->status && 'not_connected' !== $answer->code() ) {
				$why = __( 'FulfilHub did not answer, so it is not known whether the change was made. Refresh in a moment before you try again.', 'fulfilhub-for-woocommerce' );
			} elseif ( $answer->status >= 500 ) {
				$why = __( 'FulfilHub has a problem at the moment. Refresh in a moment to see whether the change was made.', 'fulfilhub-for-woocommerce' );
			} elseif ( 429 === $answer->status ) {
				$why = __( 'FulfilHub asks for a short break: too much was asked at once. Try again in a minute.', 'fulfilhub-for-woocommerce' );
			}
			$this->say( $order, null, $why, false );
		}
		$text = array_intersect( $kinds, array_column( Given::rows( $answer->data, 'pending_requests' ), 'kind' ) ) ? $asked : $made;
		$order->add_order_note( 'FulfilHub: ' . $text, 0, true );
		$this->show( $order, $answer, $text );
	}

	/**
	 * Keeps the state that came with an answer and prints the panel.
	 *
	 * @param \WC_Order $order  Order.
	 * @param Answer    $answer FulfilHub's answer, an OrderPanel.
	 * @param string    $text   What was done.
	 */
	private function show( \WC_Order $order, Answer $answer, string $text ): void {
		if ( ! isset( $answer->data['revision'], $answer->data['status'] ) ) {
			$this->say( $order, null, $text );
		}
		// The order keeps what every page needs; the rest is asked for when somebody looks.
		State::keep( $order->get_id(), array_diff_key( $answer->data, array_flip( array( 'timeline', 'routing', 'returns' ) ) ) );
		$this->say( $order, $answer->data, $text );
	}

	/**
	 * Prints the panel with one sentence, and ends.
	 *
	 * @param \WC_Order                 $order Order.
	 * @param array<string, mixed>|null $panel OrderPanel; null shows what is kept.
	 * @param string                    $text  Sentence; '' for none.
	 * @param bool                      $done  Whether it went well.
	 */
	private function say( \WC_Order $order, ?array $panel, string $text, bool $done = true ): void {
		$now = wc_get_order( $order->get_id() );
		ob_start();
		OrderPanel::body( $now instanceof \WC_Order ? $now : $order, $panel );
		wp_send_json(
			array(
				'ok'      => $done,
				'text'    => $text,
				'html'    => ob_get_clean(),
				'changed' => (object) $this->changed,
			)
		);
	}

	/**
	 * Says no, and ends.
	 *
	 * @param string $why Why.
	 */
	private function refuse( string $why ): void {
		wp_send_json(
			array(
				'ok'   => false,
				'text' => $why,
				'html' => '',
			),
			403
		);
	}

	/**
	 * A posted text. The nonce was checked before anything is read.
	 *
	 * @param string $name Field.
	 */
	private function posted( string $name ): string {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- answer() checks the nonce before anything else.
		return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? trim( sanitize_textarea_field( wp_unslash( $_POST[ $name ] ) ) ) : '';
	}

	/**
	 * The key that makes a repeated click one change: made by the script when a form opens.
	 */
	private function once(): string {
		$once = (string) preg_replace( '/[^A-Za-z0-9-]/', '', $this->posted( 'once' ) );
		return strlen( $once ) >= 16 ? substr( $once, 0, 64 ) : wp_generate_uuid4();
	}

	/**
	 * The beginning of a day of this shop, RFC 3339; null where it is no day or has begun already.
	 *
	 * @param string $day Y-m-d.
	 */
	private function morning_of( string $day ): ?string {
		$at = \DateTimeImmutable::createFromFormat( '!Y-m-d', $day, wp_timezone() );
		if ( ! $at || $at->getTimestamp() <= time() ) {
			return null;
		}
		return gmdate( 'Y-m-d\TH:i:s\Z', $at->getTimestamp() );
	}
}
