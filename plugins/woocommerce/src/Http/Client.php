<?php
/**
 * The one door through which the plugin speaks to FulfilHub.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Http;

/**
 * JSON over HTTP with a time-out, no redirects (a redirected body or key would go to somebody else) and no exceptions.
 */
final class Client {
	const TIMEOUT = 5.0;

	/**
	 * Calls FulfilHub and waits for its answer.
	 *
	 * @param string                    $method  HTTP method.
	 * @param string                    $url     Whole address.
	 * @param array<string, mixed>|null $body    Sent as a JSON object; null sends no body.
	 * @param array<string, string>     $headers More headers.
	 * @param float                     $timeout Seconds.
	 */
	public static function call( string $method, string $url, ?array $body = null, array $headers = array(), float $timeout = self::TIMEOUT ): Answer {
		$raw = null;
		if ( null !== $body ) {
			$raw = wp_json_encode( $body ? $body : new \stdClass() );
			if ( false === $raw ) {
				return Answer::none( 'not_json', __( 'The data could not be written as JSON.', 'fulfilhub-for-woocommerce' ) );
			}
		}
		return self::send( $method, $url, $raw, $headers, $timeout );
	}

	/**
	 * The same with a body that is ready, for what was signed.
	 *
	 * @param string                $method  HTTP method.
	 * @param string                $url     Whole address.
	 * @param string|null           $raw     Body.
	 * @param array<string, string> $headers More headers.
	 * @param float                 $timeout Seconds.
	 */
	public static function send( string $method, string $url, ?string $raw, array $headers = array(), float $timeout = self::TIMEOUT ): Answer {
		$headers = array_merge( array( 'Accept' => 'application/json' ), $headers );
		if ( null !== $raw ) {
			$headers['Content-Type'] = 'application/json';
		}
		$got = wp_remote_request(
			$url,
			array(
				'method'      => $method,
				'timeout'     => $timeout,
				'redirection' => 0,
				'headers'     => $headers,
				'body'        => $raw,
				'user-agent'  => 'FulfilHub for WooCommerce/' . FULFILHUB_WC_VERSION . '; ' . home_url( '/' ),
			)
		);
		if ( is_wp_error( $got ) ) {
			return Answer::none( 'unreachable', $got->get_error_message() );
		}
		$status = (int) wp_remote_retrieve_response_code( $got );
		$data   = json_decode( (string) wp_remote_retrieve_body( $got ), true );
		if ( ! is_array( $data ) ) {
			$data = array();
			if ( 204 !== $status && $status >= 200 && $status < 300 ) {
				return Answer::none( 'not_fulfilhub', __( 'The answer is not one of FulfilHub. Check the address.', 'fulfilhub-for-woocommerce' ) );
			}
		}
		$after = wp_remote_retrieve_header( $got, 'retry-after' );
		$date  = strtotime( (string) wp_remote_retrieve_header( $got, 'date' ) );
		return new Answer( $status, $data, is_numeric( $after ) ? max( 0, (int) $after ) : null, false === $date ? null : $date );
	}
}
