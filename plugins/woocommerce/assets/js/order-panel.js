/* FulfilHub's box on the order page of the admin area. Plain JavaScript, no build step. */
( function () {
	'use strict';

	var panel = document.getElementById( 'fulfilhub-panel' );
	if ( ! panel || ! window.fulfilhubPanel ) {
		return;
	}
	var words = window.fulfilhubPanel.words;
	var said = panel.querySelector( '.fh-said' );
	var body = panel.querySelector( '.fh-body' );
	var busy = false;

	function key() {
		if ( window.crypto && window.crypto.randomUUID ) {
			return window.crypto.randomUUID();
		}
		return 'k' + Date.now().toString( 16 ) + Math.random().toString( 16 ).slice( 2 ) + Math.random().toString( 16 ).slice( 2 );
	}

	function say( text, tone ) {
		said.textContent = text || '';
		said.className = 'fh-said' + ( text ? ' fh-note is-' + tone : '' );
	}

	function open( name ) {
		body.querySelectorAll( '[data-form]' ).forEach( function ( form ) {
			var shown = form.dataset.form === name;
			form.hidden = ! shown;
			if ( shown ) {
				form.dataset.once = form.dataset.once || key();
				var first = form.querySelector( 'select, input' );
				if ( first ) {
					first.focus();
				}
			}
		} );
		body.querySelectorAll( '[data-open]' ).forEach( function ( button ) {
			button.setAttribute( 'aria-expanded', button.dataset.open === name ? 'true' : 'false' );
		} );
	}

	function isBeingFilledIn() {
		return !! body.querySelector( '[data-form]:not([hidden])' );
	}

	/* The order itself was changed: the page around us shows, and would save, what was there before. */
	function reload( answer ) {
		Object.keys( answer.changed ).forEach( function ( name ) {
			var field = document.getElementById( name );
			if ( field ) {
				field.value = answer.changed[ name ];
			}
		} );
		window.sessionStorage.setItem( 'fulfilhub-said-' + panel.dataset.order, answer.text );
		window.location.reload();
	}

	/* Asks this site, shows what came of it. `quietly`: nobody pressed anything, so nothing is said unless it went wrong. */
	function ask( what, fields, quietly ) {
		if ( busy ) {
			return;
		}
		busy = true;
		var data = new FormData();
		data.append( 'action', 'fulfilhub_panel' );
		data.append( 'ask', what );
		data.append( 'order', panel.dataset.order );
		data.append( 'nonce', panel.dataset.nonce );
		Object.keys( fields ).forEach( function ( name ) {
			data.append( name, fields[ name ] );
		} );
		panel.classList.add( 'is-busy' );
		panel.setAttribute( 'aria-busy', 'true' );
		if ( ! quietly ) {
			say( words[ what ] || words.working, 'waiting' );
			body.querySelectorAll( 'button' ).forEach( function ( button ) {
				button.disabled = true;
			} );
		}
		window.fetch( window.fulfilhubPanel.url, { method: 'POST', body: data, credentials: 'same-origin' } ).then( function ( response ) {
			return response.json();
		} ).then( function ( answer ) {
			var keepForm = ! answer.ok && ! quietly && isBeingFilledIn();
			if ( answer.html && ! keepForm && ! ( quietly && isBeingFilledIn() ) ) {
				body.innerHTML = answer.html;
			}
			if ( answer.changed && Object.keys( answer.changed ).length ) {
				reload( answer );
				return;
			}
			if ( answer.text || ! quietly ) {
				say( answer.text, answer.ok ? 'good' : quietly ? 'attention' : 'bad' );
				if ( ! quietly && answer.text ) {
					said.scrollIntoView( { block: 'nearest' } );
				}
			}
		} ).catch( function () {
			if ( ! quietly ) {
				say( words.offline, 'bad' );
			}
		} ).then( function () {
			busy = false;
			panel.classList.remove( 'is-busy' );
			panel.removeAttribute( 'aria-busy' );
			body.querySelectorAll( 'button' ).forEach( function ( button ) {
				button.disabled = false;
			} );
		} );
	}

	body.addEventListener( 'click', function ( event ) {
		var button = event.target.closest( 'button' );
		if ( ! button ) {
			return;
		}
		if ( button.dataset.open ) {
			open( button.getAttribute( 'aria-expanded' ) === 'true' ? '' : button.dataset.open );
		} else if ( 'close' in button.dataset ) {
			var name = button.closest( '[data-form]' ).dataset.form;
			open( '' );
			body.querySelector( '[data-open="' + name + '"]' ).focus();
		} else if ( 'all' in button.dataset ) {
			button.parentNode.querySelectorAll( 'li[hidden]' ).forEach( function ( entry ) {
				entry.hidden = false;
			} );
			button.remove();
		} else if ( button.dataset.ask ) {
			var form = button.closest( '[data-form]' );
			var fields = { once: form ? form.dataset.once : ( button.dataset.once = button.dataset.once || key() ) };
			if ( button.dataset.hold ) {
				fields.hold = button.dataset.hold;
			}
			if ( form ) {
				form.querySelectorAll( '[data-field]' ).forEach( function ( field ) {
					fields[ field.dataset.field ] = field.value;
				} );
			}
			ask( button.dataset.ask, fields, false );
		}
	} );

	/* Return would save the whole order: in a form of ours it presses our button. Escape closes. */
	body.addEventListener( 'keydown', function ( event ) {
		var form = event.target.closest( '[data-form]' );
		if ( form && event.key === 'Enter' && event.target.tagName === 'INPUT' ) {
			event.preventDefault();
			form.querySelector( '[data-ask]' ).click();
		} else if ( form && event.key === 'Escape' ) {
			form.querySelector( '[data-close]' ).click();
		}
	} );

	/* WooCommerce warns of unsaved changes when a field of the page changes: ours are none of the order's. */
	body.addEventListener( 'change', function ( event ) {
		event.stopPropagation();
	} );

	var before = window.sessionStorage.getItem( 'fulfilhub-said-' + panel.dataset.order );
	if ( before ) {
		window.sessionStorage.removeItem( 'fulfilhub-said-' + panel.dataset.order );
		say( before, 'good' );
		panel.scrollIntoView( { block: 'nearest' } );
	}
	if ( panel.dataset.live === 'yes' ) {
		ask( 'refresh', {}, true );
	}
}() );
