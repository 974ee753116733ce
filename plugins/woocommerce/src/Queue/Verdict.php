<?php
/**
 * What an answer of FulfilHub means for the orders that were sent.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use FulfilHub\WooCommerce\Http\Answer;

/**
 * Pure.
 */
final class Verdict {
	const DONE    = 'done';
	const AGAIN   = 'again';
	const REFUSED = 'refused';
	const SPLIT   = 'split';
	const ENDED   = 'ended';

	/**
	 * One of the constants.
	 *
	 * @var string
	 */
	public $kind;

	/**
	 * Why, for programs.
	 *
	 * @var string
	 */
	public $code;

	/**
	 * Why, for people.
	 *
	 * @var string
	 */
	public $detail;

	/**
	 * Makes a verdict.
	 *
	 * @param string $kind   One of the constants.
	 * @param string $code   Code.
	 * @param string $detail Words.
	 */
	public function __construct( string $kind, string $code = '', string $detail = '' ) {
		$this->kind   = $kind;
		$this->code   = $code;
		$this->detail = $detail;
	}

	/**
	 * The verdict of each delivery.
	 *
	 * @param Answer             $answer Answer to one batch.
	 * @param array<int, string> $ids    Delivery ids of the batch.
	 * @param int                $now    This server's clock as a Unix time.
	 * @return array<string, Verdict> By delivery id.
	 */
	public static function of( Answer $answer, array $ids, int $now ): array {
		if ( $answer->ok() ) {
			return self::each( $answer, $ids );
		}
		$all = self::of_all( $answer, count( $ids ), $now );
		return array_fill_keys( $ids, $all );
	}

	/**
	 * Verdicts where FulfilHub judged delivery by delivery.
	 *
	 * @param Answer             $answer Answer.
	 * @param array<int, string> $ids    Delivery ids.
	 * @return array<string, Verdict>
	 */
	private static function each( Answer $answer, array $ids ): array {
		$found = array();
		$rows  = isset( $answer->data['data'] ) && is_array( $answer->data['data'] ) ? $answer->data['data'] : array();
		foreach ( $rows as $row ) {
			if ( ! is_array( $row ) || ! isset( $row['id'], $row['outcome'] ) || ! is_string( $row['id'] ) ) {
				continue;
			}
			if ( 'refused' === $row['outcome'] ) {
				$found[ $row['id'] ] = new self( self::REFUSED, self::text( $row, 'code', 'refused' ), self::text( $row, 'detail', '' ) );
			} elseif ( in_array( $row['outcome'], array( 'accepted', 'duplicate' ), true ) ) {
				$found[ $row['id'] ] = new self( self::DONE );
			}
		}
		$verdicts = array();
		foreach ( $ids as $id ) {
			// An order that the answer does not name was not heard: it is sent again.
			$verdicts[ $id ] = isset( $found[ $id ] ) ? $found[ $id ] : new self( self::AGAIN, 'no_verdict', '' );
		}
		return $verdicts;
	}

	/**
	 * The verdict where the whole batch was turned away.
	 *
	 * @param Answer $answer Answer.
	 * @param int    $count  How many were sent together.
	 * @param int    $now    Unix time.
	 */
	private static function of_all( Answer $answer, int $count, int $now ): self {
		$code   = $answer->code();
		$detail = $answer->detail();
		if ( 401 === $answer->status && 'stale_timestamp' === $code ) {
			$theirs = isset( $answer->data['server_time'] ) ? strtotime( (string) $answer->data['server_time'] ) : $answer->server_date;
			return new self( self::AGAIN, $code, is_int( $theirs ) ? (string) ( $now - $theirs ) : '' );
		}
		if ( 0 === $answer->status || 401 === $answer->status || 403 === $answer->status || 408 === $answer->status || 429 === $answer->status || $answer->status >= 500 ) {
			return new self( self::AGAIN, $code, $detail );
		}
		if ( 404 === $answer->status || 410 === $answer->status ) {
			return new self( self::ENDED, $code, $detail );
		}
		// The batch as a whole is too large or has one order in it that cannot be read: find out which.
		return new self( $count > 1 ? self::SPLIT : self::REFUSED, $code, $detail );
	}

	/**
	 * A text of a row.
	 *
	 * @param array<string, mixed> $row  Row.
	 * @param string               $name Name.
	 * @param string               $none What to say where it is missing.
	 */
	private static function text( array $row, string $name, string $none ): string {
		return isset( $row[ $name ] ) && is_string( $row[ $name ] ) && '' !== $row[ $name ] ? $row[ $name ] : $none;
	}
}
