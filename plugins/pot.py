"""The template from which the WooCommerce plugin is translated: `python -m plugins.pot` writes it anew (needs PHP)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.pofile import write_po

HERE = Path(__file__).parent
PLUGIN = HERE / "woocommerce"
SLUG = "fulfilhub-for-woocommerce"
POT = PLUGIN / "languages" / f"{SLUG}.pot"

HEADER = """# Copyright (C) FulfilHub
# This file is distributed under the GPL-2.0-or-later.
msgid ""
msgstr ""
"Project-Id-Version: FulfilHub for WooCommerce {version}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"PO-Revision-Date: YEAR-MO-DA HO:MI+ZONE\\n"
"Language-Team: LANGUAGE <LL@li.org>\\n"
"X-Domain: {slug}\\n"

"""
HEADERS = {"Plugin Name": "Plugin Name of the plugin", "Description": "Description of the plugin"}
BLOCK = {"title": "block title", "description": "block description", "keywords": "block keyword"}
SCRIPT_CALL = re.compile(r"(?<![\w.])(?:wp\.i18n\.)?__\(\s*('(?:[^'\\]|\\.)*')\s*,\s*'([^']*)'\s*\)")
PLACEHOLDER = re.compile(r"%(?:\d+\$)?[dfs]")


def header_of(name: str) -> str:
    """A line of the plugin's header, as WordPress reads it."""
    text = (PLUGIN / f"{SLUG}.php").read_text()
    found = re.search(rf"^ \* {re.escape(name)}:\s*(.+?)\s*$", text, re.MULTILINE)
    if found is None:
        raise LookupError(f"The plugin's header has no {name}.")
    return found[1]


def messages() -> list[dict[str, Any]]:
    """Every call for a translation in the plugin's PHP, and what cannot be translated as `wrong`."""
    files = [str(each.relative_to(PLUGIN)) for each in sorted(PLUGIN.rglob("*.php"))]
    files = [each for each in files if not each.startswith("tests/")]
    command = ["php", str(HERE / "messages.php"), *files]
    made = subprocess.run(command, cwd=PLUGIN, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in made.stdout.splitlines()]


def script_messages() -> list[tuple[str, str, str]]:
    """(file, text, domain) of each call in the plugin's scripts."""
    found = []
    for path in sorted(PLUGIN.rglob("*.js")):
        for text, domain in SCRIPT_CALL.findall(path.read_text()):
            found.append((str(path.relative_to(PLUGIN)), text[1:-1].replace("\\'", "'"), domain))
    return found


def template() -> str:
    """The whole template. Places are files without lines, so that it changes only when a text does."""
    catalog = Catalog()
    for name, comment in HEADERS.items():
        catalog.add(header_of(name), locations=[(f"{SLUG}.php", 1)], auto_comments=[comment])
    for each in messages():
        text = (each["id"], each["plural"]) if "plural" in each else each["id"]
        comments = [f"translators: {each['comment']}"] if each.get("comment") else []
        catalog.add(text, locations=[(each["file"], 1)], auto_comments=comments, context=each.get("context"))
    for file, said, _ in script_messages():
        catalog.add(said, locations=[(file, 1)])
    for path in sorted(PLUGIN.rglob("block.json")):
        block = json.loads(path.read_text())
        for part, context in BLOCK.items():
            given = block.get(part, [])
            for said in [given] if isinstance(given, str) else given:
                catalog.add(said, locations=[(str(path.relative_to(PLUGIN)), 1)], context=context)
    for message in catalog:
        message.flags.discard("python-format")
        if PLACEHOLDER.search(str(message.id)):
            message.flags.add("php-format")
    written = BytesIO()
    write_po(written, catalog, width=0, omit_header=True, sort_by_file=True, include_lineno=False)
    return HEADER.format(version=header_of("Version"), slug=SLUG) + written.getvalue().decode()


if __name__ == "__main__":
    POT.parent.mkdir(exist_ok=True)
    POT.write_text(template())
    sys.stdout.write(f"{POT}\n")
