<?php
/**
 * The list of orders sent.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Queue;

use Automattic\WooCommerce\Utilities\OrderUtil;
use FulfilHub\WooCommerce\Admin\SettingsTab;
use FulfilHub\WooCommerce\Connection\ConnectionView;

if ( ! class_exists( 'WP_List_Table' ) ) {
	require_once ABSPATH . 'wp-admin/includes/class-wp-list-table.php';
}

/**
 * Two queries for a page of it, and one for the orders' numbers.
 */
final class QueueTable extends \WP_List_Table {
	const PER_PAGE = 20;

	/**
	 * State to show; '' for all.
	 *
	 * @var string
	 */
	private $state;

	/**
	 * Order id to show; 0 for all.
	 *
	 * @var int
	 */
	private $order_id;

	/**
	 * The orders of this page by id.
	 *
	 * @var array<int, \WC_Order>
	 */
	private $orders = array();

	/**
	 * Makes the list.
	 *
	 * @param string $state    waiting, sent, failed or ''.
	 * @param int    $order_id Order id or 0.
	 */
	public function __construct( string $state, int $order_id ) {
		parent::__construct(
			array(
				'singular' => 'fulfilhub_order',
				'plural'   => 'fulfilhub_orders',
				'screen'   => 'fulfilhub_queue',
			)
		);
		$this->state    = in_array( $state, array( Table::WAITING, Table::SENT, Table::FAILED ), true ) ? $state : '';
		$this->order_id = $order_id;
	}

	/**
	 * Columns.
	 *
	 * @return array<string, string>
	 */
	public function get_columns() {
		return array(
			'order'   => __( 'Order', 'fulfilhub-for-woocommerce' ),
			'topic'   => __( 'Event', 'fulfilhub-for-woocommerce' ),
			'state'   => __( 'State', 'fulfilhub-for-woocommerce' ),
			'tries'   => __( 'Tries', 'fulfilhub-for-woocommerce' ),
			'next_at' => __( 'Next try', 'fulfilhub-for-woocommerce' ),
			'error'   => __( 'Last error', 'fulfilhub-for-woocommerce' ),
			'resend'  => '<span class="screen-reader-text">' . esc_html__( 'Resend', 'fulfilhub-for-woocommerce' ) . '</span>',
		);
	}

	/**
	 * Reads the page.
	 */
	public function prepare_items() {
		global $wpdb;
		$this->_column_headers = array( $this->get_columns(), array(), array(), 'order' );
		$table                 = Table::name();
		$where                 = '1 = 1';
		$values                = array();
		if ( '' !== $this->state ) {
			$where   .= ' AND state = %s';
			$values[] = $this->state;
		}
		if ( $this->order_id > 0 ) {
			$where   .= ' AND order_id = %d';
			$values[] = $this->order_id;
		}
		// phpcs:disable WordPress.DB -- A table of our own; every value goes through prepare.
		$total  = (int) $wpdb->get_var( $values ? $wpdb->prepare( "SELECT COUNT(*) FROM {$table} WHERE {$where}", $values ) : "SELECT COUNT(*) FROM {$table}" );
		$values = array_merge( $values, array( self::PER_PAGE, ( $this->get_pagenum() - 1 ) * self::PER_PAGE ) );
		$rows   = $wpdb->get_results( $wpdb->prepare( "SELECT * FROM {$table} WHERE {$where} ORDER BY id DESC LIMIT %d OFFSET %d", $values ), ARRAY_A );
		// phpcs:enable
		$this->items = is_array( $rows ) ? $rows : array();
		$this->set_pagination_args(
			array(
				'total_items' => $total,
				'per_page'    => self::PER_PAGE,
			)
		);
		$ids = array_map( 'intval', array_column( $this->items, 'order_id' ) );
		if ( $ids ) {
			foreach ( wc_get_orders(
				array(
					'include'  => $ids,
					'post__in' => $ids,
					'type'     => 'shop_order',
					'status'   => 'any',
					'limit'    => count( $ids ),
				)
			) as $order ) {
				$this->orders[ $order->get_id() ] = $order;
			}
		}
	}

	/**
	 * What to say of an empty list.
	 */
	public function no_items() {
		esc_html_e( 'No orders here. An order appears as soon as it has one of the statuses that you chose to send.', 'fulfilhub-for-woocommerce' );
	}

	/**
	 * The filter.
	 *
	 * @return array<string, string>
	 */
	protected function get_views() {
		$counts = Table::counts();
		$names  = array(
			''             => __( 'All', 'fulfilhub-for-woocommerce' ),
			Table::WAITING => __( 'Waiting', 'fulfilhub-for-woocommerce' ),
			Table::SENT    => __( 'Sent', 'fulfilhub-for-woocommerce' ),
			Table::FAILED  => __( 'Failed', 'fulfilhub-for-woocommerce' ),
		);
		$views  = array();
		foreach ( $names as $state => $name ) {
			$amount                                  = '' === $state ? $counts['waiting'] + $counts['sent'] + $counts['failed'] : $counts[ $state ];
			$url                                     = SettingsTab::url( 'queue', '' === $state ? array() : array( 'state' => $state ) );
			$views[ '' === $state ? 'all' : $state ] = sprintf( '<a href="%s"%s>%s <span class="count">(%s)</span></a>', esc_url( $url ), $state === $this->state ? ' class="current" aria-current="page"' : '', esc_html( $name ), esc_html( number_format_i18n( $amount ) ) );
		}
		return $views;
	}

	/**
	 * No nonce of a bulk action: this list stands in WooCommerce's form.
	 *
	 * @param string $which top or bottom.
	 */
	protected function display_tablenav( $which ) {
		if ( 'bottom' === $which ) {
			echo '<div class="tablenav bottom">';
			$this->pagination( 'bottom' );
			echo '<br class="clear"></div>';
		}
	}

	/**
	 * A cell.
	 *
	 * @param array<string, mixed> $item Row.
	 * @param string               $name Column.
	 * @return string HTML.
	 */
	protected function column_default( $item, $name ) {
		switch ( $name ) {
			case 'order':
				return $this->order( (int) $item['order_id'] );
			case 'topic':
				return esc_html( self::topic( (string) $item['topic'] ) );
			case 'state':
				return $this->state( $item );
			case 'tries':
				return esc_html( number_format_i18n( (int) $item['tries'] ) );
			case 'next_at':
				return Table::WAITING === $item['state'] ? esc_html( self::next_try( (int) $item['next_at'] ) ) : '&ndash;';
			case 'error':
				return '' === (string) $item['error_detail'] ? '&ndash;' : esc_html( (string) $item['error_detail'] );
			case 'resend':
				return sprintf( '<a class="button button-small" href="%s">%s</a>', esc_url( QueueView::action_url( 'fulfilhub_resend', array( 'order_id' => (int) $item['order_id'] ) ) ), esc_html__( 'Resend', 'fulfilhub-for-woocommerce' ) );
		}
		return '';
	}

	/**
	 * The order with its number and link.
	 *
	 * @param int $order_id Order id.
	 */
	private function order( int $order_id ): string {
		if ( ! isset( $this->orders[ $order_id ] ) ) {
			/* translators: %d: number of an order */
			return esc_html( sprintf( __( '#%d (deleted)', 'fulfilhub-for-woocommerce' ), $order_id ) );
		}
		$order = $this->orders[ $order_id ];
		return sprintf( '<a href="%s"><strong>#%s</strong></a>', esc_url( OrderUtil::get_order_admin_edit_url( $order_id ) ), esc_html( $order->get_order_number() ) );
	}

	/**
	 * The state as a badge.
	 *
	 * @param array<string, mixed> $item Row.
	 */
	private function state( array $item ): string {
		$names = array(
			Table::WAITING => (int) $item['tries'] > 0 ? __( 'Tried, waiting', 'fulfilhub-for-woocommerce' ) : __( 'Waiting', 'fulfilhub-for-woocommerce' ),
			Table::SENT    => __( 'Sent', 'fulfilhub-for-woocommerce' ),
			Table::FAILED  => __( 'Failed', 'fulfilhub-for-woocommerce' ),
		);
		$state = (string) $item['state'];
		$html  = sprintf( '<span class="fulfilhub-badge is-%s">%s</span>', esc_attr( $state ), esc_html( isset( $names[ $state ] ) ? $names[ $state ] : $state ) );
		if ( (int) $item['sent_at'] > 0 ) {
			/* translators: %s: length of time */
			$html .= sprintf( ' <span class="fulfilhub-muted" title="%s">%s</span>', esc_attr( ConnectionView::moment( (int) $item['sent_at'] ) ), esc_html( sprintf( __( '%s ago', 'fulfilhub-for-woocommerce' ), human_time_diff( (int) $item['sent_at'] ) ) ) );
		}
		return $html;
	}

	/**
	 * When it is tried next.
	 *
	 * @param int $time Unix time.
	 */
	private static function next_try( int $time ): string {
		if ( $time <= time() ) {
			return __( 'now', 'fulfilhub-for-woocommerce' );
		}
		/* translators: %s: length of time */
		return sprintf( __( 'in %s', 'fulfilhub-for-woocommerce' ), human_time_diff( time(), $time ) );
	}

	/**
	 * An event in words.
	 *
	 * @param string $topic Topic.
	 */
	private static function topic( string $topic ): string {
		$names = array(
			'order.created' => __( 'New order', 'fulfilhub-for-woocommerce' ),
			'order.updated' => __( 'Change', 'fulfilhub-for-woocommerce' ),
			'order.deleted' => __( 'Deleted', 'fulfilhub-for-woocommerce' ),
		);
		return isset( $names[ $topic ] ) ? $names[ $topic ] : $topic;
	}
}
