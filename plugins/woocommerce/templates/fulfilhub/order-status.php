<?php
/**
 * An order's journey, for the customer.
 *
 * This template can be overridden by copying it to yourtheme/woocommerce/fulfilhub/order-status.php.
 *
 * @package FulfilHub\WooCommerce
 * @version 1.0.0
 *
 * @var array<string, mixed> $view   Headline, steps, promise, parcels, to_come, timeline, links.
 * @var string               $number The order's number.
 */

defined( 'ABSPATH' ) || exit;

$many = count( $view['parcels'] ) > 1;
?>
<section class="fh-hero is-<?php echo esc_attr( $view['tone'] ); ?>" aria-label="<?php esc_attr_e( 'Where your order is', 'fulfilhub-for-woocommerce' ); ?>">
	<h2 class="fh-headline"><?php echo esc_html( $view['headline'] ); ?></h2>
	<p class="fh-explanation"><?php echo esc_html( $view['explanation'] ); ?></p>
	<?php if ( $view['promise'] ) : ?>
		<p class="fh-promise">
			<strong><?php echo esc_html( $view['promise']['text'] ); ?></strong>
			<?php if ( '' !== $view['promise']['note'] ) : ?>
				<span class="fh-standing is-<?php echo esc_attr( $view['promise']['tone'] ); ?>"><?php echo esc_html( $view['promise']['note'] ); ?></span>
			<?php endif; ?>
		</p>
	<?php endif; ?>
	<?php if ( $view['steps'] ) : ?>
		<ol class="fh-steps" aria-label="<?php esc_attr_e( 'Progress', 'fulfilhub-for-woocommerce' ); ?>">
			<?php foreach ( $view['steps'] as $step ) : ?>
				<li class="is-<?php echo esc_attr( $step['state'] ); ?>"<?php echo 'now' === $step['state'] ? ' aria-current="step"' : ''; ?>><span><?php echo esc_html( $step['label'] ); ?></span></li>
			<?php endforeach; ?>
		</ol>
	<?php endif; ?>
</section>

<?php foreach ( $view['parcels'] as $place => $parcel ) : ?>
	<section class="fh-card">
		<div class="fh-row">
			<?php /* translators: 1: number of this parcel, 2: number of parcels */ ?>
			<h3><?php echo esc_html( $many ? sprintf( __( 'Parcel %1$d of %2$d', 'fulfilhub-for-woocommerce' ), $place + 1, count( $view['parcels'] ) ) : __( 'Your parcel', 'fulfilhub-for-woocommerce' ) ); ?></h3>
			<span class="fh-pill is-<?php echo esc_attr( $parcel['tone'] ); ?>"><?php echo esc_html( $parcel['label'] ); ?></span>
		</div>
		<p class="fh-soft">
			<?php echo esc_html( $parcel['carrier'] ); ?>
			<?php if ( '' !== $parcel['tracking_number'] ) : ?>
				<?php echo '' === $parcel['carrier'] ? '' : '·'; ?>
				<span class="fh-number"><?php echo esc_html( $parcel['tracking_number'] ); ?></span>
			<?php endif; ?>
			<?php if ( '' !== $parcel['delivered'] ) : ?>
				<?php /* translators: %s: time */ ?>
				<br><?php echo esc_html( sprintf( __( 'Delivered %s', 'fulfilhub-for-woocommerce' ), $parcel['delivered'] ) ); ?>
			<?php elseif ( '' !== $parcel['shipped'] ) : ?>
				<?php /* translators: %s: day */ ?>
				<br><?php echo esc_html( sprintf( __( 'Sent %s', 'fulfilhub-for-woocommerce' ), $parcel['shipped'] ) ); ?>
			<?php endif; ?>
		</p>
		<?php if ( $parcel['contents'] ) : ?>
			<h4><?php echo esc_html( $parcel['shared'] ? __( 'In these parcels together', 'fulfilhub-for-woocommerce' ) : __( 'In this parcel', 'fulfilhub-for-woocommerce' ) ); ?></h4>
			<ul class="fh-items">
				<?php foreach ( $parcel['contents'] as $item ) : ?>
					<li><span class="fh-count"><?php echo esc_html( $item['quantity'] . ' ×' ); ?></span> <span><?php echo esc_html( $item['name'] ); ?></span></li>
				<?php endforeach; ?>
			</ul>
		<?php endif; ?>
		<?php if ( '' !== $parcel['tracking_url'] ) : ?>
			<?php /* translators: %d: number of this parcel */ ?>
			<p><a class="fh-follow" href="<?php echo esc_url( $parcel['tracking_url'] ); ?>" target="_blank" rel="noopener noreferrer"><?php echo esc_html( $many ? sprintf( __( 'Follow parcel %d at the carrier', 'fulfilhub-for-woocommerce' ), $place + 1 ) : __( 'Follow it at the carrier', 'fulfilhub-for-woocommerce' ) ); ?></a></p>
		<?php endif; ?>
	</section>
<?php endforeach; ?>

<?php if ( $view['to_come'] ) : ?>
	<section class="fh-card">
		<h3><?php echo esc_html( $view['parcels'] ? __( 'Still to come', 'fulfilhub-for-woocommerce' ) : __( 'What we are sending', 'fulfilhub-for-woocommerce' ) ); ?></h3>
		<ul class="fh-items">
			<?php foreach ( $view['to_come'] as $item ) : ?>
				<li><span class="fh-count"><?php echo esc_html( $item['quantity'] . ' ×' ); ?></span> <span><?php echo esc_html( $item['name'] ); ?></span></li>
			<?php endforeach; ?>
		</ul>
	</section>
<?php endif; ?>

<?php if ( count( $view['timeline'] ) > 1 ) : ?>
	<details class="fh-card fh-history">
		<summary><?php esc_html_e( 'What has happened so far', 'fulfilhub-for-woocommerce' ); ?></summary>
		<ol class="fh-timeline">
			<?php foreach ( $view['timeline'] as $event ) : ?>
				<li><time datetime="<?php echo esc_attr( $event['at'] ); ?>"><?php echo esc_html( $event['when'] ); ?></time> <span><?php echo esc_html( $event['text'] ); ?></span></li>
			<?php endforeach; ?>
		</ol>
	</details>
<?php endif; ?>

<?php if ( '' !== $view['return_url'] ) : ?>
	<p class="fh-return"><a href="<?php echo esc_url( $view['return_url'] ); ?>" rel="noopener noreferrer"><?php esc_html_e( 'Send something back', 'fulfilhub-for-woocommerce' ); ?></a></p>
<?php endif; ?>
<?php if ( '' !== $view['updated'] ) : ?>
	<?php /* translators: %s: time */ ?>
	<p class="fh-soft fh-asof"><?php echo esc_html( sprintf( __( 'As of %s', 'fulfilhub-for-woocommerce' ), $view['updated'] ) ); ?></p>
<?php endif; ?>
