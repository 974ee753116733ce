/* The checks, the sending of historic orders and questions before buttons, on WooCommerce > Settings > FulfilHub. */
( function () {
	'use strict';

	var settings = window.fulfilhubSettings;

	function post( action, nonce, values ) {
		var body = new URLSearchParams( values || {} );
		body.set( 'action', action );
		body.set( '_ajax_nonce', nonce );
		return window.fetch( settings.ajax, { method: 'POST', credentials: 'same-origin', body: body } ).then( function ( answer ) {
			return answer.json();
		} ).then( function ( answer ) {
			if ( ! answer.success ) {
				throw new Error( 'refused' );
			}
			return answer.data;
		} );
	}

	document.querySelectorAll( '[data-fulfilhub-confirm]' ).forEach( function ( button ) {
		button.addEventListener( 'click', function ( event ) {
			if ( ! window.confirm( button.getAttribute( 'data-fulfilhub-confirm' ) ) ) {
				event.preventDefault();
			}
		} );
	} );

	var results = document.getElementById( 'fulfilhub-checks' );
	var check = document.getElementById( 'fulfilhub-check' );

	function runChecks() {
		check.disabled = true;
		results.textContent = settings.texts.checking;
		post( 'fulfilhub_checks', settings.checks ).then( function ( data ) {
			results.innerHTML = data.html;
		} ).catch( function () {
			results.textContent = settings.texts.failed;
		} ).then( function () {
			check.disabled = false;
		} );
	}

	if ( results && check ) {
		check.addEventListener( 'click', runChecks );
		if ( results.getAttribute( 'data-now' ) ) {
			runChecks();
		}
	}

	var box = document.getElementById( 'fulfilhub-history' );

	function ask( what ) {
		var since = document.getElementById( 'fulfilhub-since' ).value;
		post( 'fulfilhub_history', settings.history, { 'do': what, since: since } ).then( function ( data ) {
			box.setAttribute( 'data-state', data.state );
			box.querySelector( 'progress' ).value = data.share;
			box.querySelector( '.fulfilhub-progress' ).textContent = data.text;
			if ( 'running' === data.state && 'cancel' !== what ) {
				window.setTimeout( ask, 500, 'look' );
			}
		} ).catch( function () {
			box.querySelector( '.fulfilhub-progress' ).textContent = settings.texts.failed;
		} );
	}

	if ( box ) {
		box.querySelectorAll( 'button[data-do]' ).forEach( function ( button ) {
			button.addEventListener( 'click', function () {
				ask( button.getAttribute( 'data-do' ) );
			} );
		} );
		if ( box.getAttribute( 'data-state' ) ) {
			ask( 'look' );
		}
	}
}() );
