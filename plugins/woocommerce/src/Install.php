<?php
/**
 * What the plugin needs to be there: its table and its repeated actions.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

use FulfilHub\WooCommerce\Queue\Table;

/**
 * Made on each site when the plugin first runs there (so a network-wide activation needs no loop over thousands of
 * sites) and again after each update.
 */
final class Install {
	const VERSION = 'fulfilhub_version';
	const GROUP   = 'fulfilhub';

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_action( 'init', array( self::class, 'bring_up_to_date' ), 5 );
		add_action( 'wp_delete_site', array( self::class, 'forget_site' ) );
	}

	/**
	 * Called when the plugin is activated.
	 */
	public static function activate(): void {
		delete_option( self::VERSION );
		update_option( 'fulfilhub_flush_rewrite', 'yes' );
	}

	/**
	 * Called when the plugin is deactivated: nothing is forgotten, but nothing runs either.
	 *
	 * @param bool $network Whether it is deactivated on all sites of the network.
	 */
	public static function deactivate( $network = false ): void {
		if ( ! is_multisite() || ! $network || wp_is_large_network() ) {
			self::rest();
			return;
		}
		foreach ( get_sites(
			array(
				'fields' => 'ids',
				'number' => 0,
			)
		) as $id ) {
			switch_to_blog( (int) $id );
			self::rest();
			restore_current_blog();
		}
	}

	/**
	 * Lets nothing run on this site until the plugin is active again.
	 */
	private static function rest(): void {
		if ( function_exists( 'as_unschedule_all_actions' ) ) {
			as_unschedule_all_actions( '', array(), self::GROUP );
		}
		delete_option( self::VERSION );
		delete_transient( 'fulfilhub_watching' );
		// WordPress makes them anew when they are asked for next, without ours.
		delete_option( 'rewrite_rules' );
	}

	/**
	 * Makes what is missing, once for each version.
	 */
	public static function bring_up_to_date(): void {
		if ( FULFILHUB_WC_VERSION === get_option( self::VERSION ) ) {
			return;
		}
		Table::make();
		// An option that is not there costs each request a query.
		add_option( Settings::OPTION, array() );
		update_option( 'fulfilhub_flush_rewrite', 'yes' );
		update_option( self::VERSION, FULFILHUB_WC_VERSION );
		/**
		 * The plugin was installed or updated on this site.
		 */
		do_action( 'fulfilhub_installed' );
	}

	/**
	 * A site of the network is deleted: WordPress drops only the tables it knows.
	 *
	 * @param \WP_Site $site The site.
	 */
	public static function forget_site( $site ): void {
		switch_to_blog( (int) $site->blog_id );
		Table::drop();
		restore_current_blog();
	}
}
