<?php
/**
 * E-mail to the customer: parcels have left the warehouse.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/emails/fulfilhub-parcel-shipped.php.
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
 * @var \WC_Email                        $email              This e-mail.
 */

defined( 'ABSPATH' ) || exit;

do_action( 'woocommerce_email_header', $email_heading, $email ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- A hook of WooCommerce.
?>
<?php if ( '' !== $order->get_billing_first_name() ) : ?>
	<?php /* translators: %s: first name */ ?>
	<p><?php echo esc_html( sprintf( __( 'Hi %s,', 'fulfilhub-for-woocommerce' ), $order->get_billing_first_name() ) ); ?></p>
<?php endif; ?>
<p>
	<?php
	echo esc_html(
		sprintf(
			/* translators: 1: number of parcels, 2: order number */
			_n( '%1$d parcel of your order %2$s has left our warehouse.', '%1$d parcels of your order %2$s have left our warehouse.', count( $parcels ), 'fulfilhub-for-woocommerce' ),
			count( $parcels ),
			$order->get_order_number()
		)
	);
	if ( '' !== $arrives && ! $to_come ) {
		/* translators: %s: day */
		echo ' ' . esc_html( sprintf( _n( 'We expect it with you by %s.', 'We expect them with you by %s.', count( $parcels ), 'fulfilhub-for-woocommerce' ), $arrives ) );
	}
	?>
</p>
<?php
wc_get_template( 'emails/fulfilhub-parcels.php', array( 'parcels' => $parcels ), '', FULFILHUB_WC_PATH . 'templates/' );
wc_get_template( 'emails/fulfilhub-to-come.php', array( 'to_come' => $to_come ), '', FULFILHUB_WC_PATH . 'templates/' );
?>
<?php if ( '' !== $follow_url ) : ?>
	<p><a href="<?php echo esc_url( $follow_url ); ?>"><?php esc_html_e( 'Follow your whole order', 'fulfilhub-for-woocommerce' ); ?></a></p>
<?php endif; ?>
<?php
if ( $additional_content ) {
	echo wp_kses_post( wpautop( wptexturize( $additional_content ) ) );
}

do_action( 'woocommerce_email_footer', $email ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- A hook of WooCommerce.
