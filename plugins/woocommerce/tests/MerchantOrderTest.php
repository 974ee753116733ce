<?php
/**
 * What a merchant reads of an order.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Tests;

use FulfilHub\WooCommerce\View\MerchantOrder;

require_once __DIR__ . '/ViewTestCase.php';

/**
 * From state and queue to the order panel.
 */
final class MerchantOrderTest extends ViewTestCase {
	/**
	 * The view of a state.
	 *
	 * @param array<string, mixed>|null $state State.
	 * @param array<string, mixed>      $local How it stands in the queue.
	 * @return array<string, mixed>
	 */
	private function view( ?array $state, array $local = array() ): array {
		$usual = array(
			'intake'    => 'sent',
			'error'     => '',
			'next_at'   => 0,
			'connected' => true,
		);
		return MerchantOrder::view( $state, $local + $usual, array(), $this->items(), $this->dates() );
	}

	/**
	 * Every empty panel says why it is empty, and offers to send where that helps.
	 *
	 * @dataProvider empty_panels
	 *
	 * @param array<string, mixed> $local  How it stands in the queue.
	 * @param string               $says   What is said.
	 * @param bool                 $resend Whether it can be sent.
	 */
	public function test_an_empty_panel_says_why( array $local, string $says, bool $resend ): void {
		$view = $this->view( null, $local );
		$this->assertStringContainsString( $says, $view['empty']['text'] );
		$this->assertSame( $resend, $view['resend'] );
		$this->assertSame( array(), $view['actions'] );
	}

	/**
	 * Ways in which an order has no state.
	 *
	 * @return array<string, array<int, mixed>>
	 */
	public function empty_panels(): array {
		return array(
			'waiting'       => array( array( 'intake' => 'waiting' ), 'on its way to FulfilHub', false ),
			'tried'         => array(
				array(
					'intake'  => 'waiting',
					'error'   => 'FulfilHub could not be reached',
					'next_at' => 1795600000,
				),
				'could not be reached. It is tried again by itself, next at Wed 25 Nov, 10:46',
				false,
			),
			'sent'          => array( array( 'intake' => 'sent' ), 'has not told anything about it yet', false ),
			'refused'       => array(
				array(
					'intake' => 'failed',
					'error'  => 'The currency is not known.',
				),
				'The currency is not known. Correct it',
				true,
			),
			'virtual'       => array( array( 'intake' => 'skipped' ), 'virtual or downloadable', false ),
			'never'         => array( array( 'intake' => 'none' ), 'you can also send it now', true ),
			'not connected' => array(
				array(
					'intake'    => 'none',
					'connected' => false,
				),
				'not connected',
				false,
			),
		);
	}

	/**
	 * Reasons of review with their fix, and a button to send again.
	 */
	public function test_review_is_told_with_its_fix(): void {
		$view = $this->view(
			$this->state(
				array(
					'status' => 'needs_review',
					'review' => array(
						array(
							'code'   => 'unknown_sku',
							'detail' => 'SHIRT is no item.',
							'fix'    => 'Add it.',
						),
						array( 'code' => 'bad_postcode' ),
					),
				)
			)
		);
		$this->assertTrue( $view['resend'] );
		$this->assertSame( array( 'SHIRT is no item.', 'Bad postcode' ), array_column( $view['review'], 'detail' ) );
		$this->assertSame( 'Add it.', $view['review'][0]['fix'] );
	}

	/**
	 * After a claim, the same buttons ask.
	 */
	public function test_actions_are_what_fulfilhub_allows(): void {
		$this->assertSame( array( 'Hold', 'Cancel fulfilment' ), array_column( $this->view( $this->state() )['actions'], 'label' ) );
		$claimed = $this->state(
			array(
				'actions' => array(
					'hold'           => false,
					'release'        => 'no',
					'cancel'         => 'request',
					'change_address' => 'request',
				),
			)
		);
		$this->assertSame( array( 'Ask the warehouse for another address', 'Ask the warehouse to cancel' ), array_column( $this->view( $claimed )['actions'], 'label' ) );
		$this->assertSame( array(), $this->view( $this->state( array( 'actions' => null ) ) )['actions'] );
		$this->assertSame( array(), $this->view( $this->state(), array( 'connected' => false ) )['actions'] );
	}

	/**
	 * A hold can be released where it and the order allow it.
	 */
	public function test_only_releasable_holds_can_be_released(): void {
		$holds = array(
			array(
				'id'         => 'hold_1',
				'reason'     => 'fraud_risk',
				'until'      => '2026-11-27T08:00:00Z',
				'releasable' => true,
			),
			array(
				'id'         => 'hold_2',
				'reason'     => 'a_new_one',
				'text'       => 'A new reason',
				'releasable' => false,
			),
		);
		$view  = $this->view( $this->state( array( 'holds' => $holds ) ) );
		$this->assertSame( array( true, false ), array_column( $view['holds'], 'releasable' ) );
		$this->assertSame( array( 'Fraud check', 'A new reason' ), array_column( $view['holds'], 'title' ) );
		$this->assertSame( 'Fri 27 Nov, 09:00', $view['holds'][0]['until'] );
		$actions = array( 'release' => false );
		$this->assertFalse(
			$this->view(
				$this->state(
					array(
						'holds'   => $holds,
						'actions' => $actions,
					)
				)
			)['holds'][0]['releasable']
		);
	}

	/**
	 * The panel's own parts: warehouse, why not others, timeline, returns.
	 */
	public function test_the_panel_tells_routing_timeline_and_returns(): void {
		$view = $this->view(
			$this->state(
				array(
					'routing'  => array(
						'warehouse'  => 'Leeds',
						'decided_at' => '2026-11-25T12:00:00Z',
						'text'       => 'Nearest',
						'excluded'   => array(
							array(
								'warehouse' => 'Derby',
								'reason'    => 'No stock',
							),
						),
					),
					'timeline' => array_fill(
						0,
						60,
						array(
							'at'   => '2026-11-25T12:00:00Z',
							'text' => 'Something',
							'kind' => 'order',
						)
					),
					'returns'  => array(
						array(
							'id'     => 'ret_1',
							'status' => 'approved',
							'number' => 'R-1',
							'lines'  => $this->lines( array( 2 => 1 ) ),
						),
					),
				)
			)
		);
		$this->assertSame( 'Wed 25 Nov, 13:00', $view['routing']['decided'] );
		$this->assertSame( 'No stock', $view['routing']['excluded'][0]['reason'] );
		$this->assertCount( 50, $view['timeline'] );
		$this->assertSame( array( 'R-1', 'Approved', 'Shirt' ), array( $view['returns'][0]['number'], $view['returns'][0]['label'], $view['returns'][0]['contents'][0]['name'] ) );
		$this->assertNull( $this->view( $this->state() )['routing'] );
	}

	/**
	 * A change that was refused is shown beside the state that still holds.
	 */
	public function test_a_refused_change_is_told_beside_the_state(): void {
		$view = $this->view(
			$this->state(),
			array(
				'intake' => 'failed',
				'error'  => 'No country',
			)
		);
		$this->assertNull( $view['empty'] );
		$this->assertStringContainsString( 'No country. Correct it', $view['failed'] );
		$this->assertTrue( $view['resend'] );
		$this->assertSame( 'With the warehouse', $view['pill']['label'] );
	}

	/**
	 * Codes that are newer than the plugin are told in FulfilHub's words.
	 */
	public function test_an_unknown_status_is_told_in_fulfilhubs_words(): void {
		$view = $this->view(
			$this->state(
				array(
					'status'      => 'teleported',
					'status_text' => 'Beamed up',
				)
			)
		);
		$this->assertSame( 'Beamed up', $view['pill']['label'] );
		$this->assertSame( 'Teleported', $this->view( array( 'status' => 'teleported' ) )['pill']['label'] );
	}

	/**
	 * Times are told as they are in the shop.
	 */
	public function test_times_are_the_shops(): void {
		$view = $this->view( $this->state() );
		$this->assertSame( 'Thu 26 Nov, 00:30', $view['updated'] );
		$this->assertSame( 'Sat 28 Nov', $view['promise']['deliver_by'] );
		$this->assertSame( 'Thu 26 Nov, 17:00', $view['promise']['ship_by'] );
	}
}
