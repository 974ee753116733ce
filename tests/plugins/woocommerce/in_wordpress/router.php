<?php
/**
 * For PHP's built-in server: files as they are, everything else through WordPress, so that permalinks work.
 */

$root = $_SERVER['DOCUMENT_ROOT'];
$path = rawurldecode( (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
$name = is_dir( $root . $path ) && '/' !== $path ? rtrim( $path, '/' ) . '/index.php' : $path;
if ( '/' === $path || ! is_file( $root . $name ) ) {
	$name = '/index.php';
} elseif ( '.php' !== substr( $name, -4 ) ) {
	return false;
}
$_SERVER['SCRIPT_FILENAME'] = $root . $name;
$_SERVER['SCRIPT_NAME']     = $name;
$_SERVER['PHP_SELF']        = $name;
chdir( dirname( $root . $name ) );
require $root . $name;
