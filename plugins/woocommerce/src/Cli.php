<?php
/**
 * Commands for WP-CLI.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

use FulfilHub\WooCommerce\Connection\Checks;
use FulfilHub\WooCommerce\Connection\Connector;
use FulfilHub\WooCommerce\Connection\Rotation;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Queue\Collector;
use FulfilHub\WooCommerce\Queue\Drain;
use FulfilHub\WooCommerce\Queue\History;
use FulfilHub\WooCommerce\Queue\Table;

/**
 * Connects this shop to FulfilHub and looks after what is sent.
 */
final class Cli {
	/**
	 * Hooks in. Static, for WP-CLI makes a command of every other public method.
	 */
	public static function register(): void {
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			\WP_CLI::add_command( 'fulfilhub', self::class );
		}
	}

	/**
	 * Shows the connection and what waits.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table, json or yaml.
	 * ---
	 * default: table
	 * ---
	 *
	 * @param array<int, string>    $args  Arguments.
	 * @param array<string, string> $named Options.
	 */
	public function status( $args, $named ): void {
		unset( $args );
		$counts = Table::counts();
		$health = Drain::health();
		$rows   = array();
		foreach ( array(
			'connected'  => Store::connected() ? 'yes' : 'no',
			'address'    => Store::address(),
			'store'      => Store::get( 'store_id' ),
			'store_name' => Store::get( 'store_name' ),
			'copy'       => Store::is_copy() ? 'yes' : 'no',
			'waiting'    => (string) $counts['waiting'],
			'sent'       => (string) $counts['sent'],
			'failed'     => (string) $counts['failed'],
			'last_error' => (string) $health['detail'],
		) as $name => $value ) {
			$rows[] = array(
				'name'  => $name,
				'value' => $value,
			);
		}
		\WP_CLI\Utils\format_items( isset( $named['format'] ) ? $named['format'] : 'table', $rows, array( 'name', 'value' ) );
	}

	/**
	 * Connects this shop by a one-time code. REST keys are made for the user named by --user.
	 *
	 * ## OPTIONS
	 *
	 * <address>
	 * : FulfilHub's address, e.g. https://api.fulfilhub.example
	 *
	 * <code>
	 * : One-time code.
	 *
	 * ## EXAMPLES
	 *
	 *     wp fulfilhub connect https://api.fulfilhub.example ABCD-EFGH --user=admin
	 *
	 * @param array<int, string> $args Arguments.
	 */
	public function connect( $args ): void {
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			\WP_CLI::error( 'Say with --user for whom the REST keys are made: somebody who may manage WooCommerce.' );
		}
		$this->done( Connector::connect( (string) $args[0], (string) $args[1], '', get_current_user_id() ), 'Connected as ' . Store::get( 'store_name' ) . '.' );
		$this->check();
	}

	/**
	 * Checks both directions; exits with 1 where anything is wrong.
	 */
	public function check(): void {
		$bad = 0;
		foreach ( Checks::run() as $check ) {
			$bad += $check['ok'] ? 0 : 1;
			\WP_CLI::line( ( $check['ok'] ? 'ok    ' : 'WRONG ' ) . $check['title'] . ( $check['ok'] ? '' : ': ' . $check['detail'] . ' -> ' . $check['fix'] ) );
		}
		if ( $bad > 0 ) {
			\WP_CLI::halt( 1 );
		}
	}

	/**
	 * Sends everything that waits, now; with --history also the orders from before.
	 *
	 * ## OPTIONS
	 *
	 * [--history]
	 * : Queue historic orders first.
	 *
	 * [--since=<date>]
	 * : Historic orders since this day (YYYY-MM-DD).
	 *
	 * @param array<int, string>    $args  Arguments.
	 * @param array<string, string> $named Options.
	 */
	public function sync( $args, $named ): void {
		unset( $args );
		if ( ! Store::connected() ) {
			\WP_CLI::error( 'This shop is not connected.' );
		}
		$since = isset( $named['since'] ) ? (string) $named['since'] : '';
		if ( '' !== $since && ( ! isset( $named['history'] ) || ! preg_match( '/^\d{4}-\d{2}-\d{2}$/', $since ) ) ) {
			\WP_CLI::error( '--since goes with --history and is a day, for example --since=2026-01-31.' );
		}
		if ( isset( $named['history'] ) ) {
			History::start( $since );
			do {
				$progress = History::step();
			} while ( 'running' === $progress['state'] );
			\WP_CLI::log( sprintf( '%d orders looked at, %d queued.', $progress['seen'], $progress['queued'] ) );
		}
		$sent = 0;
		do {
			$now   = Drain::now( 60 );
			$sent += $now;
		} while ( $now > 0 );
		$counts = Table::counts();
		\WP_CLI::log( sprintf( '%d sent, %d waiting, %d failed.', $sent, $counts['waiting'], $counts['failed'] ) );
		if ( $counts['waiting'] > 0 ) {
			\WP_CLI::error( (string) Drain::health()['detail'] );
		}
		\WP_CLI::success( 'Nothing waits.' );
	}

	/**
	 * Sends orders again.
	 *
	 * ## OPTIONS
	 *
	 * [<order>...]
	 * : Order ids.
	 *
	 * [--failed]
	 * : All that failed.
	 *
	 * @param array<int, string>    $args  Arguments.
	 * @param array<string, string> $named Options.
	 */
	public function resend( $args, $named ): void {
		if ( ! $args && ! isset( $named['failed'] ) ) {
			\WP_CLI::error( 'Name the orders by their ids, or say --failed.' );
		}
		if ( isset( $named['failed'] ) ) {
			\WP_CLI::log( sprintf( '%d orders are sent again.', Table::resend_failed( time() ) ) );
			Drain::soon();
		}
		foreach ( $args as $order_id ) {
			if ( ! Collector::resend( absint( $order_id ) ) ) {
				\WP_CLI::error( sprintf( 'There is no order %s.', $order_id ) );
			}
		}
		\WP_CLI::success( 'Queued. Run `wp fulfilhub sync` to send them now.' );
	}

	/**
	 * Changes the secret, the store key and the REST keys.
	 */
	public function rotate(): void {
		$this->done( Rotation::run( get_current_user_id() ), 'All keys were changed.' );
	}

	/**
	 * Ends the connection on both sides.
	 */
	public function disconnect(): void {
		$this->done( Connector::disconnect(), 'Disconnected.' );
	}

	/**
	 * Says how it went.
	 *
	 * @param \WP_Error|null $fault What went wrong.
	 * @param string         $text  What to say where nothing did.
	 */
	private function done( ?\WP_Error $fault, string $text ): void {
		if ( $fault ) {
			\WP_CLI::error( $fault->get_error_message() );
		}
		\WP_CLI::success( $text );
	}
}
