"""The installable zip of the WooCommerce plugin: `python -m plugins.pack [FOLDER]` writes it to dist/ by default.

The same files make the same bytes: names are sorted, times and modes fixed. What goes in is what git knows of the
plugin's folder, less its tests and the settings of our tools.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from plugins.pot import PLUGIN, SLUG, header_of

ROOT = PLUGIN.parents[1]
LEFT_OUT = ("tests/", ".", "README.md", "phpcs.xml.dist", "phpunit.xml.dist")
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can tell."""


def known_files() -> list[str]:
    """The plugin's files to ship, by their names in its folder."""
    asked = ["git", "ls-files", "-z", "--", "."]
    listed = subprocess.run(asked, cwd=PLUGIN, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(each for each in listed if each and not each.startswith(LEFT_OUT) and (PLUGIN / each).is_file())


def pack(folder: Path) -> Path:
    """Write the zip into this folder; gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{SLUG}-{header_of('Version')}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in known_files():
            entry = zipfile.ZipInfo(f"{SLUG}/{name}", MOMENT)
            entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, (PLUGIN / name).read_bytes())
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{pack(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / 'dist')}\n")
