"""The zips of our plugins: `python -m plugins.pack woocommerce|shopify [FOLDER]` writes one to dist/ by default.

WooCommerce's is installed as it is; Shopify's is what `shopify app deploy` is run in, unpacked. The same files make the
same bytes: names are sorted, times and modes fixed. What goes in is what git knows of the plugin's folder, less its
tests and the settings of our tools.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plugins.pot import PLUGIN, SLUG, header_of

ROOT = PLUGIN.parents[1]
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can tell."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin: its folder, the folder it is in the zip, its version, and what stays out, by how names begin."""

    folder: Path
    slug: str
    version: Callable[[], str]
    left_out: tuple[str, ...]


def _version_of_package() -> str:
    return str(json.loads((ROOT / "plugins" / "shopify" / "package.json").read_text())["version"])


PLUGINS = {
    "woocommerce": Plugin(
        PLUGIN, SLUG, lambda: header_of("Version"), ("tests/", ".", "README.md", "phpcs.xml.dist", "phpunit.xml.dist")
    ),
    "shopify": Plugin(
        ROOT / "plugins" / "shopify", "fulfilhub-for-shopify", _version_of_package, ("tests/", ".gitignore")
    ),
}


def known_files(name: str = "woocommerce") -> list[str]:
    """The plugin's files to ship, by their names in its folder."""
    plugin = PLUGINS[name]
    asked = ["git", "ls-files", "-z", "--", "."]
    listed = subprocess.run(asked, cwd=plugin.folder, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(
        each for each in listed if each and not each.startswith(plugin.left_out) and (plugin.folder / each).is_file()
    )


def pack(folder: Path, name: str = "woocommerce") -> Path:
    """Write the zip into this folder; gives its path."""
    plugin = PLUGINS[name]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plugin.slug}-{plugin.version()}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in known_files(name):
            entry = zipfile.ZipInfo(f"{plugin.slug}/{file}", MOMENT)
            entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, (plugin.folder / file).read_bytes())
    return path


if __name__ == "__main__":
    wanted, *where = sys.argv[1:]
    sys.stdout.write(f"{pack(Path(where[0]) if where else ROOT / 'dist', wanted)}\n")
