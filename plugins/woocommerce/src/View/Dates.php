<?php
/**
 * FulfilHub's times as people of this shop read them.
 *
 * @package FulfilHub\WooCommerce
 */

namespace FulfilHub\WooCommerce\View;

use DateTimeImmutable;
use DateTimeZone;
use Exception;

/**
 * Pure: how a date is written comes from outside, so that WordPress's languages and a test's plain English both fit.
 */
final class Dates {
	/**
	 * Writes a Unix time by a date() format in a time zone.
	 *
	 * @var callable(string, int, DateTimeZone): string
	 */
	private $write;

	/**
	 * The shop's time zone.
	 *
	 * @var DateTimeZone
	 */
	private $zone;

	/**
	 * The shop's format of a time of day.
	 *
	 * @var string
	 */
	private $time_format;

	/**
	 * Sets how dates are written.
	 *
	 * @param DateTimeZone $zone        The shop's time zone.
	 * @param callable     $write       function( string $format, int $unix, DateTimeZone $zone ): string.
	 * @param string       $time_format A date() format, e.g. `H:i`.
	 */
	public function __construct( DateTimeZone $zone, callable $write, string $time_format = 'H:i' ) {
		$this->zone        = $zone;
		$this->write       = $write;
		$this->time_format = $time_format;
	}

	/**
	 * Dates as this WordPress writes them.
	 */
	public static function of_site(): self {
		return new self( wp_timezone(), 'wp_date', (string) get_option( 'time_format', 'H:i' ) );
	}

	/**
	 * A day, e.g. "Fri 28 Nov"; '' where there is none. A date without a time is that day everywhere.
	 *
	 * @param mixed $given RFC 3339 time or a date.
	 */
	public function day( $given ): string {
		$at = self::read( $given, $this->zone );
		/* translators: date format of a day without its year, see https://www.php.net/manual/datetime.format.php */
		return null === $at ? '' : (string) call_user_func( $this->write, __( 'D j M', 'fulfilhub-for-woocommerce' ), $at->getTimestamp(), $this->zone );
	}

	/**
	 * A moment, e.g. "Fri 28 Nov, 14:05"; only its day where no time is given.
	 *
	 * @param mixed $given RFC 3339 time or a date.
	 */
	public function moment( $given ): string {
		$at = self::read( $given, $this->zone );
		if ( null === $at ) {
			return '';
		}
		if ( self::is_date( (string) $given ) ) {
			return $this->day( $given );
		}
		return sprintf(
			/* translators: 1: day, 2: time of day */
			__( '%1$s, %2$s', 'fulfilhub-for-woocommerce' ),
			$this->day( $given ),
			(string) call_user_func( $this->write, $this->time_format, $at->getTimestamp(), $this->zone )
		);
	}

	/**
	 * The Unix time of what FulfilHub wrote, or null where it is not a time.
	 *
	 * @param mixed             $given RFC 3339 time or a date.
	 * @param DateTimeZone|null $zone  Time zone of a date without a time.
	 */
	public static function unix( $given, ?DateTimeZone $zone = null ): ?int {
		$at = self::read( $given, null === $zone ? new DateTimeZone( 'UTC' ) : $zone );
		return null === $at ? null : $at->getTimestamp();
	}

	/**
	 * Whether a text is a date without a time.
	 *
	 * @param string $given Text.
	 */
	private static function is_date( string $given ): bool {
		return 1 === preg_match( '/^\d{4}-\d{2}-\d{2}$/D', $given );
	}

	/**
	 * The moment that a text names; noon for a date without a time.
	 *
	 * @param mixed        $given Text.
	 * @param DateTimeZone $zone  Time zone of a date without a time.
	 */
	private static function read( $given, DateTimeZone $zone ): ?DateTimeImmutable {
		if ( ! is_string( $given ) || 1 !== preg_match( '/^\d{4}-\d{2}-\d{2}([T ]|$)/D', $given ) ) {
			return null;
		}
		try {
			return new DateTimeImmutable( self::is_date( $given ) ? $given . 'T12:00:00' : $given, $zone );
		} catch ( Exception $e ) {
			return null;
		}
	}
}
