<?php
/**
 * What FulfilHub calls in this shop.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Rest;

use Automattic\WooCommerce\Utilities\OrderUtil;
use FulfilHub\WooCommerce\Connection\Rotation;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Orders\State;
use FulfilHub\WooCommerce\Sync\Fulfillments;
use FulfilHub\WooCommerce\Sync\Returns;
use FulfilHub\WooCommerce\Sync\Shipments;
use FulfilHub\WooCommerce\Sync\Stock;

/**
 * Routes below `/wp-json/wc-fulfilhub/v1`. WooCommerce authenticates every namespace that begins with `wc-` by its own
 * REST keys (basic over https, OAuth 1.0a over http), so there is no way in here that is not one of WooCommerce's.
 */
final class Routes {
	const SPACE = 'wc-fulfilhub/v1';

	/**
	 * What a reference may be made of.
	 */
	const REFERENCE = '(?P<reference>[A-Za-z0-9._~-]{1,100})';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'rest_api_init', array( $this, 'add_routes' ) );
	}

	/**
	 * Adds the routes.
	 */
	public function add_routes(): void {
		$this->add(
			'/ping',
			'GET',
			'ping',
			array(
				'nonce' => array(
					'type'      => 'string',
					'maxLength' => 200,
					'default'   => '',
				),
			)
		);
		$this->add( '/orders/(?P<id>\d+)/shipments/' . self::REFERENCE, 'PUT', 'shipment', self::shipment_args() );
		$this->add(
			'/orders/(?P<id>\d+)/state',
			'PUT',
			'state',
			array(
				'revision' => array(
					'type'     => 'integer',
					'minimum'  => 0,
					'required' => true,
				),
			)
		);
		$this->add( '/orders/(?P<id>\d+)/returns/' . self::REFERENCE, 'PUT', 'returned', self::return_args() );
		$this->add( '/stock', 'POST', 'stock', self::stock_args() );
		$this->add( '/rotate', 'POST', 'rotate', array() );
		$this->add( '/connection', 'DELETE', 'disconnect', array() );
	}

	/**
	 * Only who may manage WooCommerce comes in.
	 *
	 * @return true|\WP_Error
	 */
	public function may() {
		if ( current_user_can( 'manage_woocommerce' ) ) {
			return true;
		}
		return new \WP_Error( 'fulfilhub_not_allowed', __( 'These REST keys may not manage WooCommerce.', 'fulfilhub-for-woocommerce' ), array( 'status' => rest_authorization_required_code() ) );
	}

	/**
	 * Who is there.
	 *
	 * @param \WP_REST_Request $request Request.
	 * @return array<string, mixed>
	 */
	public function ping( $request ) {
		return array(
			'nonce'        => (string) $request['nonce'],
			'plugin'       => FULFILHUB_WC_VERSION,
			'woocommerce'  => (string) WC_VERSION,
			'wordpress'    => (string) get_bloginfo( 'version' ),
			'php'          => PHP_VERSION,
			'time'         => gmdate( 'Y-m-d\TH:i:s\Z' ),
			'hpos'         => OrderUtil::custom_orders_table_usage_is_enabled(),
			'fulfillments' => Fulfillments::are_on(),
			'store_id'     => '' === Store::get( 'store_id' ) ? null : Store::get( 'store_id' ),
		);
	}

	/**
	 * A shipment went out.
	 *
	 * @param \WP_REST_Request $request Request.
	 * @return array<string, mixed>|\WP_Error
	 */
	public function shipment( $request ) {
		$order = $this->order( $request );
		if ( is_wp_error( $order ) ) {
			return $order;
		}
		$shipment = array( 'reference' => (string) $request['reference'] );
		foreach ( array_keys( self::shipment_args() ) as $name ) {
			$shipment[ $name ] = $request[ $name ];
		}
		return Shipments::take( $order->get_id(), $shipment );
	}

	/**
	 * An order's state changed.
	 *
	 * @param \WP_REST_Request $request Request.
	 * @return array<string, mixed>|\WP_Error
	 */
	public function state( $request ) {
		$order = $this->order( $request );
		if ( is_wp_error( $order ) ) {
			return $order;
		}
		$body    = $request->get_json_params();
		$applied = State::keep( $order->get_id(), is_array( $body ) ? $body : array() );
		return null === $applied ? self::busy() : array( 'applied' => $applied );
	}

	/**
	 * A return came along.
	 *
	 * @param \WP_REST_Request $request Request.
	 * @return array<string, mixed>|\WP_Error
	 */
	public function returned( $request ) {
		$order = $this->order( $request );
		if ( is_wp_error( $order ) ) {
			return $order;
		}
		$return = array( 'reference' => (string) $request['reference'] );
		foreach ( array_keys( self::return_args() ) as $name ) {
			$return[ $name ] = $request[ $name ];
		}
		return Returns::take( $order->get_id(), $return );
	}

	/**
	 * Stock levels.
	 *
	 * @param \WP_REST_Request $request Request.
	 * @return array<string, mixed>
	 */
	public function stock( $request ) {
		return array( 'data' => Stock::take( (array) $request['items'] ) );
	}

	/**
	 * FulfilHub's merchant wants other keys. Which, is told nobody who calls here: they are fetched from FulfilHub.
	 *
	 * @return array<string, bool>
	 */
	public function rotate() {
		Rotation::ask();
		return array( 'asked' => true );
	}

	/**
	 * FulfilHub ended the connection.
	 *
	 * @return \WP_REST_Response
	 */
	public function disconnect() {
		Store::end( 'fulfilhub' );
		return new \WP_REST_Response( null, 204 );
	}

	/**
	 * The answer where another request works on the same order.
	 */
	public static function busy(): \WP_Error {
		return new \WP_Error( 'order_busy', __( 'Another request works on this order. Try again.', 'fulfilhub-for-woocommerce' ), array( 'status' => 503 ) );
	}

	/**
	 * The order that a route names.
	 *
	 * @param \WP_REST_Request $request Request.
	 * @return \WC_Order|\WP_Error
	 */
	private function order( $request ) {
		$order = wc_get_order( (int) $request['id'] );
		if ( ! $order instanceof \WC_Order || 'shop_order' !== $order->get_type() ) {
			return new \WP_Error( 'order_missing', __( 'This shop has no such order.', 'fulfilhub-for-woocommerce' ), array( 'status' => 404 ) );
		}
		return $order;
	}

	/**
	 * Adds one route.
	 *
	 * @param string               $path   Path.
	 * @param string               $method HTTP method.
	 * @param string               $call   Name of the method here.
	 * @param array<string, mixed> $args   Arguments.
	 */
	private function add( string $path, string $method, string $call, array $args ): void {
		register_rest_route(
			self::SPACE,
			$path,
			array(
				'methods'             => $method,
				'callback'            => array( $this, $call ),
				'permission_callback' => array( $this, 'may' ),
				'args'                => $args,
			)
		);
	}

	/**
	 * The body of a shipment.
	 *
	 * @return array<string, mixed>
	 */
	private static function shipment_args(): array {
		return array(
			'carrier'         => self::text(),
			'carrier_name'    => self::text(),
			'shipped_at'      => self::text(),
			'completes_order' => array(
				'type'     => 'boolean',
				'required' => true,
			),
			'notify_customer' => array(
				'type'    => 'boolean',
				'default' => false,
			),
			'lines'           => self::lines( array() ),
			'parcels'         => array(
				'type'     => 'array',
				'required' => true,
				'maxItems' => 100,
				'items'    => array(
					'type'       => 'object',
					'properties' => array(
						'tracking_number' => array( 'type' => array( 'string', 'null' ) ),
						'tracking_url'    => array( 'type' => array( 'string', 'null' ) ),
					),
				),
			),
		);
	}

	/**
	 * The body of a return.
	 *
	 * @return array<string, mixed>
	 */
	private static function return_args(): array {
		return array(
			'status' => array(
				'type'     => 'string',
				'required' => true,
			),
			'lines'  => self::lines( array( 'restock' => array( 'type' => 'boolean' ) ) ),
			'note'   => self::text(),
		);
	}

	/**
	 * The body of stock levels.
	 *
	 * @return array<string, mixed>
	 */
	private static function stock_args(): array {
		return array(
			'items' => array(
				'type'     => 'array',
				'required' => true,
				'maxItems' => 100,
				'items'    => array(
					'type'       => 'object',
					'properties' => array(
						'reference'  => array( 'type' => array( 'string', 'integer', 'null' ) ),
						'variant_id' => array(
							'type'     => array( 'string', 'integer' ),
							'required' => true,
						),
						'available'  => array(
							'type'     => 'integer',
							'required' => true,
						),
						'expected'   => array( 'type' => array( 'integer', 'null' ) ),
					),
				),
			),
		);
	}

	/**
	 * Lines of an order.
	 *
	 * @param array<string, mixed> $more More of each line.
	 * @return array<string, mixed>
	 */
	private static function lines( array $more ): array {
		return array(
			'type'     => 'array',
			'required' => true,
			'maxItems' => 500,
			'items'    => array(
				'type'       => 'object',
				'properties' => array_merge(
					array(
						'line_id'  => array(
							'type'     => array( 'string', 'integer' ),
							'required' => true,
						),
						'quantity' => array(
							'type'     => 'integer',
							'minimum'  => 0,
							'required' => true,
						),
					),
					$more
				),
			),
		);
	}

	/**
	 * A text that may be missing.
	 *
	 * @return array<string, mixed>
	 */
	private static function text(): array {
		return array(
			'type'    => array( 'string', 'null' ),
			'default' => '',
		);
	}
}
