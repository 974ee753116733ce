"""WordPress' style by PHP_CodeSniffer, and the plugin's own unit tests by PHPUnit."""

from __future__ import annotations

from pathlib import Path

from tests.plugins.woocommerce.php import PLUGIN, needs, run

RULES = PLUGIN / "phpcs.xml.dist"


@needs("php", "phpcs")
def test_the_style_is_wordpress() -> None:
    ended = run("phpcs", f"--standard={RULES}", "--report=emacs", "-q", "-d", "error_reporting=0", PLUGIN)
    assert (ended.stdout, ended.returncode) == ("", 0)


@needs("php", "phpcs")
def test_another_style_is_found(tmp_path: Path) -> None:
    path = tmp_path / "other.php"
    path.write_text('<?php\nclass A\n{\n    function b($c){ return [ $c, "d" ]; }\n}\n')
    ended = run("phpcs", f"--standard={RULES}", "--report=emacs", "-q", path)
    assert ended.returncode != 0
    for sniff in ("DisallowShortArraySyntax", "OpeningBraceSameLine", "MethodScope", "DisallowSpaceIndent"):
        assert sniff in ended.stdout


@needs("php", "phpunit")
def test_phpunit_passes() -> None:
    ended = run("phpunit", "--configuration", PLUGIN / "phpunit.xml.dist")
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert "OK (" in ended.stdout
