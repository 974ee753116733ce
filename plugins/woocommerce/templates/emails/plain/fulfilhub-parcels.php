<?php
/**
 * Parcels and what is still to come, in an e-mail of plain text.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/emails/plain/fulfilhub-parcels.php.
 *
 * @package FulfilHub\WooCommerce
 * @version 1.0.0
 *
 * @var array<int, array<string, mixed>> $parcels Parcels.
 * @var array<int, array<string, mixed>> $to_come Items that no parcel has yet.
 */

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.Security.EscapeOutput.OutputNotEscaped -- Plain text: tags are stripped, entities would be shown.
foreach ( wp_list_filter( $parcels, array( 'shared' => true ) ) as $parcel ) {
	echo esc_html__( 'In these parcels together:', 'fulfilhub-for-woocommerce' ) . "\n";
	foreach ( $parcel['contents'] as $item ) {
		echo '  ' . wp_strip_all_tags( $item['quantity'] . ' x ' . $item['name'] ) . "\n";
	}
	echo "\n";
}
foreach ( $parcels as $place => $parcel ) {
	echo "----------------------------------------\n";
	/* translators: 1: number of this parcel, 2: number of parcels */
	echo count( $parcels ) > 1 ? sprintf( esc_html__( 'Parcel %1$d of %2$d', 'fulfilhub-for-woocommerce' ), $place + 1, count( $parcels ) ) : esc_html__( 'Your parcel', 'fulfilhub-for-woocommerce' );
	echo "\n" . wp_strip_all_tags( implode( ', ', array_filter( array( $parcel['carrier'], $parcel['tracking_number'] ) ) ) ) . "\n";
	foreach ( $parcel['shared'] ? array() : $parcel['contents'] as $item ) {
		echo '  ' . wp_strip_all_tags( $item['quantity'] . ' x ' . $item['name'] ) . "\n";
	}
	if ( '' !== $parcel['tracking_url'] ) {
		echo esc_html__( 'Track this parcel:', 'fulfilhub-for-woocommerce' ) . ' ' . esc_url_raw( $parcel['tracking_url'] ) . "\n";
	}
	echo "\n";
}
if ( $to_come ) {
	echo "----------------------------------------\n";
	echo esc_html__( 'Still to come', 'fulfilhub-for-woocommerce' ) . "\n";
	foreach ( $to_come as $item ) {
		echo '  ' . wp_strip_all_tags( $item['quantity'] . ' x ' . $item['name'] ) . "\n";
	}
	echo "\n";
}
