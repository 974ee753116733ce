"""What a merchant gets: a readme that WordPress.org understands, one version everywhere, and an installable zip."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from plugins.pack import known_files, pack
from plugins.pot import header_of
from tests.plugins.woocommerce.php import MAIN, PLUGIN, SLUG

README = PLUGIN / "readme.txt"
NEEDED = (SLUG + ".php", "uninstall.php", "readme.txt", "LICENSE", f"languages/{SLUG}.pot", "src/Plugin.php")


def readme_header(name: str) -> str:
    found = re.search(rf"^{re.escape(name)}:\s*(.+?)\s*$", README.read_text(), re.MULTILINE)
    assert found is not None, f"readme.txt has no {name}"
    return found[1]


def section(name: str) -> str:
    found = re.search(rf"^== {name} ==\n(.*?)(?=^== |\Z)", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None, f"readme.txt has no section {name}"
    return found[1].strip()


def test_one_version_everywhere() -> None:
    version = header_of("Version")
    constant = re.search(r"define\( 'FULFILHUB_WC_VERSION', '([^']+)' \);", MAIN.read_text())
    assert constant is not None
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert {constant[1], readme_header("Stable tag")} == {version}
    assert f"= {version} " in section("Changelog").splitlines()[0] + " "


def test_the_header_says_what_the_plugin_needs() -> None:
    assert header_of("Requires PHP") == "7.4"
    assert header_of("Requires at least") == "6.4"
    assert header_of("WC requires at least") == "8.2"
    assert header_of("Requires Plugins") == "woocommerce"
    assert header_of("Text Domain") == SLUG
    assert header_of("License") == "GPL-2.0-or-later"


@pytest.mark.parametrize("name", ["Requires at least", "Requires PHP", "License", "License URI"])
def test_readme_and_header_agree(name: str) -> None:
    assert readme_header(name) == header_of(name)


def test_the_readme_has_what_wordpress_org_shows() -> None:
    text = README.read_text()
    assert text.startswith(f"=== {header_of('Plugin Name')} ===\n")
    assert 1 <= len(readme_header("Tags").split(",")) <= 5
    assert re.fullmatch(r"\d+\.\d+", readme_header("Tested up to"))
    assert readme_header("Contributors")
    short = text.split("\n\n")[1].strip()
    assert 0 < len(short) <= 150
    for name in ("Description", "Installation", "Frequently Asked Questions", "Changelog"):
        assert section(name)
    assert re.search(r"external service|third.party|is sent to", text, re.IGNORECASE), "It says what goes to whom"


def test_the_licence_is_there() -> None:
    assert "GNU GENERAL PUBLIC LICENSE" in (PLUGIN / "LICENSE").read_text()


def test_the_zip_holds_the_plugin_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(tmp_path)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert {f"{SLUG}/{each}" for each in NEEDED} <= set(names)
    assert [each for each in names if not each.startswith(f"{SLUG}/") or "/tests/" in each or "/." in each] == []
    kinds = {Path(each).suffix for each in names}
    assert kinds <= {"", ".php", ".css", ".js", ".json", ".txt", ".pot", ".svg", ".png"}


def test_every_class_is_in_the_zip() -> None:
    on_disk = {str(each.relative_to(PLUGIN)) for each in (PLUGIN / "src").rglob("*.php")}
    assert on_disk - set(known_files()) == set()


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    one, other = pack(tmp_path / "one"), pack(tmp_path / "other")
    assert one.name == f"{SLUG}-{header_of('Version')}.zip"
    assert one.read_bytes() == other.read_bytes()


def test_nothing_in_it_names_another_host() -> None:
    """What it may name: our examples, WordPress, WooCommerce, licences, and standards."""
    allowed = (
        *("fulfilhub.example", "wordpress.org", "woocommerce.com", "www.gnu.org", "gnu.org", "fsf.org", "www.fsf.org"),
        *(
            "schemas.wp.org",
            "www.standardwebhooks.com",
            "www.php.net",
            "www.w3.org",
            "www.rfc-editor.org",
            "api.wordpress.org",
        ),
        *("developer.wordpress.org", "example.com", "www.example.com"),
    )
    found = {}
    for name in known_files():
        text = (PLUGIN / name).read_text(errors="replace")
        hosts = {each.lower() for each in re.findall(r"https?://([A-Za-z0-9.-]+\.[A-Za-z]{2,})", text)}
        if others := {each for each in hosts if not each.endswith(allowed)}:
            found[name] = others
    assert found == {}
