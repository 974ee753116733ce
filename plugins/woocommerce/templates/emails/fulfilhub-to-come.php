<?php
/**
 * What is still to come, in an e-mail.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/emails/fulfilhub-to-come.php.
 *
 * @package FulfilHub\WooCommerce
 * @version 1.0.0
 *
 * @var array<int, array<string, mixed>> $to_come Items that no parcel has yet.
 */

defined( 'ABSPATH' ) || exit;

if ( ! $to_come ) {
	return;
}
?>
<table class="fh-parcel fh-later" cellspacing="0" cellpadding="0" border="0" role="presentation">
	<tr>
		<td>
			<h3><?php esc_html_e( 'Still to come', 'fulfilhub-for-woocommerce' ); ?></h3>
			<p class="fh-soft"><?php esc_html_e( 'In a parcel of its own. We write to you when it leaves.', 'fulfilhub-for-woocommerce' ); ?></p>
			<ul>
				<?php foreach ( $to_come as $item ) : ?>
					<li><?php echo esc_html( $item['quantity'] . ' × ' . $item['name'] ); ?></li>
				<?php endforeach; ?>
			</ul>
		</td>
	</tr>
</table>
