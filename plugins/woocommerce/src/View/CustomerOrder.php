<?php
/**
 * What a customer is shown of an order's journey.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

/**
 * Pure: from FulfilHub's state and the shop's order to headline, steps, promise, parcels, what is to come and timeline.
 * Reasons of holds and of review stay with the merchant.
 */
final class CustomerOrder {
	/**
	 * Parcel states in which nothing more is to be expected.
	 */
	const ENDED = array( 'delivered', 'returned', 'cancelled' );

	/**
	 * Statuses in which nothing of the order is left to be sent: what no parcel has was cancelled.
	 */
	const ALL_SENT = array( 'shipped', 'partially_delivered', 'delivered', 'partially_returned', 'returned', 'cancelled', 'not_required' );

	/**
	 * The view of one order.
	 *
	 * @param array<string, mixed>|null        $state     OrderState; null while FulfilHub has told nothing yet.
	 * @param array<int|string, mixed>         $told      Shipments that the shop was told of.
	 * @param array<int, array<string, mixed>> $items     The order's items, see Parcels.
	 * @param string                           $placed_at RFC 3339 time of the order.
	 * @param Dates                            $dates     How dates are written.
	 * @return array<string, mixed>
	 */
	public static function view( ?array $state, array $told, array $items, string $placed_at, Dates $dates ): array {
		$status  = Given::text( $state, 'status' );
		$parcels = Parcels::of( $state, $told, $items, $dates );
		$to_come = Parcels::to_come( $state, $told, $items );
		if ( in_array( $status, self::ALL_SENT, true ) ) {
			$to_come = array();
		}
		list( $headline, $explanation, $tone ) = self::headline( $status, $parcels, $to_come );
		return array(
			'status'       => $status,
			'revision'     => (int) Given::text( $state, 'revision' ),
			'headline'     => $headline,
			'explanation'  => $explanation,
			'tone'         => $tone,
			'steps'        => 'cancelled' === $status ? array() : self::steps( $status, $parcels, $to_come ),
			'promise'      => self::promise( Given::table( $state, 'promise' ), $status, $parcels, $dates ),
			'parcels'      => $parcels,
			'to_come'      => $to_come,
			'timeline'     => self::timeline( $parcels, $placed_at, $dates ),
			'return_url'   => Given::link( $state, 'return_url' ),
			'tracking_url' => Given::link( $state, 'tracking_url' ),
			'updated'      => $dates->moment( Given::text( $state, 'updated_at' ) ),
			'final'        => self::is_final( $status, $parcels, $to_come ),
		);
	}

	/**
	 * Headline, explanation and tone.
	 *
	 * @param string                           $status  Order status.
	 * @param array<int, array<string, mixed>> $parcels Parcels.
	 * @param array<int, array<string, mixed>> $to_come Items to come.
	 * @return array{0: string, 1: string, 2: string}
	 */
	private static function headline( string $status, array $parcels, array $to_come ): array {
		if ( 'cancelled' === $status ) {
			return array( __( 'Your order was cancelled', 'fulfilhub-for-woocommerce' ), __( 'Nothing more will be sent.', 'fulfilhub-for-woocommerce' ), 'quiet' );
		}
		if ( 'returned' === $status || 'partially_returned' === $status ) {
			return array( __( 'Your return has arrived', 'fulfilhub-for-woocommerce' ), __( 'Thank you for sending it back.', 'fulfilhub-for-woocommerce' ), 'good' );
		}
		if ( self::arrived( $status, $parcels, $to_come ) ) {
			return array( __( 'Delivered', 'fulfilhub-for-woocommerce' ), __( 'Everything has arrived. We hope you like it.', 'fulfilhub-for-woocommerce' ), 'good' );
		}
		$states = array_column( $parcels, 'state' );
		foreach ( $parcels as $parcel ) {
			if ( 'attention' === $parcel['tone'] ) {
				return array( (string) $parcel['label'], __( 'See below what is happening with your parcel.', 'fulfilhub-for-woocommerce' ), 'attention' );
			}
		}
		if ( in_array( 'out_for_delivery', $states, true ) ) {
			return array( __( 'Arriving today', 'fulfilhub-for-woocommerce' ), __( 'The carrier has it on the van.', 'fulfilhub-for-woocommerce' ), 'moving' );
		}
		if ( $parcels && $to_come ) {
			return array( __( 'Part of your order is on its way', 'fulfilhub-for-woocommerce' ), __( 'The rest follows in another parcel.', 'fulfilhub-for-woocommerce' ), 'moving' );
		}
		if ( $parcels || 'shipped' === $status ) {
			return array( __( 'On its way', 'fulfilhub-for-woocommerce' ), __( 'Your order has left the warehouse.', 'fulfilhub-for-woocommerce' ), 'moving' );
		}
		if ( 'backordered' === $status ) {
			return array( __( 'We have your order', 'fulfilhub-for-woocommerce' ), __( 'Something in it is out of stock just now. We will send it as soon as it is back.', 'fulfilhub-for-woocommerce' ), 'waiting' );
		}
		if ( 'awaiting_payment' === $status ) {
			return array( __( 'We have your order', 'fulfilhub-for-woocommerce' ), __( 'We start as soon as your payment has arrived.', 'fulfilhub-for-woocommerce' ), 'waiting' );
		}
		if ( 'on_hold' === $status || 'needs_review' === $status ) {
			return array( __( 'We have your order', 'fulfilhub-for-woocommerce' ), __( 'It takes a little longer than usual. We will send it as soon as we can.', 'fulfilhub-for-woocommerce' ), 'waiting' );
		}
		if ( '' === $status || 'received' === $status ) {
			return array( __( 'We have your order', 'fulfilhub-for-woocommerce' ), __( 'It is on its way to our warehouse team.', 'fulfilhub-for-woocommerce' ), 'moving' );
		}
		return array( __( 'We are preparing your order', 'fulfilhub-for-woocommerce' ), __( 'It is being picked and packed.', 'fulfilhub-for-woocommerce' ), 'moving' );
	}

	/**
	 * The four stages, each `done`, `now` or `ahead`.
	 *
	 * @param string                           $status  Order status.
	 * @param array<int, array<string, mixed>> $parcels Parcels.
	 * @param array<int, array<string, mixed>> $to_come Items to come.
	 * @return array<int, array{label: string, state: string}>
	 */
	private static function steps( string $status, array $parcels, array $to_come ): array {
		$labels  = array(
			__( 'Ordered', 'fulfilhub-for-woocommerce' ),
			__( 'Preparing', 'fulfilhub-for-woocommerce' ),
			__( 'On its way', 'fulfilhub-for-woocommerce' ),
			__( 'Delivered', 'fulfilhub-for-woocommerce' ),
		);
		$reached = 1;
		if ( self::arrived( $status, $parcels, $to_come ) || in_array( $status, array( 'returned', 'partially_returned' ), true ) ) {
			$reached = 4;
		} elseif ( $parcels || 'shipped' === $status ) {
			$reached = 2;
		} elseif ( '' === $status || 'received' === $status || 'awaiting_payment' === $status ) {
			$reached = 0;
		}
		$steps = array();
		foreach ( $labels as $place => $label ) {
			$steps[] = array(
				'label' => $label,
				'state' => $place < $reached ? 'done' : ( $place === $reached ? 'now' : 'ahead' ),
			);
		}
		return $steps;
	}

	/**
	 * What was promised, and how it stands; null where nothing was, or where it no longer matters.
	 *
	 * @param array<int|string, mixed>         $promise The state's promise.
	 * @param string                           $status  Order status.
	 * @param array<int, array<string, mixed>> $parcels Parcels.
	 * @param Dates                            $dates   How dates are written.
	 * @return array{text: string, note: string, tone: string}|null
	 */
	private static function promise( array $promise, string $status, array $parcels, Dates $dates ): ?array {
		$day   = $dates->day( Given::text( $promise, 'deliver_by' ) );
		$state = Given::text( $promise, 'state' );
		if ( '' === $day || 'none' === $state || in_array( $status, array( 'cancelled', 'returned', 'partially_returned', 'on_hold', 'needs_review', 'backordered', 'awaiting_payment' ), true ) ) {
			return null;
		}
		/* translators: %s: a day, e.g. Fri 28 Nov */
		$arrives = sprintf( __( 'Arrives by %s', 'fulfilhub-for-woocommerce' ), $day );
		/* translators: %s: a day, e.g. Fri 28 Nov */
		$promised = sprintf( __( 'Promised by %s', 'fulfilhub-for-woocommerce' ), $day );
		$here     = 'delivered' === $status;
		if ( 'kept' === $state ) {
			return self::standing( $promised, __( 'Arrived on time.', 'fulfilhub-for-woocommerce' ), 'good' );
		}
		if ( 'broken' === $state ) {
			return self::standing( $promised, $here ? __( 'It arrived late, and we are sorry.', 'fulfilhub-for-woocommerce' ) : __( 'It is late, and we are sorry.', 'fulfilhub-for-woocommerce' ), 'attention' );
		}
		if ( $here ) {
			return null;
		}
		if ( 'at_risk' === $state ) {
			return self::standing( $arrives, __( 'It may be a little late. We are watching it.', 'fulfilhub-for-woocommerce' ), 'attention' );
		}
		return self::standing( $arrives, $parcels ? __( 'On time.', 'fulfilhub-for-woocommerce' ) : '', 'good' );
	}

	/**
	 * A promise's three words.
	 *
	 * @param string $text What was promised.
	 * @param string $note How it stands.
	 * @param string $tone Tone.
	 * @return array{text: string, note: string, tone: string}
	 */
	private static function standing( string $text, string $note, string $tone ): array {
		return array(
			'text' => $text,
			'note' => $note,
			'tone' => $tone,
		);
	}

	/**
	 * What happened, newest first.
	 *
	 * @param array<int, array<string, mixed>> $parcels   Parcels.
	 * @param string                           $placed_at Time of the order.
	 * @param Dates                            $dates     How dates are written.
	 * @return array<int, array{at: string, when: string, text: string}>
	 */
	private static function timeline( array $parcels, string $placed_at, Dates $dates ): array {
		$events = array( array( $placed_at, __( 'You placed the order', 'fulfilhub-for-woocommerce' ), 0 ) );
		$many   = count( $parcels ) > 1;
		foreach ( $parcels as $place => $parcel ) {
			$number = $place + 1;
			if ( $many ) {
				/* translators: 1: number of the parcel, 2: carrier */
				$left = sprintf( __( 'Parcel %1$d left with %2$s', 'fulfilhub-for-woocommerce' ), $number, $parcel['carrier'] );
				/* translators: %d: number of the parcel */
				$came = sprintf( __( 'Parcel %d was delivered', 'fulfilhub-for-woocommerce' ), $number );
			} else {
				/* translators: %s: carrier */
				$left = sprintf( __( 'Your parcel left with %s', 'fulfilhub-for-woocommerce' ), $parcel['carrier'] );
				$came = __( 'Your parcel was delivered', 'fulfilhub-for-woocommerce' );
			}
			$events[] = array( (string) $parcel['shipped_at'], '' === $parcel['carrier'] ? __( 'Your parcel left the warehouse', 'fulfilhub-for-woocommerce' ) : $left, 1 );
			$events[] = array( (string) $parcel['delivered_at'], $came, 2 );
		}
		$list = array();
		foreach ( $events as $event ) {
			$unix = Dates::unix( $event[0] );
			if ( null !== $unix ) {
				$list[] = array(
					'unix'  => $unix,
					'stage' => $event[2],
					'at'    => $event[0],
					'when'  => $dates->moment( $event[0] ),
					'text'  => $event[1],
				);
			}
		}
		usort(
			$list,
			static function ( array $one, array $other ) {
				return array( $other['unix'], $other['stage'] ) <=> array( $one['unix'], $one['stage'] );
			}
		);
		return $list;
	}

	/**
	 * Whether everything has arrived.
	 *
	 * @param string                           $status  Order status.
	 * @param array<int, array<string, mixed>> $parcels Parcels.
	 * @param array<int, array<string, mixed>> $to_come Items to come.
	 */
	private static function arrived( string $status, array $parcels, array $to_come ): bool {
		if ( 'delivered' === $status ) {
			return true;
		}
		return $parcels && ! $to_come && array( 'delivered' ) === array_values( array_unique( array_column( $parcels, 'state' ) ) );
	}

	/**
	 * Whether nothing more is to be expected, so that nobody needs to ask again.
	 *
	 * @param string                           $status  Order status.
	 * @param array<int, array<string, mixed>> $parcels Parcels.
	 * @param array<int, array<string, mixed>> $to_come Items to come.
	 */
	private static function is_final( string $status, array $parcels, array $to_come ): bool {
		if ( in_array( $status, array( 'cancelled', 'returned', 'not_required' ), true ) ) {
			return true;
		}
		return $parcels && ! $to_come && ! array_diff( array_column( $parcels, 'state' ), self::ENDED );
	}
}
