<?php
/**
 * FulfilHub's box on the order page of the admin area.
 *
 * The page around it is one form that saves the order, so fields here have no names and are sent by the script.
 *
 * @package FulfilHub\WooCommerce
 *
 * @var array<string, mixed>                                                $view    What MerchantOrder::view() made.
 * @var array<string, array{label: string, value: string, complete: string}> $address Where the order goes now.
 * @var array<string, string>                                               $reasons Reasons of a hold.
 */

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedVariableFound -- Required inside a method.
?>
<div class="fh-head">
	<span class="fh-pill is-<?php echo esc_attr( $view['pill']['tone'] ); ?>"><?php echo esc_html( $view['pill']['label'] ); ?></span>
	<?php if ( $view['promise'] ) : ?>
		<span class="fh-pill is-<?php echo esc_attr( $view['promise']['tone'] ); ?>"><?php echo esc_html( $view['promise']['label'] ); ?></span>
	<?php endif; ?>
	<?php if ( '' !== $view['updated'] ) : ?>
		<?php /* translators: %s: time */ ?>
		<span class="fh-quiet"><?php echo esc_html( sprintf( __( 'as of %s', 'fulfilhub-for-woocommerce' ), $view['updated'] ) ); ?></span>
	<?php endif; ?>
	<span class="fh-tools">
		<?php if ( '' !== $view['tracking_url'] ) : ?>
			<a href="<?php echo esc_url( $view['tracking_url'] ); ?>" target="_blank" rel="noopener noreferrer"><?php esc_html_e( 'What the customer sees', 'fulfilhub-for-woocommerce' ); ?></a>
		<?php endif; ?>
		<?php if ( $view['refresh'] ) : ?>
			<button type="button" class="button-link" data-ask="refresh"><?php esc_html_e( 'Refresh', 'fulfilhub-for-woocommerce' ); ?></button>
		<?php endif; ?>
	</span>
</div>

<?php if ( $view['empty'] ) : ?>
	<p class="fh-note is-<?php echo esc_attr( $view['empty']['tone'] ); ?>"><?php echo esc_html( $view['empty']['text'] ); ?></p>
<?php endif; ?>
<?php if ( '' !== $view['failed'] ) : ?>
	<p class="fh-note is-bad"><?php echo esc_html( $view['failed'] ); ?></p>
<?php endif; ?>

<?php if ( $view['review'] ) : ?>
	<section class="fh-note is-bad" aria-label="<?php esc_attr_e( 'What keeps this order from being shipped', 'fulfilhub-for-woocommerce' ); ?>">
		<h3><?php esc_html_e( 'FulfilHub has the order, but something in it has to be mended first', 'fulfilhub-for-woocommerce' ); ?></h3>
		<ul class="fh-reasons">
			<?php foreach ( $view['review'] as $reason ) : ?>
				<li>
					<?php echo esc_html( $reason['detail'] ); ?>
					<?php if ( '' !== $reason['fix'] ) : ?>
						<span class="fh-fix"><?php echo esc_html( $reason['fix'] ); ?></span>
					<?php endif; ?>
				</li>
			<?php endforeach; ?>
		</ul>
	</section>
<?php endif; ?>
<?php if ( $view['resend'] ) : ?>
	<p><button type="button" class="button" data-ask="resend"><?php echo esc_html( $view['empty'] && 'quiet' === $view['empty']['tone'] ? __( 'Send now', 'fulfilhub-for-woocommerce' ) : __( 'Send again', 'fulfilhub-for-woocommerce' ) ); ?></button></p>
<?php endif; ?>

<?php foreach ( $view['holds'] as $hold ) : ?>
	<div class="fh-note is-attention fh-row">
		<div>
			<?php /* translators: %s: reason of the hold */ ?>
			<strong><?php echo esc_html( sprintf( __( 'On hold: %s', 'fulfilhub-for-woocommerce' ), $hold['title'] ) ); ?></strong>
			<?php if ( '' !== $hold['until'] ) : ?>
				<?php /* translators: %s: time */ ?>
				<span class="fh-quiet"><?php echo esc_html( sprintf( __( 'until %s', 'fulfilhub-for-woocommerce' ), $hold['until'] ) ); ?></span>
			<?php endif; ?>
			<?php if ( '' !== $hold['note'] ) : ?>
				<br><?php echo esc_html( $hold['note'] ); ?>
			<?php endif; ?>
		</div>
		<?php if ( $hold['releasable'] ) : ?>
			<?php /* translators: %s: reason of the hold */ ?>
			<button type="button" class="button" data-ask="release" data-hold="<?php echo esc_attr( $hold['id'] ); ?>" aria-label="<?php echo esc_attr( sprintf( __( 'Release the hold: %s', 'fulfilhub-for-woocommerce' ), $hold['title'] ) ); ?>"><?php esc_html_e( 'Release', 'fulfilhub-for-woocommerce' ); ?></button>
		<?php endif; ?>
	</div>
<?php endforeach; ?>

<?php foreach ( $view['pending'] as $request ) : ?>
	<p class="fh-note is-waiting">
		<strong><?php echo esc_html( $request['title'] ); ?></strong>
		<?php if ( '' !== $request['asked'] ) : ?>
			<span class="fh-quiet"><?php echo esc_html( $request['asked'] ); ?></span>
		<?php endif; ?>
		<?php if ( '' !== $request['text'] ) : ?>
			<br><?php echo esc_html( $request['text'] ); ?>
		<?php endif; ?>
	</p>
<?php endforeach; ?>

<div class="fh-columns<?php echo $view['parcels'] || $view['to_come'] || $view['returns'] || $view['timeline'] ? '' : ' is-short'; ?>">
	<div class="fh-main">
		<?php foreach ( $view['parcels'] as $place => $parcel ) : ?>
			<section class="fh-parcel">
				<div class="fh-row">
					<?php /* translators: %d: number of the parcel */ ?>
					<h3><?php echo esc_html( count( $view['parcels'] ) > 1 ? sprintf( __( 'Parcel %d', 'fulfilhub-for-woocommerce' ), $place + 1 ) : __( 'Parcel', 'fulfilhub-for-woocommerce' ) ); ?></h3>
					<span class="fh-pill is-<?php echo esc_attr( $parcel['tone'] ); ?>"><?php echo esc_html( $parcel['label'] ); ?></span>
				</div>
				<p class="fh-quiet">
					<?php echo esc_html( implode( ' · ', array_filter( array( $parcel['carrier'], $parcel['shipped'] ) ) ) ); ?>
					<?php if ( '' !== $parcel['tracking_url'] ) : ?>
						· <a href="<?php echo esc_url( $parcel['tracking_url'] ); ?>" target="_blank" rel="noopener noreferrer"><?php echo esc_html( '' === $parcel['tracking_number'] ? __( 'Track', 'fulfilhub-for-woocommerce' ) : $parcel['tracking_number'] ); ?></a>
					<?php elseif ( '' !== $parcel['tracking_number'] ) : ?>
						· <code><?php echo esc_html( $parcel['tracking_number'] ); ?></code>
					<?php endif; ?>
				</p>
				<?php if ( $parcel['contents'] ) : ?>
					<ul class="fh-items">
						<?php foreach ( $parcel['contents'] as $item ) : ?>
							<li><span class="fh-count"><?php echo esc_html( $item['quantity'] . ' ×' ); ?></span> <?php echo esc_html( $item['name'] ); ?></li>
						<?php endforeach; ?>
					</ul>
				<?php endif; ?>
			</section>
		<?php endforeach; ?>

		<?php if ( $view['to_come'] ) : ?>
			<section>
				<h3><?php esc_html_e( 'Still to be shipped', 'fulfilhub-for-woocommerce' ); ?></h3>
				<ul class="fh-items">
					<?php foreach ( $view['to_come'] as $item ) : ?>
						<li><span class="fh-count"><?php echo esc_html( $item['quantity'] . ' ×' ); ?></span> <?php echo esc_html( $item['name'] ); ?></li>
					<?php endforeach; ?>
				</ul>
			</section>
		<?php endif; ?>

		<?php foreach ( $view['returns'] as $back ) : ?>
			<section class="fh-parcel">
				<div class="fh-row">
					<?php /* translators: %s: number of the return */ ?>
					<h3><?php echo esc_html( sprintf( __( 'Return %s', 'fulfilhub-for-woocommerce' ), $back['number'] ) ); ?></h3>
					<span class="fh-pill is-<?php echo esc_attr( $back['tone'] ); ?>"><?php echo esc_html( $back['label'] ); ?></span>
				</div>
				<?php if ( $back['contents'] ) : ?>
					<ul class="fh-items">
						<?php foreach ( $back['contents'] as $item ) : ?>
							<li><span class="fh-count"><?php echo esc_html( $item['quantity'] . ' ×' ); ?></span> <?php echo esc_html( $item['name'] ); ?></li>
						<?php endforeach; ?>
					</ul>
				<?php endif; ?>
			</section>
		<?php endforeach; ?>

		<?php if ( $view['timeline'] ) : ?>
			<section>
				<h3><?php esc_html_e( 'Timeline', 'fulfilhub-for-woocommerce' ); ?></h3>
				<ol class="fh-timeline">
					<?php foreach ( $view['timeline'] as $place => $event ) : ?>
						<li class="is-<?php echo esc_attr( sanitize_html_class( $event['kind'], 'note' ) ); ?>"<?php echo $place >= 6 ? ' hidden' : ''; ?>>
							<time datetime="<?php echo esc_attr( $event['at'] ); ?>"><?php echo esc_html( $event['when'] ); ?></time>
							<span><?php echo esc_html( $event['text'] ); ?></span>
						</li>
					<?php endforeach; ?>
				</ol>
				<?php if ( count( $view['timeline'] ) > 6 ) : ?>
					<?php /* translators: %d: number of older entries */ ?>
					<button type="button" class="button-link" data-all><?php echo esc_html( sprintf( _n( 'Show %d older entry', 'Show %d older entries', count( $view['timeline'] ) - 6, 'fulfilhub-for-woocommerce' ), count( $view['timeline'] ) - 6 ) ); ?></button>
				<?php endif; ?>
			</section>
		<?php endif; ?>
	</div>

	<div class="fh-side">
		<?php if ( $view['promise'] ) : ?>
			<section>
				<h3><?php esc_html_e( 'Promise', 'fulfilhub-for-woocommerce' ); ?></h3>
				<dl class="fh-facts">
					<?php if ( '' !== $view['promise']['ship_by'] ) : ?>
						<dt><?php esc_html_e( 'Leaves by', 'fulfilhub-for-woocommerce' ); ?></dt>
						<dd><?php echo esc_html( $view['promise']['ship_by'] ); ?></dd>
					<?php endif; ?>
					<?php if ( '' !== $view['promise']['deliver_by'] ) : ?>
						<dt><?php esc_html_e( 'Arrives by', 'fulfilhub-for-woocommerce' ); ?></dt>
						<dd><?php echo esc_html( $view['promise']['deliver_by'] ); ?></dd>
					<?php endif; ?>
				</dl>
				<?php if ( '' !== $view['promise']['text'] ) : ?>
					<p class="fh-quiet"><?php echo esc_html( $view['promise']['text'] ); ?></p>
				<?php endif; ?>
			</section>
		<?php endif; ?>

		<?php if ( $view['routing'] ) : ?>
			<section>
				<h3><?php esc_html_e( 'Warehouse', 'fulfilhub-for-woocommerce' ); ?></h3>
				<p>
					<?php if ( '' !== $view['routing']['warehouse'] ) : ?>
						<strong><?php echo esc_html( $view['routing']['warehouse'] ); ?></strong>
					<?php endif; ?>
					<?php if ( '' !== $view['routing']['decided'] ) : ?>
						<?php /* translators: %s: time */ ?>
						<br><span class="fh-quiet"><?php echo esc_html( sprintf( __( 'decided %s', 'fulfilhub-for-woocommerce' ), $view['routing']['decided'] ) ); ?></span>
					<?php endif; ?>
				</p>
				<?php if ( '' !== $view['routing']['text'] ) : ?>
					<p><?php echo esc_html( $view['routing']['text'] ); ?></p>
				<?php endif; ?>
				<?php if ( $view['routing']['excluded'] ) : ?>
					<details>
						<?php /* translators: %d: number of warehouses */ ?>
						<summary><?php echo esc_html( sprintf( _n( 'Why not %d other', 'Why not %d others', count( $view['routing']['excluded'] ), 'fulfilhub-for-woocommerce' ), count( $view['routing']['excluded'] ) ) ); ?></summary>
						<ul class="fh-reasons">
							<?php foreach ( $view['routing']['excluded'] as $other ) : ?>
								<li><strong><?php echo esc_html( $other['warehouse'] ); ?></strong> <?php echo esc_html( $other['reason'] ); ?></li>
							<?php endforeach; ?>
						</ul>
					</details>
				<?php endif; ?>
			</section>
		<?php endif; ?>

		<?php if ( $view['actions'] ) : ?>
			<section class="fh-actions">
				<h3><?php esc_html_e( 'Change', 'fulfilhub-for-woocommerce' ); ?></h3>
				<?php foreach ( $view['actions'] as $doing ) : ?>
					<button type="button" class="button" data-open="<?php echo esc_attr( $doing['name'] ); ?>" aria-expanded="false" aria-controls="fulfilhub-form-<?php echo esc_attr( $doing['name'] ); ?>"><?php echo esc_html( $doing['label'] ); ?></button>
				<?php endforeach; ?>
			</section>
		<?php endif; ?>
	</div>
</div>

<?php foreach ( $view['actions'] as $doing ) : ?>
	<div class="fh-form" id="fulfilhub-form-<?php echo esc_attr( $doing['name'] ); ?>" data-form="<?php echo esc_attr( $doing['name'] ); ?>" role="group" aria-label="<?php echo esc_attr( $doing['label'] ); ?>" hidden>
		<h3><?php echo esc_html( $doing['label'] ); ?></h3>
		<?php if ( $doing['asks'] ) : ?>
			<p class="fh-quiet"><?php esc_html_e( 'A warehouse works on this order already. It is asked, and the answer appears here.', 'fulfilhub-for-woocommerce' ); ?></p>
		<?php endif; ?>
		<?php if ( 'hold' === $doing['name'] ) : ?>
			<p><label for="fulfilhub-reason"><?php esc_html_e( 'Why', 'fulfilhub-for-woocommerce' ); ?></label>
			<select id="fulfilhub-reason" data-field="reason">
				<?php foreach ( $reasons as $code => $words ) : ?>
					<option value="<?php echo esc_attr( $code ); ?>"><?php echo esc_html( $words ); ?></option>
				<?php endforeach; ?>
			</select></p>
			<p><label for="fulfilhub-until"><?php esc_html_e( 'Release by itself on (optional)', 'fulfilhub-for-woocommerce' ); ?></label>
			<input type="date" id="fulfilhub-until" data-field="until" min="<?php echo esc_attr( wp_date( 'Y-m-d', time() + DAY_IN_SECONDS ) ); ?>"></p>
		<?php endif; ?>
		<?php if ( 'address' === $doing['name'] ) : ?>
			<div class="fh-fields">
				<?php foreach ( $address as $name => $field ) : ?>
					<p><label for="fulfilhub-<?php echo esc_attr( $name ); ?>"><?php echo esc_html( $field['label'] ); ?></label>
					<?php if ( 'country' === $name ) : ?>
						<select id="fulfilhub-country" data-field="country">
							<?php foreach ( WC()->countries->get_shipping_countries() + array_filter( array( $field['value'] => WC()->countries->get_countries()[ $field['value'] ] ?? '' ) ) as $code => $country ) : ?>
								<option value="<?php echo esc_attr( $code ); ?>"<?php selected( $code, $field['value'] ); ?>><?php echo esc_html( $country ); ?></option>
							<?php endforeach; ?>
						</select></p>
					<?php else : ?>
						<input type="text" id="fulfilhub-<?php echo esc_attr( $name ); ?>" data-field="<?php echo esc_attr( $name ); ?>" value="<?php echo esc_attr( $field['value'] ); ?>" autocomplete="off"></p>
					<?php endif; ?>
				<?php endforeach; ?>
			</div>
		<?php else : ?>
			<p><label for="fulfilhub-note-<?php echo esc_attr( $doing['name'] ); ?>"><?php esc_html_e( 'Note for the warehouse team (optional)', 'fulfilhub-for-woocommerce' ); ?></label>
			<input type="text" id="fulfilhub-note-<?php echo esc_attr( $doing['name'] ); ?>" data-field="note" maxlength="500" autocomplete="off"></p>
		<?php endif; ?>
		<p class="fh-buttons">
			<button type="button" class="button <?php echo 'cancel' === $doing['name'] ? 'fh-danger' : 'button-primary'; ?>" data-ask="<?php echo esc_attr( $doing['name'] ); ?>"><?php echo esc_html( $doing['label'] ); ?></button>
			<button type="button" class="button-link" data-close><?php esc_html_e( 'Leave it as it is', 'fulfilhub-for-woocommerce' ); ?></button>
		</p>
	</div>
<?php endforeach; ?>
