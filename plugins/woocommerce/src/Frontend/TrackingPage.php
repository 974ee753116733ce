<?php
/**
 * The shop's own tracking page, e.g. /track-order/.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\Frontend;

use FulfilHub\WooCommerce\Settings;

/**
 * A page that is in no table: WordPress is given one with the shortcode in it, so the theme frames it as it frames every
 * page, classic and block themes alike. A real page with the same path goes before it.
 */
final class TrackingPage {
	const VARIABLE = 'fulfilhub_order';
	const PAGE     = 'fulfilhub_page';
	const PATH     = 'fulfilhub_rewrite_path';
	const POST_ID  = -61070;

	/**
	 * Hooks in.
	 */
	public function register(): void {
		add_filter( 'query_vars', array( $this, 'add_variables' ) );
		add_action( 'init', array( $this, 'add_rules' ), 20 );
		add_action( 'wp_loaded', array( $this, 'flush_where_needed' ) );
		// Rules may have been written by others while the plugin was not active.
		add_action( 'fulfilhub_installed', array( $this, 'write_anew' ) );
		add_action( 'add_option_fulfilhub_flush_rewrite', array( $this, 'write_anew' ) );
		add_action( 'update_option_fulfilhub_flush_rewrite', array( $this, 'write_anew' ) );
		add_action( 'parse_request', array( $this, 'prefer_real_page' ) );
		add_filter( 'posts_pre_query', array( $this, 'give_page' ), 10, 2 );
		add_action( 'wp', array( $this, 'keep_private' ) );
	}

	/**
	 * The address of an order's journey on this page; '' where the shop does not use the page.
	 *
	 * @param \WC_Order|null $order Order; null for the page's form.
	 */
	public static function url( ?\WC_Order $order = null ): string {
		$path = self::path();
		if ( '' === $path ) {
			return '';
		}
		$ticket = $order ? Ticket::of( $order ) : '';
		if ( ! get_option( 'permalink_structure' ) ) {
			$query = array(
				self::PAGE     => '1',
				self::VARIABLE => $ticket,
			);
			return add_query_arg( array_filter( $query ), home_url( '/' ) );
		}
		return home_url( user_trailingslashit( '/' . $path . ( '' === $ticket ? '' : '/' . $ticket ) ) );
	}

	/**
	 * The ticket that the visitor came with; '' for none.
	 */
	public static function ticket(): string {
		$ticket = get_query_var( self::VARIABLE );
		return is_string( $ticket ) ? sanitize_text_field( $ticket ) : '';
	}

	/**
	 * Makes WordPress know our variables.
	 *
	 * @param array<int, string> $names Names.
	 * @return array<int, string>
	 */
	public function add_variables( $names ): array {
		return array_merge( (array) $names, array( self::VARIABLE, self::PAGE ) );
	}

	/**
	 * Adds the page's addresses.
	 */
	public function add_rules(): void {
		$path = self::path();
		if ( '' !== $path ) {
			add_rewrite_rule( '^' . preg_quote( $path, '#' ) . '/?$', 'index.php?' . self::PAGE . '=1', 'top' );
			add_rewrite_rule( '^' . preg_quote( $path, '#' ) . '/([0-9]+-[0-9a-f]+)/?$', 'index.php?' . self::PAGE . '=1&' . self::VARIABLE . '=$matches[1]', 'top' );
		}
	}

	/**
	 * Writes the rules anew when the path is another than the one they were written for, and never otherwise.
	 */
	public function flush_where_needed(): void {
		$path = self::path();
		if ( get_option( self::PATH ) === $path ) {
			return;
		}
		update_option( self::PATH, $path );
		// 'no' instead of nothing, so that the next 'yes' is a change that is heard.
		update_option( 'fulfilhub_flush_rewrite', 'no' );
		flush_rewrite_rules( false );
	}

	/**
	 * Lets the rules be written at the end of this request's start, or of the next one's.
	 */
	public function write_anew(): void {
		if ( 'no' !== get_option( 'fulfilhub_flush_rewrite' ) ) {
			delete_option( self::PATH );
		}
	}

	/**
	 * Lets a real page with this path be shown: its author knows best what belongs on it.
	 *
	 * @param \WP $wp The request.
	 */
	public function prefer_real_page( $wp ): void {
		if ( empty( $wp->query_vars[ self::PAGE ] ) ) {
			return;
		}
		$path = self::path();
		$page = '' === $path ? null : get_page_by_path( $path );
		if ( $page instanceof \WP_Post && 'publish' === $page->post_status ) {
			unset( $wp->query_vars[ self::PAGE ] );
			$wp->query_vars['pagename'] = $path;
		} elseif ( '' === $path ) {
			// Switched off since the rules were written.
			unset( $wp->query_vars[ self::PAGE ], $wp->query_vars[ self::VARIABLE ] );
			$wp->query_vars['error'] = '404';
		}
	}

	/**
	 * Gives the main query our page.
	 *
	 * @param array<int, \WP_Post>|null $posts Posts that somebody else gave.
	 * @param \WP_Query                 $query The query.
	 * @return array<int, \WP_Post>|null
	 */
	public function give_page( $posts, $query ) {
		if ( ! $query->is_main_query() || ! $query->get( self::PAGE ) || is_admin() ) {
			return $posts;
		}
		$page = self::page();

		$query->is_page           = true;
		$query->is_singular       = true;
		$query->is_home           = false;
		$query->is_archive        = false;
		$query->is_404            = false;
		$query->found_posts       = 1;
		$query->max_num_pages     = 1;
		$query->queried_object    = $page;
		$query->queried_object_id = self::POST_ID;
		return array( $page );
	}

	/**
	 * Keeps the page out of caches, search engines and other sites' logs.
	 */
	public function keep_private(): void {
		if ( ! get_query_var( self::PAGE ) && '' === self::ticket() ) {
			return;
		}
		wc_maybe_define_constant( 'DONOTCACHEPAGE', true );
		nocache_headers();
		if ( ! headers_sent() ) {
			header( 'X-Robots-Tag: noindex, nofollow' );
			header( 'Referrer-Policy: same-origin' );
		}
		add_filter( 'wp_robots', 'wp_robots_sensitive_page' );
		add_filter( 'get_canonical_url', '__return_empty_string' );
		add_filter( 'redirect_canonical', '__return_false' );
		remove_action( 'wp_head', 'rest_output_link_wp_head' );
		remove_action( 'wp_head', 'wp_oembed_add_discovery_links' );
		remove_action( 'wp_head', 'wp_shortlink_wp_head' );
		add_filter( 'edit_post_link', '__return_empty_string' );
		add_filter( 'get_edit_post_link', '__return_empty_string' );
		add_filter( 'comments_open', '__return_false' );
		remove_action( 'template_redirect', 'rest_output_link_header', 11 );
		remove_action( 'template_redirect', 'wp_shortlink_header', 11 );
	}

	/**
	 * The path that the merchant chose; '' where the page is not used.
	 */
	private static function path(): string {
		if ( ! Settings::get( 'tracking_page' ) ) {
			return '';
		}
		$parts = array_filter( array_map( 'sanitize_title', explode( '/', (string) Settings::get( 'tracking_path' ) ) ) );
		return implode( '/', $parts );
	}

	/**
	 * The page as WordPress wants it.
	 */
	private static function page(): \WP_Post {
		$now  = current_time( 'mysql' );
		$gmt  = current_time( 'mysql', true );
		$page = new \WP_Post(
			(object) array(
				'ID'                => self::POST_ID,
				'post_author'       => 0,
				'post_date'         => $now,
				'post_date_gmt'     => $gmt,
				'post_modified'     => $now,
				'post_modified_gmt' => $gmt,
				'post_title'        => __( 'Track your order', 'fulfilhub-for-woocommerce' ),
				'post_content'      => "<!-- wp:shortcode -->\n[" . Shortcode::NAME . "]\n<!-- /wp:shortcode -->",
				'post_excerpt'      => '',
				'post_name'         => self::path(),
				'post_status'       => 'publish',
				'post_type'         => 'page',
				'post_parent'       => 0,
				'comment_status'    => 'closed',
				'ping_status'       => 'closed',
				'comment_count'     => 0,
				'filter'            => 'raw',
			)
		);
		// Whoever asks for the post by its id finds it here, and nothing is looked for in the database.
		wp_cache_set( self::POST_ID, $page, 'posts', 30 );
		wp_cache_set( self::POST_ID, array(), 'post_meta', 30 );
		return $page;
	}
}
