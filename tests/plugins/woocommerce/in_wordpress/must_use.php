<?php
/**
 * Plugin Name: FulfilHub's tests
 * Description: Mail goes to a file, no other host is called, and a request tells what it cost when it is asked to.
 */

if ( isset( $_SERVER['HTTP_X_TEST_MEASURE'] ) && ! defined( 'SAVEQUERIES' ) ) {
	define( 'SAVEQUERIES', true );
}

/** Adds a line to a file of the tests. */
function fulfilhub_test_note( string $file, array $line ): void {
	file_put_contents( WP_CONTENT_DIR . '/' . $file, wp_json_encode( $line ) . "\n", FILE_APPEND | LOCK_EX );
}

add_filter(
	'pre_wp_mail',
	static function ( $sent, $mail ) {
		fulfilhub_test_note( 'fulfilhub-test-mail.jsonl', array( 'to' => $mail['to'], 'subject' => $mail['subject'], 'message' => $mail['message'] ) );
		return true;
	},
	10,
	2
);
add_filter(
	'pre_http_request',
	static function ( $answer, $how, $url ) {
		$local = in_array( wp_parse_url( $url, PHP_URL_HOST ), array( '127.0.0.1', 'localhost' ), true );
		fulfilhub_test_note( 'fulfilhub-test-calls.jsonl', array( 'url' => $url, 'during' => ( $_SERVER['REQUEST_METHOD'] ?? '' ) . ' ' . ( $_SERVER['REQUEST_URI'] ?? 'cli' ) ) );
		return $local ? $answer : new WP_Error( 'no_network', 'The tests have no network.' );
	},
	10,
	3
);
add_filter( 'http_request_host_is_external', '__return_true' );
add_filter(
	'http_allowed_safe_ports',
	static function ( $ports, $host, $url ) {
		return array_merge( $ports, array( (int) wp_parse_url( $url, PHP_URL_PORT ) ) );
	},
	10,
	3
);
add_action(
	'shutdown',
	static function () {
		global $wpdb;
		if ( ! isset( $_SERVER['HTTP_X_TEST_MEASURE'] ) ) {
			return;
		}
		$ours = array_filter(
			(array) $wpdb->queries,
			static function ( $query ) {
				return false !== stripos( $query[2], 'fulfilhub\\' );
			}
		);
		fulfilhub_test_note(
			'fulfilhub-test-costs.jsonl',
			array(
				'tag'     => $_SERVER['HTTP_X_TEST_MEASURE'],
				'queries' => $wpdb->num_queries,
				'ours'    => array_values( array_column( $ours, 0 ) ),
				'ms'      => ( microtime( true ) - $_SERVER['REQUEST_TIME_FLOAT'] ) * 1000,
			)
		);
	},
	PHP_INT_MAX
);
