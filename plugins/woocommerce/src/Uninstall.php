<?php
/**
 * Leaves no trace.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce;

use FulfilHub\WooCommerce\Connection\Rotation;
use FulfilHub\WooCommerce\Connection\Store;
use FulfilHub\WooCommerce\Http\Client;
use FulfilHub\WooCommerce\Queue\Table;
use FulfilHub\WooCommerce\Sync\PartialStatus;

/**
 * Runs when the plugin is deleted, perhaps while WooCommerce itself is not active: so only WordPress is used here.
 */
final class Uninstall {
	/**
	 * How the names of all our options begin (and those that WooCommerce keeps for our e-mails).
	 */
	const OPTIONS = array( 'fulfilhub_', 'woocommerce_fulfilhub_', '_transient_fulfilhub_', '_transient_timeout_fulfilhub_' );

	/**
	 * Cleans every site of the network, or this one.
	 */
	public static function run(): void {
		if ( ! is_multisite() ) {
			self::site();
			self::users();
			return;
		}
		$from = 0;
		$some = 0;
		do {
			$ids = get_sites(
				array(
					'fields'                 => 'ids',
					'number'                 => 100,
					'offset'                 => $from,
					'update_site_meta_cache' => false,
				)
			);
			foreach ( $ids as $id ) {
				switch_to_blog( (int) $id );
				self::site();
				restore_current_blog();
			}
			$some  = count( $ids );
			$from += 100;
		} while ( 100 === $some );
		self::users();
	}

	/**
	 * Cleans one site.
	 */
	private static function site(): void {
		$settings = get_option( 'fulfilhub_settings', array() );
		self::say_goodbye();
		self::woocommerce();
		self::scheduled();
		Table::drop();
		self::statuses();
		if ( is_array( $settings ) && ! empty( $settings['remove_all_data'] ) ) {
			self::metas();
		}
		self::options();
	}

	/**
	 * Ends the connection on FulfilHub's side too; whether it hears us or not.
	 */
	private static function say_goodbye(): void {
		if ( Store::connected() && ! Store::is_copy() ) {
			Client::call( 'DELETE', Store::address() . '/v1/storefront', null, array( 'Authorization' => 'Bearer ' . Store::get( 'api_key' ) ) );
		}
	}

	/**
	 * Removes REST keys and webhooks.
	 */
	private static function woocommerce(): void {
		global $wpdb;
		// phpcs:disable WordPress.DB -- WooCommerce may not be there to ask; tables of its, values through prepare.
		if ( self::has_table( 'woocommerce_api_keys' ) ) {
			Rotation::forget_all();
		}
		$all = Store::all();
		if ( ! empty( $all['webhooks'] ) && is_array( $all['webhooks'] ) && self::has_table( 'wc_webhooks' ) ) {
			foreach ( $all['webhooks'] as $id ) {
				$wpdb->delete( $wpdb->prefix . 'wc_webhooks', array( 'webhook_id' => (int) $id ), array( '%d' ) );
			}
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name LIKE %s OR option_name LIKE %s", $wpdb->esc_like( '_transient_woocommerce_webhook_ids' ) . '%', $wpdb->esc_like( '_transient_timeout_woocommerce_webhook_ids' ) . '%' ) );
		}
		// phpcs:enable
	}

	/**
	 * Removes planned work.
	 */
	private static function scheduled(): void {
		global $wpdb;
		// phpcs:disable WordPress.DB -- Action Scheduler may not be there to ask.
		if ( self::has_table( 'actionscheduler_actions' ) && self::has_table( 'actionscheduler_groups' ) && self::has_table( 'actionscheduler_logs' ) ) {
			$group = (int) $wpdb->get_var( $wpdb->prepare( "SELECT group_id FROM {$wpdb->prefix}actionscheduler_groups WHERE slug = %s", Install::GROUP ) );
			if ( $group > 0 ) {
				$wpdb->query( $wpdb->prepare( "DELETE l FROM {$wpdb->prefix}actionscheduler_logs l INNER JOIN {$wpdb->prefix}actionscheduler_actions a ON a.action_id = l.action_id WHERE a.group_id = %d", $group ) );
				$wpdb->delete( $wpdb->prefix . 'actionscheduler_actions', array( 'group_id' => $group ), array( '%d' ) );
				$wpdb->delete( $wpdb->prefix . 'actionscheduler_groups', array( 'group_id' => $group ), array( '%d' ) );
			}
		}
		// phpcs:enable
	}

	/**
	 * Gives orders back a status that WooCommerce knows: no list shows one of which it does not.
	 */
	private static function statuses(): void {
		global $wpdb;
		// phpcs:disable WordPress.DB -- See above.
		$wpdb->update( $wpdb->posts, array( 'post_status' => 'wc-processing' ), array( 'post_status' => PartialStatus::KEY ) );
		if ( self::has_table( 'wc_orders' ) ) {
			$wpdb->update( $wpdb->prefix . 'wc_orders', array( 'status' => 'wc-processing' ), array( 'status' => PartialStatus::KEY ) );
		}
		// phpcs:enable
	}

	/**
	 * Removes what was written on orders, in both storages.
	 */
	private static function metas(): void {
		global $wpdb;
		// phpcs:disable WordPress.DB -- See above.
		$like = $wpdb->esc_like( '_fulfilhub_' ) . '%';
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->postmeta} WHERE meta_key LIKE %s", $like ) );
		if ( self::has_table( 'wc_orders_meta' ) ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}wc_orders_meta WHERE meta_key LIKE %s", $like ) );
		}
		// phpcs:enable
	}

	/**
	 * Removes options, locks and transients.
	 */
	private static function options(): void {
		global $wpdb;
		foreach ( self::OPTIONS as $start ) {
			// phpcs:ignore WordPress.DB -- There is no function that finds options by how they begin.
			$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( $start ) . '%' ) );
			foreach ( $names as $name ) {
				delete_option( $name );
			}
		}
		wp_cache_flush();
	}

	/**
	 * Removes what was kept of users.
	 */
	private static function users(): void {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- There is no function that finds metas by how they begin.
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->usermeta} WHERE meta_key LIKE %s", $wpdb->esc_like( 'fulfilhub_' ) . '%' ) );
	}

	/**
	 * Whether a table is there.
	 *
	 * @param string $name Name without the prefix.
	 */
	private static function has_table( string $name ): bool {
		global $wpdb;
		$table = $wpdb->prefix . $name;
		return $table === $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $table ) ) ); // phpcs:ignore WordPress.DB -- See above.
	}
}
