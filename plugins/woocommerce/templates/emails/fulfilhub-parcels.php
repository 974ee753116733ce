<?php
/**
 * Parcels in an e-mail.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/emails/fulfilhub-parcels.php.
 *
 * @package FulfilHub\WooCommerce
 * @version 1.0.0
 *
 * @var array<int, array<string, mixed>> $parcels Parcels.
 */

defined( 'ABSPATH' ) || exit;

// Where nobody told what is in which parcel, the goods stand above them all.
foreach ( wp_list_filter( $parcels, array( 'shared' => true ) ) as $parcel ) :
	?>
	<p class="fh-together"><?php esc_html_e( 'In these parcels together:', 'fulfilhub-for-woocommerce' ); ?></p>
	<ul class="fh-together">
		<?php foreach ( $parcel['contents'] as $item ) : ?>
			<li><?php echo esc_html( $item['quantity'] . ' × ' . $item['name'] ); ?></li>
		<?php endforeach; ?>
	</ul>
	<?php
endforeach;
foreach ( $parcels as $place => $parcel ) :
	?>
	<table class="fh-parcel" cellspacing="0" cellpadding="0" border="0" role="presentation">
		<tr>
			<td>
				<?php /* translators: 1: number of this parcel, 2: number of parcels */ ?>
				<h3><?php echo esc_html( count( $parcels ) > 1 ? sprintf( __( 'Parcel %1$d of %2$d', 'fulfilhub-for-woocommerce' ), $place + 1, count( $parcels ) ) : __( 'Your parcel', 'fulfilhub-for-woocommerce' ) ); ?></h3>
				<p class="fh-soft"><?php echo esc_html( implode( ' · ', array_filter( array( $parcel['carrier'], $parcel['tracking_number'] ) ) ) ); ?></p>
				<?php if ( $parcel['contents'] && ! $parcel['shared'] ) : ?>
					<ul>
						<?php foreach ( $parcel['contents'] as $item ) : ?>
							<li><?php echo esc_html( $item['quantity'] . ' × ' . $item['name'] ); ?></li>
						<?php endforeach; ?>
					</ul>
				<?php endif; ?>
				<?php if ( '' !== $parcel['tracking_url'] ) : ?>
					<p class="fh-track"><a href="<?php echo esc_url( $parcel['tracking_url'] ); ?>"><?php esc_html_e( 'Track this parcel', 'fulfilhub-for-woocommerce' ); ?></a></p>
				<?php endif; ?>
			</td>
		</tr>
	</table>
	<?php
endforeach;
