<?php
/**
 * A shop that can be bought from, with no orders: run inside WordPress with $hpos.
 */

use Automattic\WooCommerce\Internal\DataStores\Orders\DataSynchronizer;

global $wpdb;

update_option( 'woocommerce_coming_soon', 'no' );
update_option( 'woocommerce_currency', 'EUR' );
update_option( 'woocommerce_default_country', 'DE:DE-BE' );
update_option( 'woocommerce_manage_stock', 'yes' );
update_option( 'woocommerce_enable_guest_checkout', 'yes' );
update_option( 'woocommerce_cod_settings', array( 'enabled' => 'yes', 'title' => 'Cash on delivery', 'enable_for_virtual' => 'yes' ) );
if ( '' === get_option( 'permalink_structure' ) ) {
	update_option( 'permalink_structure', '/%postname%/' );
}
$everywhere = new WC_Shipping_Zone( 0 );
if ( ! $everywhere->get_shipping_methods( true ) ) {
	$id = $everywhere->add_shipping_method( 'flat_rate' );
	update_option( "woocommerce_flat_rate_{$id}_settings", array( 'title' => 'Standard', 'tax_status' => 'none', 'cost' => '4.90' ) );
}

$synchronizer = wc_get_container()->get( DataSynchronizer::class );
if ( ! $synchronizer->check_orders_table_exists() ) {
	$synchronizer->create_database_tables();
}
do {
	$orders = wc_get_orders( array( 'limit' => 200, 'type' => array( 'shop_order', 'shop_order_refund' ), 'status' => array_merge( array_keys( wc_get_order_statuses() ), array( 'trash', 'auto-draft', 'checkout-draft' ) ) ) );
	foreach ( $orders as $order ) {
		$order->delete( true );
	}
} while ( $orders );
foreach ( array( 'wc_orders', 'wc_orders_meta', 'wc_order_addresses', 'wc_order_operational_data' ) as $table ) {
	$wpdb->query( "DELETE FROM {$wpdb->prefix}{$table}" );
}
$wpdb->query( "DELETE FROM {$wpdb->posts} WHERE post_type IN ('shop_order', 'shop_order_refund', 'shop_order_placehold')" );
$wpdb->query( "DELETE FROM {$wpdb->prefix}actionscheduler_actions WHERE status IN ('pending', 'failed') AND hook LIKE 'woocommerce_deliver_webhook%'" );
update_option( 'woocommerce_custom_orders_table_data_sync_enabled', 'no' );
update_option( 'woocommerce_custom_orders_table_enabled', $hpos ? 'yes' : 'no' );

$goods = array();
foreach ( array( 'mug' => array( 'Test mug', 'MUG-TEST', '12.50', 1000, false ), 'tea' => array( 'Test tea', 'TEE-TEST', '7.00', 1000, false ), 'card' => array( 'Test card', 'CARD-TEST', '25.00', null, true ) ) as $key => list( $name, $sku, $price, $stock, $virtual ) ) {
	$product = new WC_Product_Simple( wc_get_product_id_by_sku( $sku ) );
	$product->set_name( $name );
	$product->set_sku( $sku );
	$product->set_regular_price( $price );
	$product->set_status( 'publish' );
	$product->set_virtual( $virtual );
	$product->set_manage_stock( null !== $stock );
	if ( null !== $stock ) {
		$product->set_stock_quantity( $stock );
	}
	$goods[ $key ] = $product->save();
}
flush_rewrite_rules( false );
return $goods;
