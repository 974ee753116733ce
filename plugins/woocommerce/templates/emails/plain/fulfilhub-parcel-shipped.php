<?php
/**
 * E-mail of plain text to the customer: parcels have left the warehouse.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/emails/plain/fulfilhub-parcel-shipped.php.
 *
 * @package FulfilHub\WooCommerce
 * @version 1.0.0
 *
 * @var \WC_Order                        $order              Order.
 * @var string                           $email_heading      Heading.
 * @var string                           $additional_content What the merchant wants to add.
 * @var array<int, array<string, mixed>> $parcels            Parcels of this shipment.
 * @var array<int, array<string, mixed>> $to_come            Items that no parcel has yet.
 * @var string                           $arrives            Day by which it arrives, or ''.
 * @var string                           $follow_url         Where the order can be followed, or ''.
 */

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.Security.EscapeOutput.OutputNotEscaped -- Plain text: tags are stripped, entities would be shown.
echo "=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-\n";
echo wp_strip_all_tags( $email_heading );
echo "\n=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-\n\n";

if ( '' !== $order->get_billing_first_name() ) {
	/* translators: %s: first name */
	echo wp_strip_all_tags( sprintf( __( 'Hi %s,', 'fulfilhub-for-woocommerce' ), $order->get_billing_first_name() ) ) . "\n\n";
}
echo wp_strip_all_tags(
	sprintf(
		/* translators: 1: number of parcels, 2: order number */
		_n( '%1$d parcel of your order %2$s has left our warehouse.', '%1$d parcels of your order %2$s have left our warehouse.', count( $parcels ), 'fulfilhub-for-woocommerce' ),
		count( $parcels ),
		$order->get_order_number()
	)
) . "\n";
if ( '' !== $arrives && ! $to_come ) {
	/* translators: %s: day */
	echo wp_strip_all_tags( sprintf( _n( 'We expect it with you by %s.', 'We expect them with you by %s.', count( $parcels ), 'fulfilhub-for-woocommerce' ), $arrives ) ) . "\n";
}
echo "\n";

wc_get_template(
	'emails/plain/fulfilhub-parcels.php',
	array(
		'parcels' => $parcels,
		'to_come' => $to_come,
	),
	'',
	FULFILHUB_WC_PATH . 'templates/'
);

if ( '' !== $follow_url ) {
	echo wp_strip_all_tags( __( 'Follow your whole order:', 'fulfilhub-for-woocommerce' ) ) . ' ' . esc_url_raw( $follow_url ) . "\n\n";
}
if ( $additional_content ) {
	echo wp_strip_all_tags( wptexturize( $additional_content ) ) . "\n\n";
}

echo wp_kses_post( apply_filters( 'woocommerce_email_footer_text', get_option( 'woocommerce_email_footer_text' ) ) ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- A hook of WooCommerce.
