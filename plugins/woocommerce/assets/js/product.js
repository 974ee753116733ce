/* The delivery date on a product page. Plain JavaScript, no build step. */
( function () {
	'use strict';

	var place = document.querySelector( '.fulfilhub-product-promise' );
	if ( ! place || ! window.fulfilhubProduct || ! window.fetch ) {
		return;
	}
	var wanted = '';

	function ask( product ) {
		wanted = String( product || '' );
		if ( ! wanted ) {
			place.textContent = '';
			return;
		}
		var mine = wanted;
		var url = window.fulfilhubProduct.url;
		window.fetch( url + ( url.indexOf( '?' ) < 0 ? '?' : '&' ) + 'product=' + encodeURIComponent( mine ), { credentials: 'same-origin' } ).then( function ( response ) {
			return response.ok ? response.json() : { text: '' };
		} ).then( function ( answer ) {
			if ( mine === wanted ) {
				place.textContent = answer.text;
			}
		} ).catch( function () {} );
	}

	ask( place.dataset.product );
	/* WooCommerce's own events about variations are jQuery's. */
	if ( window.jQuery ) {
		window.jQuery( document.body ).on( 'found_variation', 'form.variations_form', function ( event, variation ) {
			ask( variation.variation_id );
		} ).on( 'reset_data', 'form.variations_form', function () {
			ask( '' );
		} );
	}
}() );
