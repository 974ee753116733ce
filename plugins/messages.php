<?php
/**
 * What of a WordPress plugin is to be translated: `php messages.php FILE ...` prints one JSON object a line:
 * file, line, function, domain, context, id, plural, comment, and `wrong` where a call can't be translated.
 */

const CALLS = array(
	'__'         => array( 'id', 'domain' ),
	'_e'         => array( 'id', 'domain' ),
	'esc_html__' => array( 'id', 'domain' ),
	'esc_html_e' => array( 'id', 'domain' ),
	'esc_attr__' => array( 'id', 'domain' ),
	'esc_attr_e' => array( 'id', 'domain' ),
	'_x'         => array( 'id', 'context', 'domain' ),
	'_ex'        => array( 'id', 'context', 'domain' ),
	'esc_html_x' => array( 'id', 'context', 'domain' ),
	'esc_attr_x' => array( 'id', 'context', 'domain' ),
	'_n'         => array( 'id', 'plural', 'number', 'domain' ),
	'_nx'        => array( 'id', 'plural', 'number', 'context', 'domain' ),
	'_n_noop'    => array( 'id', 'plural', 'domain' ),
	'_nx_noop'   => array( 'id', 'plural', 'context', 'domain' ),
);

/** The text that a literal stands for. */
function text_of( string $literal ): string {
	$inner = substr( $literal, 1, -1 );
	if ( "'" === $literal[0] ) {
		return strtr( $inner, array( "\\'" => "'", '\\\\' => '\\' ) );
	}
	return stripcslashes( strtr( $inner, array( '\\$' => '$' ) ) );
}

foreach ( array_slice( $argv, 1 ) as $file ) {
	$comment = array( 0, '' );
	$tokens  = array();
	$line    = 1;
	foreach ( token_get_all( (string) file_get_contents( $file ) ) as $token ) {
		list( $id, $text ) = is_array( $token ) ? $token : array( null, $token );
		if ( T_COMMENT === $id && preg_match( '/translators:\s*(.*?)\s*(\*\/)?$/is', trim( $text ), $said ) ) {
			$comment = array( $line + substr_count( $text, "\n" ), preg_replace( '/\s+/', ' ', $said[1] ) );
		}
		if ( ! in_array( $id, array( T_WHITESPACE, T_COMMENT, T_DOC_COMMENT ), true ) ) {
			$tokens[] = array( $id, $text, $line, $comment );
		}
		$line += substr_count( $text, "\n" );
	}
	$used = 0;
	foreach ( $tokens as $i => list( $id, $text, $line, $comment ) ) {
		$name = ltrim( $text, '\\' );
		if ( ! isset( CALLS[ $name ] ) || T_STRING !== $id && '\\' !== $text[0] || '(' !== ( $tokens[ $i + 1 ][1] ?? '' ) ) {
			continue;
		}
		if ( in_array( $tokens[ $i - 1 ][0] ?? null, array( T_FUNCTION, T_OBJECT_OPERATOR, T_DOUBLE_COLON ), true ) ) {
			continue;
		}
		$arguments = array( array() );
		for ( $at = $i + 2, $depth = 1; isset( $tokens[ $at ] ); $at++ ) {
			$depth += in_array( $tokens[ $at ][1], array( '(', '[', '{' ), true ) ? 1 : ( in_array( $tokens[ $at ][1], array( ')', ']', '}' ), true ) ? -1 : 0 );
			if ( 0 === $depth ) {
				break;
			}
			if ( 1 === $depth && ',' === $tokens[ $at ][1] ) {
				$arguments[] = array();
			} else {
				$arguments[ count( $arguments ) - 1 ][] = $tokens[ $at ];
			}
		}
		$found = array( 'file' => $file, 'line' => $line, 'function' => $name );
		foreach ( CALLS[ $name ] as $place => $part ) {
			if ( 'number' === $part ) {
				continue;
			}
			$given = $arguments[ $place ] ?? array();
			if ( 1 === count( $given ) && T_CONSTANT_ENCAPSED_STRING === $given[0][0] ) {
				$found[ $part ] = text_of( $given[0][1] );
			} else {
				$found['wrong'] = "$part is not one literal text";
			}
		}
		// A comment for translators belongs to the next call, on its line or the one or two after it.
		if ( $comment[0] >= $line - 2 && $comment[0] <= $line && $comment[0] !== $used ) {
			$found['comment'] = $comment[1];
			$used             = $comment[0];
		}
		echo json_encode( $found, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ), "\n";
	}
}
