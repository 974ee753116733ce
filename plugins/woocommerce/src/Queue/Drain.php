<?php
/**
 * Sends what waits.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Http\Answer;
use FulfilHub\WooCommerce\Http\Client;
use FulfilHub\WooCommerce\Http\Signature;
use FulfilHub\WooCommerce\Install;
use FulfilHub\WooCommerce\Lock;
use FulfilHub\WooCommerce\Orders\Payload;

/**
 * One runner at a time takes batches of orders, signs and sends them, until nothing is due or its time is over.
 */
final class Drain {
	const HOOK    = 'fulfilhub_drain';
	const HEALTH  = 'fulfilhub_queue_health';
	const BATCH   = 25;
	const SECONDS = 25;
	const LEASE   = 120;

	/**
	 * Time-out of one batch in seconds: nobody waits for it, and FulfilHub writes 25 orders down before it answers.
	 */
	const TIMEOUT = 20.0;

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( self::HOOK, array( self::class, 'run' ) );
	}

	/**
	 * Lets the queue be sent as soon as Action Scheduler runs.
	 */
	public static function soon(): void {
		self::at( time() );
	}

	/**
	 * Lets the queue be sent at some time, unless that is planned already (an action that runs right now does not count:
	 * it may have looked for the last time).
	 *
	 * @param int $time Unix time.
	 */
	private static function at( int $time ): void {
		if ( ! function_exists( 'as_get_scheduled_actions' ) ) {
			return;
		}
		$planned = as_get_scheduled_actions(
			array(
				'hook'         => self::HOOK,
				'group'        => Install::GROUP,
				'status'       => \ActionScheduler_Store::STATUS_PENDING,
				'date'         => as_get_datetime_object( $time + 1 ),
				'date_compare' => '<=',
				'per_page'     => 1,
			),
			'ids'
		);
		if ( $planned ) {
			return;
		}
		if ( $time <= time() ) {
			as_enqueue_async_action( self::HOOK, array(), Install::GROUP );
		} else {
			as_schedule_single_action( $time, self::HOOK, array(), Install::GROUP );
		}
	}

	/**
	 * Sends what is due; called by Action Scheduler.
	 */
	public static function run(): void {
		self::work( self::SECONDS );
	}

	/**
	 * Sends everything that waits now, also what waits for its next try; called by a person.
	 *
	 * @param int $seconds How long to work at most.
	 * @return int How many orders were sent.
	 */
	public static function now( int $seconds ): int {
		self::note_health( array( 'pause_until' => 0 ) );
		Table::hurry( time() );
		return self::work( $seconds );
	}

	/**
	 * What is known of the way to FulfilHub: last_ok_at, last_error_at, code, detail, failures, pause_until.
	 *
	 * @return array<string, mixed>
	 */
	public static function health(): array {
		$kept = get_option( self::HEALTH, array() );
		return array_merge(
			array(
				'last_ok_at'    => 0,
				'last_error_at' => 0,
				'code'          => '',
				'detail'        => '',
				'failures'      => 0,
				'pause_until'   => 0,
			),
			is_array( $kept ) ? $kept : array()
		);
	}

	/**
	 * Works until nothing is due, the time is over or FulfilHub cannot be reached.
	 *
	 * @param int $seconds Seconds.
	 * @return int How many orders were sent.
	 */
	private static function work( int $seconds ): int {
		if ( ! Store::connected() || Store::is_copy() ) {
			return 0;
		}
		$pause = (int) self::health()['pause_until'];
		if ( $pause > time() ) {
			self::at( $pause );
			return 0;
		}
		$token = Lock::take( 'drain', self::LEASE );
		if ( '' === $token ) {
			// Somebody else sends; look again when they are surely done.
			self::at( time() + self::LEASE );
			return 0;
		}
		$until = microtime( true ) + $seconds;
		$sent  = 0;
		try {
			do {
				$rows = Table::claim( wp_generate_password( 20, false ), time(), self::LEASE, self::BATCH );
				if ( ! $rows ) {
					break;
				}
				$went = self::send( $rows );
				if ( null === $went ) {
					break;
				}
				$sent += $went;
				self::free_memory();
			} while ( microtime( true ) < $until && Lock::renew( 'drain', $token, self::LEASE ) );
		} finally {
			Lock::release( 'drain', $token );
		}
		$next = Table::next_due();
		if ( null !== $next ) {
			self::at( max( $next, (int) self::health()['pause_until'], time() ) );
		}
		return $sent;
	}

	/**
	 * Sends one batch and writes down what became of each order.
	 *
	 * @param array<int, array<string, mixed>> $rows Claimed rows.
	 * @return int|null How many were taken; null where there is no use in sending more now.
	 */
	private static function send( array $rows ): ?int {
		$by_id      = array();
		$deliveries = array();
		$user_id    = (int) Store::get( 'user_id' );
		foreach ( $rows as $row ) {
			$delivery = self::delivery( $row, $user_id );
			if ( null === $delivery ) {
				self::again( $row, 'not_readable', __( 'WooCommerce gave no order of this number. Another plugin may have failed while it was read: see the error log.', 'fulfilhub-for-woocommerce' ), null );
				continue;
			}
			$by_id[ $delivery['id'] ] = $row;
			$deliveries[]             = $delivery;
		}
		if ( ! $deliveries ) {
			return 0;
		}
		$answer   = self::post( $deliveries );
		$verdicts = Verdict::of( $answer, array_keys( $by_id ), time() );
		$first    = reset( $verdicts );
		if ( Verdict::SPLIT === $first->kind ) {
			$half = (int) ceil( count( $by_id ) / 2 );
			$sent = 0;
			foreach ( array_chunk( array_values( $by_id ), $half ) as $part ) {
				$went = self::send( $part );
				if ( null === $went ) {
					return null;
				}
				$sent += $went;
			}
			return $sent;
		}
		$sent = 0;
		foreach ( $verdicts as $id => $verdict ) {
			$sent += self::conclude( $by_id[ $id ], $verdict, $answer ) ? 1 : 0;
		}
		return self::note_answer( $answer, $first ) ? $sent : null;
	}

	/**
	 * What is sent for one row.
	 *
	 * @param array<string, mixed> $row     Row.
	 * @param int                  $user_id User who connected the shop.
	 * @return array<string, mixed>|null
	 */
	private static function delivery( array $row, int $user_id ): ?array {
		$order_id = (int) $row['order_id'];
		$topic    = (string) $row['topic'];
		$payload  = array( 'id' => $order_id );
		if ( 'order.deleted' !== $topic ) {
			$order = wc_get_order( $order_id );
			if ( ! $order || 'trash' === $order->get_status() ) {
				$topic = 'order.deleted';
			} else {
				$payload = Payload::of( $order_id, $user_id );
			}
		}
		return null === $payload ? null : array(
			'id'          => sprintf( 'wc_%d_%d_%d', $order_id, $row['edition'], $row['occurred_at'] ),
			'topic'       => $topic,
			'occurred_at' => gmdate( 'Y-m-d\TH:i:s\Z', (int) $row['occurred_at'] ),
			'order'       => $payload,
		);
	}

	/**
	 * Signs and posts deliveries.
	 *
	 * @param array<int, array<string, mixed>> $deliveries Deliveries.
	 */
	private static function post( array $deliveries ): Answer {
		$body = wp_json_encode( array( 'deliveries' => $deliveries ) );
		if ( false === $body ) {
			return Answer::none( 'not_json', __( 'The orders could not be written as JSON.', 'fulfilhub-for-woocommerce' ) );
		}
		$headers = Signature::headers( Store::get( 'webhook_secret' ), 'msg_' . wp_generate_password( 24, false ), time(), $body );
		return Client::send( 'POST', Store::address() . '/v1/stores/' . rawurlencode( Store::get( 'store_id' ) ) . '/deliveries', $body, $headers, self::TIMEOUT );
	}

	/**
	 * Writes the end of one order's sending.
	 *
	 * @param array<string, mixed> $row     Row.
	 * @param Verdict              $verdict Verdict.
	 * @param Answer               $answer  Answer.
	 * @return bool Whether FulfilHub has the order now.
	 */
	private static function conclude( array $row, Verdict $verdict, Answer $answer ): bool {
		if ( Verdict::DONE === $verdict->kind ) {
			Table::finish(
				$row,
				array(
					'state'        => Table::SENT,
					'tries'        => (int) $row['tries'] + 1,
					'sent_at'      => time(),
					'error_code'   => '',
					'error_detail' => null,
				)
			);
			return true;
		}
		if ( Verdict::REFUSED === $verdict->kind ) {
			Table::finish(
				$row,
				array(
					'state'        => Table::FAILED,
					'tries'        => (int) $row['tries'] + 1,
					'error_code'   => substr( $verdict->code, 0, 64 ),
					'error_detail' => '' === $verdict->detail ? __( 'FulfilHub refused this order and gave no reason.', 'fulfilhub-for-woocommerce' ) : $verdict->detail,
				)
			);
			return false;
		}
		self::again( $row, $verdict->code, Words::of( $verdict ), $answer->retry_after );
		return false;
	}

	/**
	 * Plans the next try of one order, or gives it up.
	 *
	 * @param array<string, mixed> $row         Row.
	 * @param string               $code        Why.
	 * @param string               $detail      Why, for people.
	 * @param int|null             $retry_after Seconds that FulfilHub asked to wait.
	 */
	private static function again( array $row, string $code, string $detail, ?int $retry_after ): void {
		$now   = time();
		$tries = (int) $row['tries'] + 1;
		$first = (int) $row['first_try_at'] ? (int) $row['first_try_at'] : $now;
		$next  = Backoff::next( $tries, $first, $now, $retry_after );
		Table::finish(
			$row,
			array(
				'state'        => null === $next ? Table::FAILED : Table::WAITING,
				'tries'        => $tries,
				'first_try_at' => $first,
				'next_at'      => null === $next ? $now : $next,
				'error_code'   => substr( $code, 0, 64 ),
				'error_detail' => $detail,
			)
		);
	}

	/**
	 * Remembers how the way to FulfilHub is.
	 *
	 * @param Answer  $answer  Answer to a batch.
	 * @param Verdict $verdict Its (first) verdict.
	 * @return bool Whether there is any use in sending more now.
	 */
	private static function note_answer( Answer $answer, Verdict $verdict ): bool {
		$now = time();
		if ( $answer->ok() || Verdict::REFUSED === $verdict->kind ) {
			self::note_health(
				array(
					'last_ok_at'  => $now,
					'failures'    => 0,
					'pause_until' => 0,
					'code'        => '',
					'detail'      => '',
				)
			);
			return true;
		}
		if ( Verdict::ENDED === $verdict->kind && 410 === $answer->status ) {
			Store::end( 'fulfilhub' );
			return false;
		}
		// The rest of the queue is not tried in vain: a minute of rest, then five, then a quarter of an hour.
		$failures = (int) self::health()['failures'] + 1;
		$pauses   = array( 60, 300, 900 );
		$pause    = $pauses[ min( $failures, count( $pauses ) ) - 1 ];
		self::note_health(
			array(
				'last_error_at' => $now,
				'failures'      => $failures,
				'pause_until'   => $now + max( $pause, min( (int) $answer->retry_after, 3600 ) ),
				'code'          => $verdict->code,
				'detail'        => Words::of( $verdict ),
			)
		);
		return false;
	}

	/**
	 * Changes single values of the health.
	 *
	 * @param array<string, mixed> $values Values.
	 */
	private static function note_health( array $values ): void {
		update_option( self::HEALTH, array_merge( self::health(), $values ), false );
	}

	/**
	 * Orders that were read stay in the object cache of this process: five hundred of them are too many.
	 */
	private static function free_memory(): void {
		if ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) {
			wp_cache_flush_runtime();
		}
	}
}
