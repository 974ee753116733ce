/* The block "Order status" in the editor. Plain JavaScript, no build step. */
( function ( blocks, blockEditor, components, element, i18n, serverSideRender ) {
	'use strict';

	var el = element.createElement;
	var __ = i18n.__;

	blocks.registerBlockType( 'fulfilhub/order-status', {
		edit: function ( props ) {
			return el(
				element.Fragment,
				null,
				el(
					blockEditor.InspectorControls,
					null,
					el(
						components.PanelBody,
						{ title: __( 'Settings', 'fulfilhub-for-woocommerce' ) },
						el( components.ToggleControl, {
							label: __( 'Let customers look up an order', 'fulfilhub-for-woocommerce' ),
							help: __( 'Shows a form where no order is known, for example on a page of its own.', 'fulfilhub-for-woocommerce' ),
							checked: props.attributes.lookUp,
							__nextHasNoMarginBottom: true,
							onChange: function ( on ) {
								props.setAttributes( { lookUp: on } );
							},
						} )
					)
				),
				el( 'div', blockEditor.useBlockProps(), el( components.Disabled, null, el( serverSideRender, { block: 'fulfilhub/order-status', attributes: props.attributes } ) ) )
			);
		},
		save: function () {
			return null;
		},
	} );
}( window.wp.blocks, window.wp.blockEditor, window.wp.components, window.wp.element, window.wp.i18n, window.wp.serverSideRender ) );
