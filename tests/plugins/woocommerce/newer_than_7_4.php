<?php
/**
 * Finds what PHP 7.4 does not know: `php newer_than_7_4.php FILE ...` prints `FILE:LINE: what` and ends with 1 where it found any.
 *
 * It reads PHP's own tokens, so a name in a text or a comment is no finding.
 */

const FUNCTIONS = array(
	'8.0' => 'fdiv get_debug_type get_resource_id openssl_cms_decrypt openssl_cms_encrypt openssl_cms_read openssl_cms_sign openssl_cms_verify preg_last_error_msg str_contains str_ends_with str_starts_with',
	'8.1' => 'array_is_list enum_exists fdatasync fsync imageavif imagecreatefromavif mysqli_fetch_column',
	'8.2' => 'curl_upkeep ini_parse_quantity libxml_get_external_entity_loader memory_reset_peak_usage mysqli_execute_query openssl_cipher_key_length',
	'8.3' => 'json_validate mb_str_pad posix_eaccess posix_sysconf socket_atmark str_decrement str_increment stream_context_set_options',
	'8.4' => 'array_all array_any array_find array_find_key bcceil bcdivmod bcfloor bcround fpow grapheme_str_split http_clear_last_response_headers http_get_last_response_headers mb_lcfirst mb_ltrim mb_rtrim mb_trim mb_ucfirst request_parse_body',
	'8.5' => 'array_first array_last get_error_handler get_exception_handler',
);
const CLASSES   = array(
	'8.0' => 'attribute phptoken stringable unhandledmatcherror valueerror weakmap',
	'8.1' => 'backedenum curlstringfile fiber fibererror internaliterator intldatepatterngenerator returntypewillchange unitenum',
	'8.2' => 'allowdynamicproperties sensitiveparameter sensitiveparametervalue random\engine random\randomizer random\randomexception',
	'8.3' => 'dateerror dateexception datemalformedstringexception override sqlite3exception',
	'8.4' => 'bcmath\number deprecated dom\htmldocument dom\xmldocument roundingmode',
);
const CONSTANTS = array(
	'8.0' => 'FILTER_VALIDATE_BOOL',
	'8.2' => 'FILTER_FLAG_GLOBAL_RANGE',
	'8.4' => 'PHP_ROUND_AWAY_FROM_ZERO PHP_ROUND_CEILING PHP_ROUND_FLOOR PHP_ROUND_TOWARD_ZERO',
);
const METHODS   = array(
	'8.0' => 'createfrominterface',
	'8.4' => 'createfromtimestamp',
);

/**
 * One file's tokens without white space and comments, each array( id or null, text, line ).
 */
function tokens( string $code ): array {
	$found = array();
	$line  = 1;
	foreach ( token_get_all( $code ) as $token ) {
		list( $id, $text ) = is_array( $token ) ? $token : array( null, $token );
		if ( ! in_array( $id, array( T_WHITESPACE, T_COMMENT, T_DOC_COMMENT ), true ) ) {
			$found[] = array( $id, $text, $line );
		}
		$line += substr_count( $text, "\n" );
	}
	return $found;
}

/**
 * The scan of one file.
 */
final class Scan {
	/** @var array */
	private $tokens;
	/** @var array */
	private $found = array();
	/** @var array */
	private $names = array();

	public function __construct( string $code ) {
		$this->tokens = tokens( $code );
		foreach ( array( 'function' => FUNCTIONS, 'class' => CLASSES, 'constant' => CONSTANTS, 'method' => METHODS ) as $kind => $lists ) {
			foreach ( $lists as $version => $list ) {
				foreach ( explode( ' ', $list ) as $name ) {
					$this->names[ $kind ][ $name ] = $version;
				}
			}
		}
	}

	/** @return array line => findings */
	public function run(): array {
		foreach ( array_keys( $this->tokens ) as $i ) {
			$this->names( $i );
			$this->keywords( $i );
			$this->expressions( $i );
			if ( $this->is( $i, T_FUNCTION, T_FN ) ) {
				$this->declared( $i );
			}
			if ( $this->is( $i, T_PUBLIC, T_PROTECTED, T_PRIVATE, T_VAR, T_STATIC ) ) {
				$this->property( $i );
			}
			if ( $this->is( $i, T_CONST ) ) {
				$this->constant( $i );
			}
		}
		ksort( $this->found );
		return $this->found;
	}

	private function text( int $i ): string {
		return isset( $this->tokens[ $i ] ) ? $this->tokens[ $i ][1] : '';
	}

	private function is( int $i, ...$ids ): bool {
		return isset( $this->tokens[ $i ] ) && null !== $this->tokens[ $i ][0] && in_array( $this->tokens[ $i ][0], $ids, true );
	}

	private function named( int $i, string ...$constants ): bool {
		return isset( $this->tokens[ $i ] ) && null !== $this->tokens[ $i ][0] && in_array( token_name( $this->tokens[ $i ][0] ), $constants, true );
	}

	private function word( int $i ): bool {
		return 1 === preg_match( '/^\\\\?[a-z_][a-z0-9_\\\\]*$/i', $this->text( $i ) );
	}

	private function add( int $i, string $what ): void {
		$this->found[ $this->tokens[ $i ][2] ][ $what ] = true;
	}

	/** Where the bracket at $i closes. */
	private function closing( int $i ): int {
		$depth = 0;
		for ( $count = count( $this->tokens ); $i < $count; $i++ ) {
			if ( in_array( $this->text( $i ), array( '(', '[', '{', '${' ), true ) || $this->named( $i, 'T_CURLY_OPEN', 'T_ATTRIBUTE' ) ) {
				++$depth;
			} elseif ( in_array( $this->text( $i ), array( ')', ']', '}' ), true ) && 0 === --$depth ) {
				return $i;
			}
		}
		return $i - 1;
	}

	private function names( int $i ): void {
		if ( ! $this->word( $i ) || $this->is( $i, T_VARIABLE, T_CONSTANT_ENCAPSED_STRING, T_ENCAPSED_AND_WHITESPACE, T_INLINE_HTML ) ) {
			return;
		}
		$name   = strtolower( ltrim( $this->text( $i ), '\\' ) );
		$called = '(' === $this->text( $i + 1 );
		if ( $this->is( $i - 1, T_OBJECT_OPERATOR, T_DOUBLE_COLON ) || $this->named( $i - 1, 'T_NULLSAFE_OBJECT_OPERATOR' ) ) {
			if ( $called && isset( $this->names['method'][ $name ] ) ) {
				$this->add( $i, 'method ' . $name . '() of ' . $this->names['method'][ $name ] );
			}
			return;
		}
		if ( $this->is( $i - 1, T_FUNCTION, T_CONST, T_CLASS, T_INTERFACE, T_TRAIT, T_NAMESPACE ) || '&' === $this->text( $i - 1 ) && $this->is( $i - 2, T_FUNCTION ) ) {
			return;
		}
		if ( $called && ! $this->is( $i - 1, T_NEW ) ) {
			if ( isset( $this->names['function'][ $name ] ) ) {
				$this->add( $i, 'function ' . $name . '() of ' . $this->names['function'][ $name ] );
			}
		} elseif ( isset( $this->names['class'][ $name ] ) ) {
			$this->add( $i, 'class ' . $this->text( $i ) . ' of ' . $this->names['class'][ $name ] );
		} elseif ( isset( $this->names['constant'][ ltrim( $this->text( $i ), '\\' ) ] ) ) {
			$this->add( $i, 'constant ' . $this->text( $i ) . ' of ' . $this->names['constant'][ ltrim( $this->text( $i ), '\\' ) ] );
		}
	}

	private function keywords( int $i ): void {
		$member = $this->is( $i - 1, T_OBJECT_OPERATOR, T_DOUBLE_COLON, T_FUNCTION, T_CONST );
		foreach ( array( 'T_MATCH' => 'match of 8.0', 'T_NULLSAFE_OBJECT_OPERATOR' => 'nullsafe ?-> of 8.0', 'T_ATTRIBUTE' => 'attribute of 8.0', 'T_ENUM' => 'enum of 8.1', 'T_READONLY' => 'readonly of 8.1', 'T_PUBLIC_SET' => 'asymmetric visibility of 8.4', 'T_PROTECTED_SET' => 'asymmetric visibility of 8.4', 'T_PRIVATE_SET' => 'asymmetric visibility of 8.4', 'T_PIPE' => 'pipe operator of 8.5' ) as $name => $what ) {
			if ( $this->named( $i, $name ) && ! $member ) {
				$this->add( $i, $what );
			}
		}
		if ( $this->is( $i, T_FINAL ) && ( $this->is( $i + 1, T_CONST ) || $this->is( $i + 2, T_CONST ) ) ) {
			$this->add( $i, 'final constant of 8.1' );
		}
		if ( $this->is( $i, T_LNUMBER ) && 0 === stripos( $this->text( $i ), '0o' ) ) {
			$this->add( $i, 'octal 0o of 8.1' );
		}
		if ( $this->is( $i, T_PUBLIC, T_PROTECTED, T_PRIVATE ) && '(' === $this->text( $i + 1 ) && ! $member ) {
			$this->add( $i, 'asymmetric visibility of 8.4' );
		}
	}

	private function expressions( int $i ): void {
		if ( in_array( $this->text( $i ), array( '(', ',' ), true ) && $this->word( $i + 1 ) && ':' === $this->text( $i + 2 ) && null === $this->tokens[ $i + 2 ][0] ) {
			$this->add( $i + 1, 'named argument of 8.0' );
		}
		if ( '(' === $this->text( $i ) && $this->is( $i + 1, T_ELLIPSIS ) && ')' === $this->text( $i + 2 ) ) {
			$this->add( $i, 'first-class callable of 8.1' );
		}
		if ( $this->is( $i, T_CATCH ) ) {
			$end = $this->closing( $i + 1 );
			if ( ! $this->is( $end - 1, T_VARIABLE ) ) {
				$this->add( $i, 'catch without variable of 8.0' );
			}
		}
		if ( $this->is( $i, T_THROW ) && ! $this->statement( $i - 1 ) ) {
			$this->add( $i, 'throw as an expression of 8.0' );
		}
		if ( $this->is( $i, T_DOUBLE_COLON ) && $this->is( $i + 1, T_CLASS ) && ! $this->word( $i - 1 ) ) {
			$this->add( $i, '$object::class of 8.0' );
		}
		if ( $this->is( $i, T_DOUBLE_COLON ) && '{' === $this->text( $i + 1 ) && '(' !== $this->text( $this->closing( $i + 1 ) + 1 ) ) {
			$this->add( $i, 'dynamic class constant of 8.3' );
		}
		if ( $this->is( $i, T_NEW, T_INSTANCEOF ) && '(' === $this->text( $i + 1 ) ) {
			$this->add( $i, trim( $this->text( $i ) ) . ' with an expression of 8.0' );
		}
		if ( $this->is( $i, T_NEW ) ) {
			$after = $i + 1;
			while ( $this->word( $after ) && ! $this->is( $after, T_CLASS ) || $this->is( $after, T_NS_SEPARATOR ) ) {
				++$after;
			}
			if ( '(' === $this->text( $after ) && $after > $i + 1 && $this->is( $this->closing( $after ) + 1, T_OBJECT_OPERATOR, T_DOUBLE_COLON ) ) {
				$this->add( $i, 'new without brackets around it of 8.4' );
			}
		}
	}

	/** Whether a statement may begin after the token at $i. */
	private function statement( int $i ): bool {
		if ( $this->is( $i, T_OPEN_TAG, T_ELSE, T_DO ) || in_array( $this->text( $i ), array( ';', '{', '}' ), true ) ) {
			return true;
		}
		if ( ')' === $this->text( $i ) ) {
			return true; // After if ( ... ); a call before throw is no PHP at all.
		}
		if ( ':' !== $this->text( $i ) ) {
			return false;
		}
		for ( --$i; $i >= 0 && ! in_array( $this->text( $i ), array( ';', '{', '}', '?' ), true ); $i-- ) {
			if ( $this->is( $i, T_CASE, T_DEFAULT ) ) {
				return true;
			}
		}
		return '?' !== $this->text( $i );
	}

	/** The parameters and the return type of a function. */
	private function declared( int $i ): void {
		$open = $i + 1;
		while ( '&' === $this->text( $open ) || $this->word( $open ) ) {
			++$open;
		}
		if ( '(' !== $this->text( $open ) ) {
			return; // `use function ...;`
		}
		$end = $this->closing( $open );
		$this->list_of( $open, $end, true );
		$after = $end + 1;
		if ( $this->is( $after, T_USE ) ) {
			$close = $this->closing( $after + 1 );
			$this->list_of( $after + 1, $close, false );
			$after = $close + 1;
		}
		if ( ':' === $this->text( $after ) ) {
			$from = ++$after;
			while ( ! in_array( $this->text( $after ), array( '{', ';' ), true ) && ! $this->is( $after, T_DOUBLE_ARROW ) && isset( $this->tokens[ $after ] ) ) {
				++$after;
			}
			$this->type( $from, $after, true );
		}
	}

	private function list_of( int $open, int $end, bool $typed ): void {
		if ( ',' === $this->text( $end - 1 ) ) {
			$this->add( $end - 1, 'comma at the end of parameters of 8.0' );
		}
		$start = $open + 1;
		for ( $i = $start; $typed && $i <= $end; $i++ ) {
			if ( in_array( $this->text( $i ), array( '(', '[' ), true ) && $i < $end && ! $this->in_type( $start, $i ) ) {
				$this->initialiser( $i, $this->closing( $i ) );
				$i = $this->closing( $i );
				continue;
			}
			if ( $this->is( $i, T_PUBLIC, T_PROTECTED, T_PRIVATE ) ) {
				$this->add( $i, 'constructor promotion of 8.0' );
				$start = $i + 1;
			}
			if ( $this->is( $i, T_VARIABLE ) ) {
				$this->type( $start, $i, false );
			}
			if ( $this->is( $i, T_NEW ) ) {
				$this->add( $i, 'new in an initialiser of 8.1' );
			}
			if ( ',' === $this->text( $i ) ) {
				$start = $i + 1;
			}
		}
	}

	/** Whether no variable of this parameter came yet. */
	private function in_type( int $from, int $to ): bool {
		for ( ; $from < $to; $from++ ) {
			if ( $this->is( $from, T_VARIABLE ) ) {
				return false;
			}
		}
		return true;
	}

	private function initialiser( int $from, int $to ): void {
		for ( ; $from < $to; $from++ ) {
			if ( $this->is( $from, T_NEW ) ) {
				$this->add( $from, 'new in an initialiser of 8.1' );
			}
		}
	}

	/** A type between two places. */
	private function type( int $from, int $to, bool $returned ): void {
		$words = array();
		for ( $i = $from; $i < $to; $i++ ) {
			$text = strtolower( $this->text( $i ) );
			if ( '|' === $text ) {
				$this->add( $i, 'union type of 8.0' );
			} elseif ( '&' === $text && $this->word( $i + 1 ) && $i + 1 < $to ) {
				$this->add( $i, 'intersection type of 8.1' );
			} elseif ( $this->word( $i ) ) {
				$words[] = $text;
				if ( 'mixed' === $text ) {
					$this->add( $i, 'type mixed of 8.0' );
				} elseif ( 'static' === $text && $returned ) {
					$this->add( $i, 'return type static of 8.0' );
				} elseif ( 'never' === $text && $returned ) {
					$this->add( $i, 'return type never of 8.1' );
				}
			}
		}
		if ( 1 === count( $words ) && in_array( $words[0], array( 'null', 'false', 'true' ), true ) ) {
			$this->add( $from, 'type ' . $words[0] . ' alone of 8.2' );
		}
	}

	/** A property: its type and what it begins with. */
	private function property( int $i ): void {
		if ( $this->is( $i - 1, T_NEW, T_DOUBLE_COLON, T_OBJECT_OPERATOR ) || ! $this->class_body( $i ) ) {
			return;
		}
		$from = $i + 1;
		while ( $this->is( $from, T_STATIC, T_PUBLIC, T_PROTECTED, T_PRIVATE, T_FINAL, T_ABSTRACT ) || $this->named( $from, 'T_READONLY' ) ) {
			++$from;
		}
		$to = $from;
		while ( isset( $this->tokens[ $to ] ) && ! $this->is( $to, T_VARIABLE ) ) {
			if ( $this->is( $to, T_FUNCTION, T_CONST, T_FN ) || in_array( $this->text( $to ), array( ';', '{', '}', '(', '=' ), true ) ) {
				return;
			}
			++$to;
		}
		$this->type( $from, $to, false );
		if ( '{' === $this->text( $to + 1 ) ) {
			$this->add( $to, 'property hook of 8.4' );
		}
		for ( ++$to; isset( $this->tokens[ $to ] ) && ';' !== $this->text( $to ) && '{' !== $this->text( $to ); $to++ ) {
			if ( $this->is( $to, T_NEW ) ) {
				$this->add( $to, 'new in an initialiser of 8.1' );
			}
		}
	}

	/** Whether what begins here is a member of a class: modifiers come after `{`, `}`, `;`, `]` or other modifiers. */
	private function class_body( int $i ): bool {
		while ( $this->is( $i - 1, T_STATIC, T_PUBLIC, T_PROTECTED, T_PRIVATE, T_FINAL, T_ABSTRACT, T_VAR ) ) {
			return false; // Looked at from the first modifier.
		}
		return in_array( $this->text( $i - 1 ), array( '{', '}', ';', ']' ), true ) && ! $this->is( $i + 1, T_DOUBLE_COLON );
	}

	private function constant( int $i ): void {
		if ( $this->is( $i - 1, T_USE ) || $this->is( $i - 1, T_DOUBLE_COLON, T_OBJECT_OPERATOR ) ) {
			return;
		}
		if ( $this->word( $i + 1 ) && $this->word( $i + 2 ) || '?' === $this->text( $i + 1 ) ) {
			$this->add( $i, 'typed constant of 8.3' );
		}
		for ( ; isset( $this->tokens[ $i ] ) && ';' !== $this->text( $i ); $i++ ) {
			if ( $this->is( $i, T_NEW ) ) {
				$this->add( $i, 'new in an initialiser of 8.1' );
			}
		}
	}
}

$any = 0;
foreach ( array_slice( $argv, 1 ) as $file ) {
	foreach ( ( new Scan( (string) file_get_contents( $file ) ) )->run() as $line => $findings ) {
		foreach ( array_keys( $findings ) as $what ) {
			echo "$file:$line: $what\n";
			$any = 1;
		}
	}
}
exit( $any );
