"""The plugin is PHP, and PHP 7.4 at that: real syntax checks, and a scan of tokens for what came later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.plugins.woocommerce.php import HERE, needs, run, sources

pytestmark = needs("php")

SCAN = HERE / "newer_than_7_4.php"

NEWER = {
    "str_contains($a, 'b');": "function str_contains() of 8.0",
    "\\str_starts_with($a, 'b');": "function str_starts_with() of 8.0",
    "str_ends_with($a, 'b');": "function str_ends_with() of 8.0",
    "return array_is_list($a);": "function array_is_list() of 8.1",
    "get_debug_type($a);": "function get_debug_type() of 8.0",
    "array_find($a, 'f');": "function array_find() of 8.4",
    "json_validate($a);": "function json_validate() of 8.3",
    "mb_trim($a);": "function mb_trim() of 8.4",
    "$a = new WeakMap();": "class WeakMap of 8.0",
    "throw new \\ValueError('x');": "class \\ValueError of 8.0",
    "class A implements Stringable {}": "class Stringable of 8.0",
    "$a = filter_var($b, FILTER_VALIDATE_BOOL);": "constant FILTER_VALIDATE_BOOL of 8.0",
    "DateTimeImmutable::createFromInterface($a);": "method createfrominterface() of 8.0",
    "$a = match($b) { 1 => 2, default => 3 };": "match of 8.0",
    "$a = $b?->c;": "nullsafe ?-> of 8.0",
    "f(name: 1);": "named argument of 8.0",
    "f(1, array: 2);": "named argument of 8.0",
    "class A { function __construct(private $b) {} }": "constructor promotion of 8.0",
    "class A { function __construct($c, protected ?int $b = 1) {} }": "constructor promotion of 8.0",
    "function f(int|string $a) {}": "union type of 8.0",
    "function f($b = 1, ?A $c = null, A|null $a = null) {}": "union type of 8.0",
    "$f = function ($a): int|false { return 1; };": "union type of 8.0",
    "$f = fn ($a): int|false => 1;": "union type of 8.0",
    "class A { private int|string $a; }": "union type of 8.0",
    "class A { public static int|string $a = 1; }": "union type of 8.0",
    "function f(A&B $a) {}": "intersection type of 8.1",
    "enum A { case B; }": "enum of 8.1",
    "class A { public readonly int $b; }": "readonly of 8.1",
    "#[Attribute] class A {}": "attribute of 8.0",
    "#[\\ReturnTypeWillChange]\nfunction f() {}": "attribute of 8.0",
    "$a = $b ?? throw new Exception();": "throw as an expression of 8.0",
    "$a = fn () => throw new Exception();": "throw as an expression of 8.0",
    "$a = $b ? 1 : throw new Exception();": "throw as an expression of 8.0",
    "try { f(); } catch (Exception) { g(); }": "catch without variable of 8.0",
    "function f($a, $b,) {}": "comma at the end of parameters of 8.0",
    "$f = function () use ($a,) {};": "comma at the end of parameters of 8.0",
    "$f = fn ($a,) => 1;": "comma at the end of parameters of 8.0",
    "class A { function f(): static { return $this; } }": "return type static of 8.0",
    "class A { function f(): ?static { return $this; } }": "return type static of 8.0",
    "function f(mixed $a) {}": "type mixed of 8.0",
    "function f(): mixed {}": "type mixed of 8.0",
    "class A { public mixed $a; }": "type mixed of 8.0",
    "function f(): never { exit; }": "return type never of 8.1",
    "function f(): false { return false; }": "type false alone of 8.2",
    "function f(null $a) {}": "type null alone of 8.2",
    "$f = strlen(...);": "first-class callable of 8.1",
    "$f = $this->run(...);": "first-class callable of 8.1",
    "function f($a = new A()) {}": "new in an initialiser of 8.1",
    "function f($a = array(1, new A())) {}": "new in an initialiser of 8.1",
    "class A { public $b = new C(); }": "new in an initialiser of 8.1",
    "class A { private static $b = array(new C()); }": "new in an initialiser of 8.1",
    "const A = new B();": "new in an initialiser of 8.1",
    "$a = $b::class;": "$object::class of 8.0",
    "class A { final const B = 1; }": "final constant of 8.1",
    "class A { final public const B = 1; }": "final constant of 8.1",
    "class A { const int B = 1; }": "typed constant of 8.3",
    "$a = A::{$b};": "dynamic class constant of 8.3",
    "$a = 0o17;": "octal 0o of 8.1",
    "$a = new ('A' . 'B')();": "new with an expression of 8.0",
    "$a = new A()->b();": "new without brackets around it of 8.4",
    "class A { public $b { get => 1; } }": "property hook of 8.4",
    "class A { public private(set) $b; }": "asymmetric visibility of 8.4",
}

FINE = """<?php
namespace A\\B;
use function strlen;
use const PHP_EOL;
// str_contains( $a, $b ); match; enum; ?->
abstract class C extends D implements E {
	const MATCH = 1, ENUM = 'str_contains()';
	private ?int $count = null;
	public static array $all = array( 'a' => 1 );
	protected static function of( ?self $a, int &$b = 1, string ...$rest ): ?self {
		static $made = array();
		return new static( $a, $b, );
	}
	private function & match_it( iterable $x = array( 1, 2, ), $y = self::MATCH | self::ENUM ): bool {
		switch ( $x ) {
			case self::MATCH:
				throw new \\RuntimeException( 'str_contains( ?-> )' );
			case FOO:
			default:
				throw $y;
		}
		if ( $x & $y ) throw $y;
		try { $x->str_contains( 1 ); } catch ( F | \\G $e ) { throw $e; }
		return $a ? self::class : ( $b ? FOO : static::{$y}() );
	}
	abstract public function static_thing(): void;
}
$f = static fn( int $a ): int => $a ?? 1;
$g = static function () use ( $a, &$b ): ?int { return $b ?: null; };
$h ??= array( ...$list, 1_000, );
$i = ( new Thing( 1 ) )->run( function_exists( 'str_contains' ), "{$j->k} #[x] {$l['m']}" );
$n = new class( 1 ) extends O { public $p = 1; };
label:
echo $q instanceof self ? R : S, static::$t, self::$u['v']::w();
function mixed_up( $static, $never ) { return $static[0] === FOO ? BAR : 1; }
?>
<p>match str_contains( <?php if ( $a ) : ?> <?php endif; ?>
"""


def test_it_is_php() -> None:
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda each: run("php", "-l", "-d", "display_errors=1", each), sources(tests=True)))
    assert ended
    assert [each.stdout for each in ended if each.returncode or "Deprecated" in each.stdout] == []


def test_nothing_is_newer_than_php_7_4() -> None:
    files = sources(tests=True)
    assert files
    ended = run("php", SCAN, *files)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", "", 0)


def test_the_scan_finds_each_newer_thing(tmp_path: Path) -> None:
    files = {tmp_path / f"{i:03}.php": each for i, each in enumerate(NEWER)}
    for path, code in files.items():
        path.write_text(f"<?php\n{code}\n")
    ended = run("php", SCAN, *files)
    assert (ended.stderr, ended.returncode) == ("", 1)
    lines = ended.stdout.splitlines()
    missed = {
        code: NEWER[code] for path, code in files.items() if not any(_says(each, path, NEWER[code]) for each in lines)
    }
    assert missed == {}


def _says(line: str, path: Path, what: str) -> bool:
    return line.startswith(f"{path}:") and line.endswith(f": {what}")


def test_the_scan_leaves_php_7_4_alone(tmp_path: Path) -> None:
    path = tmp_path / "fine.php"
    path.write_text(FINE)
    assert run("php", "-l", path).returncode == 0
    assert run("php", SCAN, path).stdout == ""


@pytest.mark.parametrize("code", ["<?php f(;", "<?php class {"])
def test_a_broken_file_is_no_php(tmp_path: Path, code: str) -> None:
    path = tmp_path / "broken.php"
    path.write_text(code)
    assert run("php", "-l", path).returncode != 0
