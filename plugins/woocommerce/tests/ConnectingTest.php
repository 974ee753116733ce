<?php
/**
 * Addresses that people type, and the proof of who asked.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Connection\Address;
use FulfilHub\WooCommerce\Connection\Pkce;
use PHPUnit\Framework\TestCase;

/**
 * Secrets go where they should, and nowhere else.
 */
final class ConnectingTest extends TestCase {
	/**
	 * What is kept of an address.
	 *
	 * @dataProvider addresses
	 * @param string $typed Typed.
	 * @param string $clean Kept.
	 */
	public function test_it_cleans_addresses( string $typed, string $clean ): void {
		$this->assertSame( $clean, Address::clean( $typed ) );
	}

	/**
	 * Addresses.
	 *
	 * @return array<int, array{0: string, 1: string}>
	 */
	public static function addresses(): array {
		return array(
			array( ' api.fulfilhub.example ', 'https://api.fulfilhub.example' ),
			array( 'https://API.FulfilHub.example/v1/?x=1#y', 'https://api.fulfilhub.example' ),
			array( 'http://localhost:8000', 'http://localhost:8000' ),
			array( 'https://[::1]:8000/', 'https://[::1]:8000' ),
			array( 'https://user:secret@fulfilhub.example', '' ),
			array( 'ftp://fulfilhub.example', '' ),
			array( 'javascript://x', '' ),
			array( 'https://ex"ample', '' ),
			array( 'https://', '' ),
			array( '', '' ),
		);
	}

	/**
	 * Over TLS, or not out of this machine.
	 */
	public function test_secrets_do_not_travel_in_the_open(): void {
		foreach ( array( 'https://fulfilhub.example', 'http://localhost', 'http://127.0.0.1:8000', 'http://[::1]:1', 'http://fulfilhub.localhost:80' ) as $safe ) {
			$this->assertTrue( Address::is_safe( $safe ), $safe );
		}
		foreach ( array( 'http://fulfilhub.example', 'http://localhost.example', 'http://127.0.0.1.example', 'http://192.168.0.1', '' ) as $unsafe ) {
			$this->assertFalse( Address::is_safe( $unsafe ), $unsafe );
		}
	}

	/**
	 * The example of RFC 7636, appendix B.
	 */
	public function test_the_challenge_is_that_of_the_rfc(): void {
		$this->assertSame( 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', Pkce::challenge( 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' ) );
	}

	/**
	 * A verifier is long enough, of the right letters and never the same.
	 */
	public function test_verifiers_are_fresh(): void {
		$made = array( Pkce::verifier(), Pkce::verifier() );
		$this->assertMatchesRegularExpression( '/^[A-Za-z0-9_-]{43}$/', $made[0] );
		$this->assertNotSame( $made[0], $made[1] );
	}
}
