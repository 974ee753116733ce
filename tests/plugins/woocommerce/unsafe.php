<?php
/**
 * Finds what WordPress.org's reviewers look for, as far as tokens tell: `php unsafe.php FILE ...` prints `FILE:LINE: what`.
 *
 * - what is printed is escaped where it is printed;
 * - what a browser sent is unslashed, sanitised and, where it is a form's, proven by a nonce in the same function;
 * - SQL with values goes through $wpdb->prepare();
 * - a handler of admin-ajax checks a nonce and a capability, a REST route has a permission callback;
 * - remote calls are made in one class, and nothing evaluates, unserialises or runs programs.
 *
 * `phpcs:ignore SNIFF -- reason` on the line (or the one before) says why a finding is none, as everywhere in WordPress.
 */

const ESCAPES   = 'esc_html esc_attr esc_url esc_textarea esc_js esc_xml esc_html__ esc_html_x esc_attr__ esc_attr_x esc_url_raw wp_kses wp_kses_post wp_kses_data absint intval count wc_help_tip wp_json_encode wp_nonce_field checked selected disabled wc_selected submit_button get_submit_button wp_create_nonce number_format_i18n wc_attributes_to_html sanitize_html_class rawurlencode';
const TELLS     = 'esc_html_e esc_attr_e';
const SANITISES = 'absint intval floatval sanitize_text_field sanitize_textarea_field sanitize_key sanitize_title sanitize_email sanitize_url esc_url_raw wc_clean wp_verify_nonce wp_kses_post boolval wc_string_to_bool';
const NONCES    = 'check_admin_referer check_ajax_referer wp_verify_nonce';
const FORBIDDEN = 'eval extract unserialize create_function exec shell_exec system passthru popen proc_open assert parse_str curl_init curl_exec fsockopen mysqli_query ini_set error_log var_dump print_r var_export phpinfo set_time_limit wp_die_handler';

/** One file's tokens without white space; comments are kept apart. */
final class Source {
	/** @var array */
	public $tokens = array();
	/** @var array line => text */
	public $comments = array();
	/** @var string */
	public $path;

	public function __construct( string $path ) {
		$this->path = $path;
		$line       = 1;
		foreach ( token_get_all( (string) file_get_contents( $path ) ) as $token ) {
			list( $id, $text ) = is_array( $token ) ? $token : array( null, $token );
			if ( T_COMMENT === $id || T_DOC_COMMENT === $id ) {
				$this->comments[ $line ] = ( $this->comments[ $line ] ?? '' ) . $text;
			} elseif ( T_WHITESPACE !== $id ) {
				$this->tokens[] = array( $id, $text, $line );
			}
			$line += substr_count( $text, "\n" );
		}
	}

	public function text( int $i ): string {
		return $this->tokens[ $i ][1] ?? '';
	}

	public function is( int $i, ...$ids ): bool {
		return isset( $this->tokens[ $i ] ) && null !== $this->tokens[ $i ][0] && in_array( $this->tokens[ $i ][0], $ids, true );
	}

	public function line( int $i ): int {
		return $this->tokens[ $i ][2] ?? 0;
	}

	public function closing( int $i ): int {
		$depth = 0;
		for ( $count = count( $this->tokens ); $i < $count; $i++ ) {
			if ( in_array( $this->text( $i ), array( '(', '[', '{', '${' ), true ) ) {
				++$depth;
			} elseif ( in_array( $this->text( $i ), array( ')', ']', '}' ), true ) && 0 === --$depth ) {
				return $i;
			}
		}
		return $i - 1;
	}

	/** Name of the function called at $i, in lower case; '' where none is. */
	public function called( int $i ): string {
		$name = strtolower( ltrim( $this->text( $i ), '\\' ) );
		$own  = $this->is( $i - 1, T_OBJECT_OPERATOR, T_DOUBLE_COLON, T_FUNCTION, T_NEW );
		return '(' === $this->text( $i + 1 ) && ! $own && 1 === preg_match( '/^[a-z_][a-z0-9_]*$/', $name ) ? $name : '';
	}

	/** The function around $i: array( first token, last token ); an empty span where none is. */
	public function around( int $i ): array {
		for ( $at = $i; $at > 0; $at-- ) {
			if ( ! $this->is( $at, T_FUNCTION ) ) {
				continue;
			}
			$body = $at;
			while ( $body < count( $this->tokens ) && ! in_array( $this->text( $body ), array( '{', ';' ), true ) ) {
				++$body;
			}
			$end = $this->closing( $body );
			if ( $end >= $i ) {
				return array( $at, $end );
			}
		}
		return array( 0, -1 );
	}

	public function calls_one_of( string $names, int $from, int $to ): bool {
		$names = explode( ' ', $names );
		for ( ; $from <= $to; $from++ ) {
			if ( in_array( $this->called( $from ), $names, true ) ) {
				return true;
			}
		}
		return false;
	}

	/** Whether a comment with a reason says that a sniff (or its family, or one of its kind) is wrong here. */
	public function excused( int $line, string $sniff ): bool {
		$codes = array();
		foreach ( $this->comments as $at => $comment ) {
			if ( $at > $line ) {
				break;
			}
			if ( preg_match( '/phpcs:enable/', $comment ) ) {
				$codes = array();
			}
			if ( preg_match( '/phpcs:(ignore|disable)\s+(\S.*?) -- \S/', $comment, $found ) && ( 'disable' === $found[1] || $at >= $line - 1 ) ) {
				array_push( $codes, ...array_map( 'trim', explode( ',', $found[2] ) ) );
			}
		}
		foreach ( $codes as $code ) {
			if ( 0 === strpos( $code, $sniff ) || 0 === strpos( $sniff, $code ) ) {
				return true;
			}
		}
		return false;
	}
}

/** The scan of one file. */
final class Unsafe {
	/** @var Source */
	private $in;
	/** @var array */
	private $found = array();

	public function __construct( Source $in ) {
		$this->in = $in;
	}

	public function run(): array {
		foreach ( array_keys( $this->in->tokens ) as $i ) {
			$this->printed( $i );
			$this->asked( $i );
			$this->sql( $i );
			$this->doors( $i );
			$this->forbidden( $i );
		}
		return $this->found;
	}

	private function add( int $i, string $sniff, string $what ): void {
		if ( ! $this->in->excused( $this->in->line( $i ), $sniff ) ) {
			$this->found[] = array( $this->in->line( $i ), $what );
		}
	}

	private function printed( int $i ): void {
		$in = $this->in;
		if ( $in->is( $i, T_ECHO, T_OPEN_TAG_WITH_ECHO, T_PRINT ) ) {
			$end   = $i + 1;
			$depth = 0;
			while ( isset( $in->tokens[ $end ] ) && ( $depth > 0 || ! ( ';' === $in->text( $end ) || $in->is( $end, T_CLOSE_TAG ) ) ) ) {
				$depth += in_array( $in->text( $end ), array( '(', '[', '{' ), true ) ? 1 : ( in_array( $in->text( $end ), array( ')', ']', '}' ), true ) ? -1 : 0 );
				++$end;
			}
			$this->escaped( $i + 1, $end );
		}
		$called = $in->called( $i );
		if ( 'printf' === $called || 'vprintf' === $called ) {
			$this->escaped( $i + 2, $in->closing( $i + 1 ) );
		}
		if ( '_e' === $called || '_ex' === $called ) {
			$this->add( $i, 'WordPress.Security.EscapeOutput', "$called() prints without escaping" );
		}
	}

	/** Whether each part of an expression is safe to print. */
	private function escaped( int $from, int $to ): void {
		foreach ( $this->split( $from, $to, array( ',', '.' ) ) as list( $a, $b ) ) {
			$this->part( $a, $b );
		}
	}

	/** @return array of array( from, to ) between separators outside brackets */
	private function split( int $from, int $to, array $separators ): array {
		$parts = array();
		$start = $from;
		for ( $i = $from; $i < $to; $i++ ) {
			if ( in_array( $this->in->text( $i ), array( '(', '[', '{' ), true ) ) {
				$i = $this->in->closing( $i );
			} elseif ( in_array( $this->in->text( $i ), $separators, true ) ) {
				$parts[] = array( $start, $i );
				$start   = $i + 1;
			}
		}
		if ( $start < $to ) {
			$parts[] = array( $start, $to );
		}
		return $parts;
	}

	private function part( int $a, int $b ): void {
		$in    = $this->in;
		$parts = $this->split( $a, $b, array( '?' ) );
		if ( 2 === count( $parts ) ) {
			foreach ( $this->split( $parts[1][0], $b, array( ':' ) ) as list( $from, $to ) ) {
				$this->escaped( $from, $to );
			}
			return;
		}
		if ( '(' === $in->text( $a ) && $in->closing( $a ) === $b - 1 ) {
			$this->escaped( $a + 1, $b - 1 );
			return;
		}
		if ( $a + 1 === $b && $in->is( $a, T_CONSTANT_ENCAPSED_STRING, T_LNUMBER, T_DNUMBER ) || $in->is( $a, T_INT_CAST, T_DOUBLE_CAST, T_BOOL_CAST ) ) {
			return;
		}
		$called = $in->called( $a );
		if ( in_array( $called, explode( ' ', ESCAPES . ' ' . TELLS ), true ) && $in->closing( $a + 1 ) === $b - 1 ) {
			return;
		}
		if ( in_array( $called, array( 'sprintf', 'implode', 'str_repeat', 'vsprintf', 'join' ), true ) && $in->closing( $a + 1 ) === $b - 1 ) {
			$this->escaped( $a + 2, $b - 1 );
			return;
		}
		if ( 'array_map' === $called && $in->is( $a + 2, T_CONSTANT_ENCAPSED_STRING ) && in_array( trim( $in->text( $a + 2 ), "'\"" ), explode( ' ', ESCAPES ), true ) ) {
			return;
		}
		$shown = '';
		for ( $i = $a; $i < min( $b, $a + 8 ); $i++ ) {
			$shown .= $in->text( $i );
		}
		$this->add( $a, 'WordPress.Security.EscapeOutput', "printed without escaping: $shown" );
	}

	private function asked( int $i ): void {
		$in = $this->in;
		if ( ! $in->is( $i, T_VARIABLE ) || ! in_array( $in->text( $i ), array( '$_GET', '$_POST', '$_REQUEST', '$_SERVER', '$_COOKIE', '$_FILES' ), true ) ) {
			return;
		}
		$safe     = false;
		$unslash  = false;
		$only_set = false;
		for ( $at = $i - 1, $depth = 0; $at >= 0 && ! in_array( $in->text( $at ), array( ';', '{', '}' ), true ); $at-- ) {
			if ( ')' === $in->text( $at ) || ']' === $in->text( $at ) ) {
				++$depth;
			} elseif ( '(' === $in->text( $at ) || '[' === $in->text( $at ) ) {
				if ( --$depth < 0 ) {
					$depth    = 0;
					$name     = strtolower( $in->text( $at - 1 ) );
					$only_set = $only_set || $in->is( $at - 1, T_ISSET, T_EMPTY ) || in_array( $name, array( 'is_string', 'is_array', 'is_numeric' ), true );
					$unslash  = $unslash || 'wp_unslash' === $name;
					$safe     = $safe || in_array( $name, explode( ' ', SANITISES ), true );
					if ( 'array_map' === $name ) {
						$safe = $safe || in_array( trim( $in->text( $at + 1 ), "'\"" ), explode( ' ', SANITISES ), true );
					}
				}
			}
			if ( 0 === $depth && $in->is( $at, T_INT_CAST, T_DOUBLE_CAST, T_BOOL_CAST ) && $at >= $i - 3 ) {
				$safe    = true;
				$unslash = true;
			}
		}
		if ( $only_set ) {
			return;
		}
		$after    = '[' === $in->text( $i + 1 ) ? $in->closing( $i + 1 ) + 1 : $i + 1;
		$compared = array( T_IS_IDENTICAL, T_IS_NOT_IDENTICAL, T_IS_EQUAL, T_IS_NOT_EQUAL );
		if ( ! $safe && ! $in->is( $i - 1, ...$compared ) && ! $in->is( $after, ...$compared ) ) {
			$this->add( $i, 'WordPress.Security.ValidatedSanitizedInput', $in->text( $i ) . ' is used unsanitised' );
		}
		if ( '$_SERVER' === $in->text( $i ) || '$_COOKIE' === $in->text( $i ) ) {
			return;
		}
		list( $from, $to ) = $in->around( $i );
		if ( ! $in->calls_one_of( NONCES, $from, $to ) && ! $this->guarded( $from, $to ) ) {
			$this->add( $i, 'WordPress.Security.NonceVerification', $in->text( $i ) . ' is read without a nonce' );
		}
	}

	private function sql( int $i ): void {
		$in = $this->in;
		if ( '$wpdb' !== $in->text( $i ) || ! $in->is( $i + 1, T_OBJECT_OPERATOR ) || ! in_array( $in->text( $i + 2 ), array( 'query', 'get_results', 'get_row', 'get_col', 'get_var' ), true ) || '(' !== $in->text( $i + 3 ) ) {
			return;
		}
		$end = $in->closing( $i + 3 );
		if ( '$wpdb' === $in->text( $i + 4 ) && 'prepare' === $in->text( $i + 6 ) ) {
			$this->query( $i + 8, $in->closing( $i + 7 ), true );
			return;
		}
		$this->query( $i + 4, $end, false );
	}

	/** The text of a query holds names of tables at most; whatever else goes in by a placeholder. */
	private function query( int $from, int $to, bool $prepared ): void {
		$in    = $this->in;
		$first = $this->split( $from, $to, array( ',' ) )[0] ?? array( $from, $to );
		for ( $i = $first[0]; $i < $first[1]; $i++ ) {
			if ( $in->is( $i, T_VARIABLE ) && ! in_array( $in->text( $i ), array( '$wpdb', '$table', '$this' ), true ) ) {
				$this->add( $i, 'WordPress.DB.PreparedSQL', $in->text( $i ) . ' is written into SQL' . ( $prepared ? ' before it is prepared' : '' ) );
			}
		}
	}

	private function doors( int $i ): void {
		$in = $this->in;
		if ( 'register_rest_route' === $in->called( $i ) ) {
			$end = $in->closing( $i + 1 );
			$has = false;
			for ( $at = $i; $at < $end; $at++ ) {
				if ( $in->is( $at, T_CONSTANT_ENCAPSED_STRING ) ) {
					$has = $has || 'permission_callback' === trim( $in->text( $at ), "'\"" );
					if ( '__return_true' === trim( $in->text( $at ), "'\"" ) ) {
						$this->add( $at, 'WordPress.Security.Permission', 'a REST route is open to everybody' );
					}
				}
			}
			if ( ! $has ) {
				$this->add( $i, 'WordPress.Security.Permission', 'a REST route has no permission_callback in sight' );
			}
		}
		if ( 'add_action' !== $in->called( $i ) || ! preg_match( '/^[\'"](wp_ajax_|admin_post_)/', $in->text( $i + 2 ) ) ) {
			return;
		}
		$open   = false !== strpos( $in->text( $i + 2 ), '_nopriv_' );
		$end    = $in->closing( $i + 1 );
		$method = '';
		for ( $at = $i + 3; $at < $end; $at++ ) {
			if ( $in->is( $at, T_CONSTANT_ENCAPSED_STRING ) ) {
				$method = trim( $in->text( $at ), "'\"" );
			}
		}
		for ( $at = 0, $count = count( $in->tokens ); $at < $count; $at++ ) {
			if ( $in->is( $at, T_FUNCTION ) && '' !== $method && $in->text( $at + 1 ) === $method ) {
				if ( $open ) {
					if ( ! $this->reaches( 'auth_redirect', $at ) ) {
						$this->add( $i, 'WordPress.Security.Permission', 'a handler is open to those who are not signed in' );
					}
					return;
				}
				if ( ! $this->reaches( NONCES, $at ) ) {
					$this->add( $i, 'WordPress.Security.NonceVerification', "$method() checks no nonce" );
				}
				if ( ! $this->reaches( 'current_user_can', $at ) ) {
					$this->add( $i, 'WordPress.Security.Permission', "$method() checks no capability" );
				}
				return;
			}
		}
		$this->add( $i, 'WordPress.Security.Permission', 'the handler is not in this file' );
	}

	/** Whether the function declared at $at calls one of these, itself or through one method of its own class. */
	private function reaches( string $names, int $at, int $depth = 0 ): bool {
		$in                = $this->in;
		list( $from, $to ) = $in->around( $at + 1 );
		if ( $in->calls_one_of( $names, $from, $to ) ) {
			return true;
		}
		if ( $this->guarded( $from, $to ) ) {
			return true;
		}
		for ( $i = $from; $depth < 2 && $i < $to; $i++ ) {
			if ( '(' === $in->text( $i + 1 ) && $in->is( $i - 1, T_OBJECT_OPERATOR, T_DOUBLE_COLON ) && in_array( strtolower( $in->text( $i - 2 ) ), array( '$this', 'self', 'static' ), true ) ) {
				for ( $other = 0, $count = count( $in->tokens ); $other < $count; $other++ ) {
					if ( $in->is( $other, T_FUNCTION ) && $in->text( $other + 1 ) === $in->text( $i ) && $this->reaches( $names, $other, $depth + 1 ) ) {
						return true;
					}
				}
			}
		}
		return false;
	}

	/** Whether the guard of the settings screens is asked: test_safety.py looks that it checks both. */
	private function guarded( int $from, int $to ): bool {
		for ( $i = $from; $i < $to; $i++ ) {
			if ( 'SettingsTab' === $this->in->text( $i ) && $this->in->is( $i + 1, T_DOUBLE_COLON ) && 'guard' === $this->in->text( $i + 2 ) ) {
				return true;
			}
		}
		return false;
	}

	private function forbidden( int $i ): void {
		$in     = $this->in;
		$called = $in->is( $i, T_EVAL ) ? 'eval' : $in->called( $i );
		if ( '' !== $called && in_array( $called, explode( ' ', FORBIDDEN ), true ) ) {
			$this->add( $i, 'WordPress.PHP', "$called() has no place here" );
		}
		if ( preg_match( '/^(wp_remote_|wp_safe_remote_|download_url$)/', $called ) && ! preg_match( '/_retrieve_|_request_failed/', $called ) && ! preg_match( '#/(Http/Client|Connection/Checks)\.php$#', $in->path ) ) {
			$this->add( $i, 'WordPress.WP', "$called() is called outside Http\\Client" );
		}
		if ( '`' === $in->text( $i ) ) {
			$this->add( $i, 'WordPress.PHP', 'a program is run' );
		}
		if ( in_array( $called, array( 'update_option', 'add_option' ), true ) ) {
			$parts = $this->split( $i + 2, $in->closing( $i + 1 ), array( ',' ) );
			$name  = $in->text( $parts[0][0] ) . $in->text( $parts[0][0] + 2 );
			$flag  = $parts[ 'add_option' === $called ? 3 : 2 ] ?? null;
			if ( false !== stripos( $name, 'connection' ) && ( null === $flag || ! in_array( strtolower( trim( $in->text( $flag[0] ), "'" ) ), array( 'false', 'no' ), true ) ) ) {
				$this->add( $i, 'WordPress.WP', 'secrets are kept in an option that loads by itself' );
			}
		}
	}
}

$any = 0;
foreach ( array_slice( $argv, 1 ) as $file ) {
	foreach ( ( new Unsafe( new Source( $file ) ) )->run() as list( $line, $what ) ) {
		echo "$file:$line: $what\n";
		$any = 1;
	}
}
exit( $any );
