<?php
/**
 * Signatures, against the example of the Standard Webhooks specification.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\Http\Signature;
use PHPUnit\Framework\TestCase;

/**
 * What FulfilHub verifies is made here.
 */
final class SignatureTest extends TestCase {
	/**
	 * The specification's own example.
	 */
	public function test_it_signs_as_the_specification_does(): void {
		$headers = Signature::headers(
			'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
			'msg_p5jXN8AQM9LWM0D4loKWxJek',
			1614265330,
			'{"test": 2432232314}'
		);
		$this->assertSame(
			array(
				'webhook-id'        => 'msg_p5jXN8AQM9LWM0D4loKWxJek',
				'webhook-timestamp' => '1614265330',
				'webhook-signature' => 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
			),
			$headers
		);
	}

	/**
	 * A secret without the prefix is used as it is.
	 */
	public function test_a_plain_secret_is_its_own_key(): void {
		$this->assertSame( 'plain text', Signature::key( 'plain text' ) );
		$this->assertSame( 'whsec_!', Signature::key( 'whsec_!' ) );
	}

	/**
	 * Time, id and body are all signed.
	 */
	public function test_whatever_changes_changes_the_signature(): void {
		$made = array();
		foreach ( array( array( 'a', 1, '{}' ), array( 'b', 1, '{}' ), array( 'a', 2, '{}' ), array( 'a', 1, '{ }' ) ) as list( $id, $time, $body ) ) {
			$made[] = Signature::headers( 'secret', $id, $time, $body )['webhook-signature'];
		}
		$this->assertCount( 4, array_unique( $made ) );
	}
}
