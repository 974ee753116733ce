/* The delivery date in the totals of the cart block, which names the chosen rate only. Plain JavaScript, no build step. */
( function ( wp, wc ) {
	'use strict';

	var Meta = wc && wc.blocksCheckout && wc.blocksCheckout.ExperimentalOrderMeta;
	if ( ! Meta || ! wp || ! wp.plugins || ! wp.element ) {
		return;
	}
	var el = wp.element.createElement;

	/* The dates of the chosen rates, each once. */
	function dates( cart ) {
		var found = [];
		( ( cart && cart.shippingRates ) || [] ).forEach( function ( part ) {
			( part.shipping_rates || [] ).forEach( function ( rate ) {
				if ( rate.selected && rate.delivery_time && found.indexOf( rate.delivery_time ) < 0 ) {
					found.push( rate.delivery_time );
				}
			} );
		} );
		return found;
	}

	function Dates( props ) {
		var state = wp.element.useState( false );
		wp.element.useEffect( function () {
			/* Where the cart lists rates to choose from, each shows its own date. */
			var shown = !! document.querySelector( '.wc-block-cart .wc-block-components-shipping-rates-control__package__delivery_time:not(:empty)' );
			if ( shown !== state[ 0 ] ) {
				state[ 1 ]( shown );
			}
		} );
		var found = 'woocommerce/cart' === props.context ? dates( props.cart ) : [];
		if ( state[ 0 ] || ! found.length ) {
			return null;
		}
		return el( 'div', { className: 'wc-block-components-totals-wrapper fulfilhub-cart-promise' },
			el( 'div', { className: 'wc-block-components-totals-item' },
				el( 'span', { className: 'wc-block-components-totals-item__label' }, found.join( ', ' ) )
			)
		);
	}

	wp.plugins.registerPlugin( 'fulfilhub-promise', {
		scope: 'woocommerce-checkout',
		render: function () {
			return el( Meta, null, el( Dates ) );
		}
	} );
}( window.wp, window.wc ) );
