<?php
/**
 * What a customer reads of an order.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\View\CustomerOrder;

require_once __DIR__ . '/ViewTestCase.php';

/**
 * From states to headlines, steps, parcels and what is to come.
 */
final class CustomerOrderTest extends ViewTestCase {
	/**
	 * The view of a state.
	 *
	 * @param array<string, mixed>|null        $state State.
	 * @param array<int, array<string, mixed>> $told  Shipments told.
	 * @param array<int, int>                  $refunded Units refunded.
	 * @return array<string, mixed>
	 */
	private function view( ?array $state, array $told = array(), array $refunded = array() ): array {
		return CustomerOrder::view( $state, $told, $this->items( $refunded ), '2026-11-25T10:00:00Z', $this->dates() );
	}

	/**
	 * Before FulfilHub has said a word, the customer still reads something true.
	 */
	public function test_an_order_that_was_just_placed_is_there(): void {
		$view = $this->view( null );
		$this->assertSame( 'We have your order', $view['headline'] );
		$this->assertSame( array( 'now', 'ahead', 'ahead', 'ahead' ), array_column( $view['steps'], 'state' ) );
		$this->assertNull( $view['promise'] );
		$this->assertFalse( $view['final'] );
	}

	/**
	 * What is in this box, and what is still to come.
	 */
	public function test_a_part_that_left_names_its_contents_and_the_rest(): void {
		$view = $this->view(
			$this->state(
				array(
					'status'    => 'partially_shipped',
					'shipments' => array( $this->shipment( 'a', array( 1 => 1 ) ) ),
				)
			)
		);
		$this->assertSame( 'Part of your order is on its way', $view['headline'] );
		$this->assertSame(
			array(
				array(
					'name'     => 'Mug',
					'quantity' => 1,
				),
			),
			$view['parcels'][0]['contents']
		);
		$this->assertSame(
			array(
				array(
					'name'     => 'Mug',
					'quantity' => 1,
				),
				array(
					'name'     => 'Shirt',
					'quantity' => 1,
				),
			),
			$view['to_come']
		);
		$this->assertSame( array( 'done', 'done', 'now', 'ahead' ), array_column( $view['steps'], 'state' ) );
	}

	/**
	 * Refunded units do not come, and a voucher is never in a parcel.
	 */
	public function test_what_was_refunded_is_not_to_come(): void {
		$view = $this->view( $this->state( array( 'shipments' => array( $this->shipment( 'a', array( 1 => 1 ) ) ) ) ), array(), array( 1 => 1, 2 => 1 ) ); // phpcs:ignore WordPress.Arrays -- Short.
		$this->assertSame( array(), $view['to_come'] );
		$this->assertSame( 'On its way', $view['headline'] );
	}

	/**
	 * A shipment that the shop was told of is shown before the state that names it arrives, and once.
	 */
	public function test_a_shipment_is_shown_once_wherever_it_was_told(): void {
		$told          = $this->shipment( 'a', array() );
		$told['lines'] = $this->lines( array( 1 => 2 ) );
		$this->assertCount( 1, $this->view( $this->state(), array( 'a' => $told ) )['parcels'] );
		$both = $this->view( $this->state( array( 'shipments' => array( $this->shipment( 'a', array( 1 => 2 ) ) ) ) ), array( 'a' => $told ) );
		$this->assertCount( 1, $both['parcels'] );
		$this->assertSame( 'Shirt', $both['to_come'][0]['name'] );
	}

	/**
	 * Where only the shipment says what is in it, its parcels carry the list together, counted once.
	 */
	public function test_contents_of_a_whole_shipment_are_counted_once(): void {
		$told              = $this->shipment( 'a', array() );
		$told['lines']     = $this->lines( array( 1 => 2 ) );
		$told['parcels'][] = array( 'tracking_number' => 'second' );
		$view              = $this->view( null, array( 'a' => $told ) );
		$this->assertTrue( $view['parcels'][0]['shared'] );
		$this->assertSame( array(), $view['parcels'][1]['contents'] );
		$this->assertSame( array( 'Shirt' ), array_column( $view['to_come'], 'name' ) );
	}

	/**
	 * Parcels that all arrived are an order that arrived, whatever the status says meanwhile.
	 */
	public function test_everything_that_arrived_is_delivered_and_final(): void {
		$here = array(
			'state'        => 'delivered',
			'delivered_at' => '2026-11-27T09:30:00Z',
		);
		$view = $this->view(
			$this->state(
				array(
					'status'    => 'shipped',
					'shipments' => array( $this->shipment( 'a', array( 1 => 2 ), $here ), $this->shipment( 'b', array( 2 => 1 ), $here ) ),
				)
			)
		);
		$this->assertSame( 'Delivered', $view['headline'] );
		$this->assertTrue( $view['final'] );
		$this->assertSame( array( 'done', 'done', 'done', 'done' ), array_column( $view['steps'], 'state' ) );
		$this->assertSame( 'Fri 27 Nov, 10:30', $view['parcels'][0]['delivered'] );
	}

	/**
	 * One parcel arrived, another has not left.
	 */
	public function test_half_an_order_that_arrived_is_not_delivered(): void {
		$here = array(
			'state'        => 'delivered',
			'delivered_at' => '2026-11-27T09:30:00Z',
		);
		$view = $this->view(
			$this->state(
				array(
					'status'    => 'partially_shipped',
					'shipments' => array( $this->shipment( 'a', array( 1 => 2 ), $here ) ),
				)
			)
		);
		$this->assertSame( 'Part of your order is on its way', $view['headline'] );
		$this->assertFalse( $view['final'] );
	}

	/**
	 * A parcel that waits for the customer comes before everything else that is said.
	 */
	public function test_what_needs_attention_is_the_headline(): void {
		$view = $this->view( $this->state( array( 'shipments' => array( $this->shipment( 'a', array( 1 => 2 ), array( 'state' => 'ready_for_pickup' ) ) ) ) ) );
		$this->assertSame( 'Ready to collect', $view['headline'] );
		$this->assertSame( 'attention', $view['tone'] );
	}

	/**
	 * Why an order is held is between merchant and FulfilHub.
	 */
	public function test_a_hold_is_told_without_its_reason(): void {
		$view = $this->view(
			$this->state(
				array(
					'status' => 'on_hold',
					'holds'  => array(
						array(
							'id'     => 'hold_1',
							'reason' => 'fraud_risk',
							'text'   => 'Fraud risk',
							'note'   => 'Looks odd',
						),
					),
				)
			)
		);
		$this->assertSame( 'We have your order', $view['headline'] );
		$this->assertNull( $view['promise'] );
		$this->assertStringNotContainsStringIgnoringCase( 'fraud', (string) json_encode( $view ) );
		$this->assertStringNotContainsString( 'Looks odd', (string) json_encode( $view ) );
	}

	/**
	 * How a promise stands, in words.
	 *
	 * @dataProvider promises
	 *
	 * @param string $state  State of the promise.
	 * @param string $status Status of the order.
	 * @param string $text   What is said.
	 * @param string $note   And how it stands.
	 */
	public function test_the_promise_is_told_as_it_stands( string $state, string $status, string $text, string $note ): void {
		$view = $this->view(
			$this->state(
				array(
					'status'  => $status,
					'promise' => array(
						'deliver_by' => '2026-11-28',
						'state'      => $state,
					),
				)
			)
		);
		$this->assertSame( array( $text, $note ), array( $view['promise']['text'], $view['promise']['note'] ) );
	}

	/**
	 * Promises.
	 *
	 * @return array<string, array<int, string>>
	 */
	public function promises(): array {
		return array(
			'on time' => array( 'on_time', 'routed', 'Arrives by Sat 28 Nov', '' ),
			'at risk' => array( 'at_risk', 'routed', 'Arrives by Sat 28 Nov', 'It may be a little late. We are watching it.' ),
			'kept'    => array( 'kept', 'delivered', 'Promised by Sat 28 Nov', 'Arrived on time.' ),
			'late'    => array( 'broken', 'shipped', 'Promised by Sat 28 Nov', 'It is late, and we are sorry.' ),
			'came'    => array( 'broken', 'delivered', 'Promised by Sat 28 Nov', 'It arrived late, and we are sorry.' ),
		);
	}

	/**
	 * A cancelled order promises nothing, and nothing of it is to come.
	 */
	public function test_a_cancelled_order_ends(): void {
		$view = $this->view( $this->state( array( 'status' => 'cancelled' ) ) );
		$this->assertSame( 'Your order was cancelled', $view['headline'] );
		$this->assertSame( array( array(), array(), null, true ), array( $view['steps'], $view['to_come'], $view['promise'], $view['final'] ) );
	}

	/**
	 * Newest first, with each parcel by its number.
	 */
	public function test_the_timeline_is_newest_first(): void {
		$late               = $this->shipment( 'b', array( 2 => 1 ) );
		$late['shipped_at'] = '2026-11-27T15:00:00Z';
		$view               = $this->view( $this->state( array( 'shipments' => array( $late, $this->shipment( 'a', array( 1 => 2 ) ) ) ) ) );
		$this->assertSame(
			array( 'Parcel 2 left with Royal Mail', 'Parcel 1 left with Royal Mail', 'You placed the order' ),
			array_column( $view['timeline'], 'text' )
		);
	}

	/**
	 * A link is a web address or no link.
	 */
	public function test_only_web_addresses_become_links(): void {
		$bad  = array( 'tracking_url' => 'javascript:alert(1)' );
		$view = $this->view(
			$this->state(
				array(
					'shipments'  => array( $this->shipment( 'a', array( 1 => 2 ), $bad ) ),
					'return_url' => 'data:text/html,x',
				)
			)
		);
		$this->assertSame( array( '', '' ), array( $view['parcels'][0]['tracking_url'], $view['return_url'] ) );
	}

	/**
	 * What is of another kind than expected is read as empty.
	 *
	 * @dataProvider nonsense
	 *
	 * @param array<string, mixed> $state State.
	 */
	public function test_nonsense_is_shown_as_nothing( array $state ): void {
		$view = $this->view( $state );
		$this->assertNotSame( '', $view['headline'] );
		$this->assertSame( 0, $view['revision'] );
	}

	/**
	 * States that are none.
	 *
	 * @return array<string, array<int, array<string, mixed>>>
	 */
	public function nonsense(): array {
		return array(
			'empty'      => array( array() ),
			'texts'      => array(
				array(
					'revision'  => 'x',
					'status'    => array(),
					'promise'   => 'soon',
					'shipments' => 'two',
				),
			),
			'deep'       => array(
				array(
					'shipments' => array(
						'x',
						array(
							'parcels'    => array( 5, array( 'lines' => array( array( 'quantity' => -2 ), 'y' ) ) ),
							'shipped_at' => 'yesterday',
						),
					),
					'promise'   => array(
						'state'      => 7,
						'deliver_by' => array( '2026' ),
					),
				),
			),
			'new status' => array( array( 'status' => 'teleported' ) ),
		);
	}
}
