"""What Shopify's own tools say of the app: types, linter, bundles."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.plugins.shopify.node import APP, BLOCKS, bundles, needs_node, run

pytestmark = needs_node


def test_the_extension_fits_shopifys_types() -> None:
    made = run("node", "node_modules/typescript/bin/tsc", "--project", "tsconfig.json")
    assert made.returncode == 0, made.stdout


def test_the_types_are_really_looked_at(tmp_path: Path) -> None:
    """A component or a member that Shopify does not have is an error."""
    copy = tmp_path / "app"
    shutil.copytree(APP, copy, ignore=shutil.ignore_patterns("node_modules", "build"))
    (copy / "node_modules").symlink_to(APP / "node_modules")
    entry = copy / "extensions" / "customer-account" / "src" / "OrderStatus.tsx"
    entry.write_text(entry.read_text().replace("shopify.order.value", "shopify.ordre.value"))
    menu = entry.with_name("MenuItem.tsx")
    menu.write_text(menu.read_text().replace("s-button", "s-batton"))
    made = run("node", APP / "node_modules/typescript/bin/tsc", "--project", copy / "tsconfig.json")
    assert made.returncode != 0
    assert "ordre" in made.stdout
    assert "s-batton" in made.stdout


def test_the_theme_passes_shopifys_linter() -> None:
    made = run("node", "scripts/lint.mjs")
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    ("planted", "check"),
    [
        ("{% javascript %}let x;{% endjavascript %}", "AppBlockValidTags"),
        ("{{ 'no.such.words' | t }}", "TranslationKeyExists"),
        ("{{ product.title | no_such_filter }}", "UnknownFilter"),
        ("{{ unfinished ", "LiquidHTMLSyntaxError"),
    ],
)
def test_the_linter_finds_what_review_would(tmp_path: Path, planted: str, check: str) -> None:
    shutil.copytree(BLOCKS, tmp_path / "blocks")
    block = tmp_path / "blocks" / "blocks" / "promise.liquid"
    block.write_text(planted + block.read_text())
    made = run("node", "scripts/lint.mjs", tmp_path / "blocks")
    assert made.returncode == 1
    assert check in made.stderr


def test_every_target_builds_and_is_small(tmp_path: Path) -> None:
    made = bundles(tmp_path, "https://hub.example.com/shopify")
    assert len(made) == 3
    for target, script in made.items():
        assert len(script.encode()) <= 64 * 1024
        assert f'shopify.extend("{target}"' in script
    assert '"https://hub.example.com/shopify"' in made["customer-account.order.action.render"]
