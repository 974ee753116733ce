<?php
/**
 * The form in which a customer asks for an order.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/fulfilhub/track-form.php.
 *
 * @package FulfilHub\WooCommerce
 * @version 1.0.0
 *
 * @var string $problem What is the matter; '' before anything was sent.
 * @var string $number  Order number as typed.
 * @var string $email   E-mail address as typed.
 * @var string $nonce   Nonce.
 */

defined( 'ABSPATH' ) || exit;
?>
<div class="fulfilhub-track">
	<?php if ( '' !== $problem ) : ?>
		<p class="fh-problem" role="alert" id="fulfilhub-problem"><?php echo esc_html( $problem ); ?></p>
	<?php endif; ?>
	<form method="post" action="" class="fh-card">
		<p><?php esc_html_e( 'Enter the number of your order and the e-mail address that you ordered with. Both are in the e-mail that confirmed it.', 'fulfilhub-for-woocommerce' ); ?></p>
		<p>
			<label for="fulfilhub-number"><?php esc_html_e( 'Order number', 'fulfilhub-for-woocommerce' ); ?></label>
			<input type="text" id="fulfilhub-number" name="fulfilhub_number" value="<?php echo esc_attr( $number ); ?>" required autocomplete="off"<?php echo '' === $problem ? '' : ' aria-describedby="fulfilhub-problem"'; ?>>
		</p>
		<p>
			<label for="fulfilhub-email"><?php esc_html_e( 'E-mail address', 'fulfilhub-for-woocommerce' ); ?></label>
			<input type="email" id="fulfilhub-email" name="fulfilhub_email" value="<?php echo esc_attr( $email ); ?>" required autocomplete="email">
		</p>
		<input type="hidden" name="fulfilhub_nonce" value="<?php echo esc_attr( $nonce ); ?>">
		<p><button type="submit" name="fulfilhub_track" value="1" class="button wp-element-button<?php echo esc_attr( function_exists( 'wc_wp_theme_get_element_class_name' ) && wc_wp_theme_get_element_class_name( 'button' ) ? ' ' . wc_wp_theme_get_element_class_name( 'button' ) : '' ); ?>"><?php esc_html_e( 'Find my order', 'fulfilhub-for-woocommerce' ); ?></button></p>
	</form>
</div>
