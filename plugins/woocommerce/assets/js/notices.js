/* Remembers which of FulfilHub's notices were dismissed. */
( function () {
	'use strict';
	document.addEventListener( 'click', function ( event ) {
		var button = event.target.closest( '.fulfilhub-notice .notice-dismiss' );
		if ( ! button || ! window.ajaxurl ) {
			return;
		}
		var notice = button.closest( '.fulfilhub-notice' );
		var data = new FormData();
		data.append( 'action', 'fulfilhub_dismiss' );
		data.append( 'nonce', notice.dataset.nonce );
		data.append( 'name', notice.dataset.name );
		data.append( 'about', notice.dataset.about );
		window.fetch( window.ajaxurl, { method: 'POST', body: data, credentials: 'same-origin' } );
	} );
}() );
