<?php
/**
 * What came back from FulfilHub.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Http;

/**
 * The answer to one call: never an exception, for a merchant's shop must go on whatever happens elsewhere.
 */
final class Answer {
	/**
	 * HTTP status; 0 where no answer came (network, time-out, or no connection kept).
	 *
	 * @var int
	 */
	public $status;

	/**
	 * The JSON object of the body; empty where there is none.
	 *
	 * @var array<string, mixed>
	 */
	public $data;

	/**
	 * Seconds after which to try again (Retry-After), or null.
	 *
	 * @var int|null
	 */
	public $retry_after;

	/**
	 * The server's clock (its Date header) as a Unix time, or null.
	 *
	 * @var int|null
	 */
	public $server_date;

	/**
	 * Makes an answer.
	 *
	 * @param int                  $status      HTTP status or 0.
	 * @param array<string, mixed> $data        Body.
	 * @param int|null             $retry_after Seconds.
	 * @param int|null             $server_date Unix time.
	 */
	public function __construct( int $status, array $data = array(), ?int $retry_after = null, ?int $server_date = null ) {
		$this->status      = $status;
		$this->data        = $data;
		$this->retry_after = $retry_after;
		$this->server_date = $server_date;
	}

	/**
	 * The answer for a call that got none.
	 *
	 * @param string $code   What went wrong, for programs.
	 * @param string $detail What went wrong, for people.
	 */
	public static function none( string $code, string $detail ): self {
		return new self(
			0,
			array(
				'code'   => $code,
				'detail' => $detail,
			)
		);
	}

	/**
	 * Whether FulfilHub did what was asked.
	 */
	public function ok(): bool {
		return $this->status >= 200 && $this->status < 300;
	}

	/**
	 * The problem's code (RFC 9457 with `code`); `http_500` and the like where the body names none.
	 */
	public function code(): string {
		$code = isset( $this->data['code'] ) && is_string( $this->data['code'] ) ? $this->data['code'] : '';
		return '' === $code ? 'http_' . $this->status : $code;
	}

	/**
	 * The problem in words; with errors of single fields after it.
	 */
	public function detail(): string {
		$parts = array();
		foreach ( array( 'detail', 'title' ) as $name ) {
			if ( ! $parts && isset( $this->data[ $name ] ) && is_string( $this->data[ $name ] ) ) {
				$parts[] = $this->data[ $name ];
			}
		}
		$errors = isset( $this->data['errors'] ) && is_array( $this->data['errors'] ) ? $this->data['errors'] : array();
		foreach ( array_slice( $errors, 0, 3 ) as $error ) {
			if ( is_array( $error ) && isset( $error['detail'] ) && is_string( $error['detail'] ) ) {
				$parts[] = ( isset( $error['pointer'] ) && is_string( $error['pointer'] ) ? $error['pointer'] . ': ' : '' ) . $error['detail'];
			}
		}
		return $parts ? implode( ' ', $parts ) : 'HTTP ' . $this->status;
	}
}
