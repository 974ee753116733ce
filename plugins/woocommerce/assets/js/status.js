/* Keeps an order's journey on the page up to date. Plain JavaScript, no build step. */
( function () {
	'use strict';

	var EVERY = 60000;
	var AT_MOST = 60;

	function follow( frame ) {
		var shown = frame.querySelector( '.fh-shown' );
		var hear = frame.querySelector( '.fh-hear' );
		var headline = ( shown.querySelector( '.fh-headline' ) || {} ).textContent || '';
		var asked = 0;
		var last = 0;

		function ask() {
			if ( document.hidden || asked >= AT_MOST || Date.now() - last < EVERY / 2 ) {
				return;
			}
			asked++;
			last = Date.now();
			var data = new FormData();
			data.append( 'ticket', frame.dataset.ticket );
			window.fetch( window.fulfilhubStatus.url, { method: 'POST', body: data, credentials: 'same-origin' } ).then( function ( response ) {
				return response.ok ? response.json() : null;
			} ).then( function ( answer ) {
				if ( ! answer || ! answer.html ) {
					return;
				}
				if ( answer.html.trim() !== shown.dataset.last ) {
					shown.dataset.last = answer.html.trim();
					var open = !! shown.querySelector( 'details[open]' );
					shown.innerHTML = answer.html;
					if ( open && shown.querySelector( 'details' ) ) {
						shown.querySelector( 'details' ).open = true;
					}
				}
				if ( answer.headline !== headline ) {
					headline = answer.headline;
					hear.textContent = headline;
				}
				if ( answer.final ) {
					window.clearInterval( timer );
				}
			} ).catch( function () {} );
		}

		var timer = window.setInterval( ask, EVERY );
		window.setTimeout( ask, 400 );
		document.addEventListener( 'visibilitychange', ask );
	}

	function start() {
		if ( window.fulfilhubStatus && window.fetch ) {
			document.querySelectorAll( '.fulfilhub-status[data-ticket][data-final="no"]' ).forEach( follow );
		}
	}

	if ( document.readyState === 'loading' ) {
		document.addEventListener( 'DOMContentLoaded', start );
	} else {
		start();
	}
}() );
