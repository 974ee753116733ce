<?php
/**
 * Runs PHP inside a WordPress: `php inside.php FOLDER URL < CODE` prints what the code returns, as JSON on the last line.
 */

list( , $folder, $url ) = $argv;

$parts                     = parse_url( $url );
$_SERVER['HTTP_HOST']      = $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
$_SERVER['REQUEST_URI']    = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['REMOTE_ADDR']    = '127.0.0.1';

require $folder . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';

ini_set( 'memory_limit', '1G' );
$administrators = get_users( array( 'role' => 'administrator', 'number' => 1, 'fields' => 'ID' ) );
wp_set_current_user( (int) reset( $administrators ) );

$returned = eval( file_get_contents( 'php://stdin' ) );

echo "\n", wp_json_encode( $returned ), "\n";
