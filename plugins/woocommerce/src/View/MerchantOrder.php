<?php
/**
 * What a merchant is shown of an order in WooCommerce's admin area.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

/**
 * Pure: from FulfilHub's state or panel, the plugin's queue and the shop's order to what the order panel prints.
 */
final class MerchantOrder {
	/**
	 * The view of one order.
	 *
	 * @param array<string, mixed>|null        $state  OrderState or OrderPanel; null where FulfilHub has told nothing.
	 * @param array<string, mixed>             $local  intake (none, waiting, sent, failed, skipped), error (why it failed),
	 *                                                 next_at (Unix time), connected (bool).
	 * @param array<int|string, mixed>         $told   Shipments that the shop was told of.
	 * @param array<int, array<string, mixed>> $items  The order's items, see Parcels.
	 * @param Dates                            $dates  How dates are written.
	 * @return array<string, mixed>
	 */
	public static function view( ?array $state, array $local, array $told, array $items, Dates $dates ): array {
		$status  = Given::text( $state, 'status' );
		$intake  = Given::text( $local, 'intake' );
		$to_come = in_array( $status, CustomerOrder::ALL_SENT, true ) ? array() : Parcels::to_come( $state, $told, $items );
		$parcels = Parcels::of( $state, $told, $items, $dates );
		return array(
			'pill'         => '' === $status ? Words::intake( $intake ) : Words::status( $status, Given::text( $state, 'status_text' ) ),
			'empty'        => null === $state ? self::why_empty( $local, $dates ) : null,
			'failed'       => null !== $state && 'failed' === $intake ? self::failed( Given::text( $local, 'error' ) ) : '',
			'review'       => self::review( $state ),
			'resend'       => ! empty( $local['connected'] ) && ( 'needs_review' === $status || 'failed' === $intake || ( 'none' === $intake && null === $state ) ),
			'refresh'      => ! empty( $local['connected'] ) && 'skipped' !== $intake,
			'promise'      => self::promise( Given::table( $state, 'promise' ), $dates ),
			'holds'        => self::holds( $state, $dates ),
			'pending'      => self::pending( $state, $dates ),
			'parcels'      => $parcels,
			'to_come'      => $parcels ? $to_come : array(),
			'routing'      => self::routing( $state, $dates ),
			'timeline'     => self::timeline( $state, $dates ),
			'returns'      => self::returns( $state, $items ),
			'actions'      => empty( $local['connected'] ) ? array() : self::actions( $state ),
			'tracking_url' => Given::link( $state, 'tracking_url' ),
			'updated'      => $dates->moment( Given::text( $state, 'updated_at' ) ),
			'revision'     => (int) Given::text( $state, 'revision' ),
		);
	}

	/**
	 * Why there is nothing of FulfilHub on this order.
	 *
	 * @param array<string, mixed> $local See view().
	 * @param Dates                $dates How dates are written.
	 * @return array{text: string, tone: string}
	 */
	private static function why_empty( array $local, Dates $dates ): array {
		$intake = Given::text( $local, 'intake' );
		$next   = (int) Given::text( $local, 'next_at' );
		if ( 'skipped' === $intake ) {
			return self::said( __( 'Everything in this order is virtual or downloadable, so there is nothing to ship and it stays here.', 'fulfilhub-for-woocommerce' ), 'quiet' );
		}
		if ( empty( $local['connected'] ) ) {
			return self::said( __( 'This shop is not connected to FulfilHub, so the order was not sent.', 'fulfilhub-for-woocommerce' ), 'attention' );
		}
		if ( 'failed' === $intake ) {
			return self::said( self::failed( Given::text( $local, 'error' ) ), 'bad' );
		}
		if ( 'waiting' === $intake && '' !== Given::text( $local, 'error' ) ) {
			return self::said(
				sprintf(
					/* translators: 1: why sending failed, 2: when it is tried again */
					__( 'Not sent yet: %1$s It is tried again by itself, next at %2$s.', 'fulfilhub-for-woocommerce' ),
					self::sentence( Given::text( $local, 'error' ) ),
					$dates->moment( gmdate( 'Y-m-d\TH:i:s\Z', $next ) )
				),
				'attention'
			);
		}
		if ( 'waiting' === $intake ) {
			return self::said( __( 'The order is on its way to FulfilHub. This takes about a minute.', 'fulfilhub-for-woocommerce' ), 'waiting' );
		}
		if ( 'sent' === $intake ) {
			return self::said( __( 'FulfilHub has the order and has not told anything about it yet.', 'fulfilhub-for-woocommerce' ), 'waiting' );
		}
		return self::said( __( 'Not sent yet. An order goes to FulfilHub when it reaches one of the statuses chosen in the settings; you can also send it now.', 'fulfilhub-for-woocommerce' ), 'quiet' );
	}

	/**
	 * Words for an order that FulfilHub refused.
	 *
	 * @param string $error Why.
	 */
	private static function failed( string $error ): string {
		return '' === $error
			? __( 'FulfilHub did not accept the last version of this order. Correct it and send it again.', 'fulfilhub-for-woocommerce' )
			/* translators: %s: why FulfilHub refused the order */
			: sprintf( __( 'FulfilHub did not accept the last version of this order: %s Correct it and send it again.', 'fulfilhub-for-woocommerce' ), self::sentence( $error ) );
	}

	/**
	 * What keeps the order from being fulfilled, with the fix.
	 *
	 * @param array<string, mixed>|null $state State.
	 * @return array<int, array{detail: string, fix: string}>
	 */
	private static function review( ?array $state ): array {
		$list = array();
		foreach ( Given::rows( $state, 'review' ) as $reason ) {
			$detail = Given::text( $reason, 'detail' );
			$list[] = array(
				'detail' => '' === $detail ? Words::readable( Given::text( $reason, 'code' ) ) : $detail,
				'fix'    => Given::text( $reason, 'fix' ),
			);
		}
		return $list;
	}

	/**
	 * The promise: when it has to leave and to arrive, and how it stands; null where nothing was promised.
	 *
	 * @param array<int|string, mixed> $promise The state's promise.
	 * @param Dates                    $dates   How dates are written.
	 * @return array{ship_by: string, deliver_by: string, label: string, tone: string, text: string}|null
	 */
	private static function promise( array $promise, Dates $dates ): ?array {
		$state = Given::text( $promise, 'state' );
		if ( '' === $state || 'none' === $state ) {
			return null;
		}
		return array(
			'ship_by'    => $dates->moment( Given::text( $promise, 'ship_by' ) ),
			'deliver_by' => $dates->day( Given::text( $promise, 'deliver_by' ) ),
			'text'       => Given::text( $promise, 'text' ),
		) + Words::promise( $state );
	}

	/**
	 * Holds that stand.
	 *
	 * @param array<string, mixed>|null $state State.
	 * @param Dates                     $dates How dates are written.
	 * @return array<int, array{id: string, title: string, note: string, until: string, releasable: bool}>
	 */
	private static function holds( ?array $state, Dates $dates ): array {
		$list    = array();
		$release = 'no' !== Given::leave( Given::table( $state, 'actions' ), 'release' );
		foreach ( Given::rows( $state, 'holds' ) as $hold ) {
			$id     = Given::text( $hold, 'id' );
			$list[] = array(
				'id'         => $id,
				'title'      => Words::hold( Given::text( $hold, 'reason' ), Given::text( $hold, 'text' ) ),
				'note'       => Given::text( $hold, 'note' ),
				'until'      => $dates->moment( Given::text( $hold, 'until' ) ),
				'releasable' => $release && '' !== $id && ! empty( $hold['releasable'] ),
			);
		}
		return $list;
	}

	/**
	 * Changes that wait for the warehouse.
	 *
	 * @param array<string, mixed>|null $state State.
	 * @param Dates                     $dates How dates are written.
	 * @return array<int, array{title: string, text: string, asked: string}>
	 */
	private static function pending( ?array $state, Dates $dates ): array {
		$list = array();
		foreach ( Given::rows( $state, 'pending_requests' ) as $request ) {
			$text   = Given::text( $request, 'text' );
			$title  = Words::request( Given::text( $request, 'kind' ), $text );
			$list[] = array(
				'title' => $title,
				'text'  => $text === $title ? '' : $text,
				'asked' => $dates->moment( Given::text( $request, 'asked_at' ) ),
			);
		}
		return $list;
	}

	/**
	 * Which warehouse has it, and why others have not; null where that is not known.
	 *
	 * @param array<string, mixed>|null $state Panel.
	 * @param Dates                     $dates How dates are written.
	 * @return array{warehouse: string, decided: string, text: string, excluded: array<int, array{warehouse: string, reason: string}>}|null
	 */
	private static function routing( ?array $state, Dates $dates ): ?array {
		$routing = Given::table( $state, 'routing' );
		if ( ! $routing ) {
			return null;
		}
		$excluded = array();
		foreach ( Given::rows( $routing, 'excluded' ) as $other ) {
			$excluded[] = array(
				'warehouse' => Given::text( $other, 'warehouse' ),
				'reason'    => Given::text( $other, 'reason' ),
			);
		}
		return array(
			'warehouse' => Given::text( $routing, 'warehouse' ),
			'decided'   => $dates->moment( Given::text( $routing, 'decided_at' ) ),
			'text'      => Given::text( $routing, 'text' ),
			'excluded'  => $excluded,
		);
	}

	/**
	 * What happened, newest first.
	 *
	 * @param array<string, mixed>|null $state Panel.
	 * @param Dates                     $dates How dates are written.
	 * @return array<int, array{at: string, when: string, text: string, kind: string}>
	 */
	private static function timeline( ?array $state, Dates $dates ): array {
		$list = array();
		foreach ( array_slice( Given::rows( $state, 'timeline' ), 0, 50 ) as $event ) {
			$list[] = array(
				'at'   => Given::text( $event, 'at' ),
				'when' => $dates->moment( Given::text( $event, 'at' ) ),
				'text' => Given::text( $event, 'text' ),
				'kind' => Given::text( $event, 'kind' ),
			);
		}
		return $list;
	}

	/**
	 * Returns of the order.
	 *
	 * @param array<string, mixed>|null        $state Panel.
	 * @param array<int, array<string, mixed>> $items Items.
	 * @return array<int, array<string, mixed>>
	 */
	private static function returns( ?array $state, array $items ): array {
		$list = array();
		foreach ( Given::rows( $state, 'returns' ) as $return ) {
			$number = Given::text( $return, 'number' );
			$list[] = array(
				'number'   => '' === $number ? Given::text( $return, 'id' ) : $number,
				'contents' => Parcels::named( Given::quantities( $return, 'lines' ), $items ),
			) + Words::return_status( Given::text( $return, 'status' ), Given::text( $return, 'status_text' ) );
		}
		return $list;
	}

	/**
	 * What may be done with the order as a whole; holds are released one by one.
	 *
	 * @param array<string, mixed>|null $state State.
	 * @return array<int, array{name: string, label: string, asks: bool}>
	 */
	private static function actions( ?array $state ): array {
		$leave = Given::table( $state, 'actions' );
		$words = array(
			'hold'    => array( 'hold', __( 'Hold', 'fulfilhub-for-woocommerce' ), __( 'Ask the warehouse to hold', 'fulfilhub-for-woocommerce' ) ),
			'address' => array( 'change_address', __( 'Change address', 'fulfilhub-for-woocommerce' ), __( 'Ask the warehouse for another address', 'fulfilhub-for-woocommerce' ) ),
			'cancel'  => array( 'cancel', __( 'Cancel fulfilment', 'fulfilhub-for-woocommerce' ), __( 'Ask the warehouse to cancel', 'fulfilhub-for-woocommerce' ) ),
		);
		$list  = array();
		foreach ( $words as $name => $word ) {
			$may = Given::leave( $leave, $word[0] );
			if ( 'no' !== $may ) {
				$list[] = array(
					'name'  => $name,
					'label' => 'request' === $may ? $word[2] : $word[1],
					'asks'  => 'request' === $may,
				);
			}
		}
		return $list;
	}

	/**
	 * Words with a tone.
	 *
	 * @param string $text Words.
	 * @param string $tone Tone.
	 * @return array{text: string, tone: string}
	 */
	private static function said( string $text, string $tone ): array {
		return array(
			'text' => $text,
			'tone' => $tone,
		);
	}

	/**
	 * A text that ends like a sentence.
	 *
	 * @param string $text Text.
	 */
	private static function sentence( string $text ): string {
		return 1 === preg_match( '/[.!?]$/D', $text ) ? $text : $text . '.';
	}
}
