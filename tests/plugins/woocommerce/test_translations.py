"""Every text of the plugin can be translated: right text domain, literal texts, explained placeholders, a template."""

from __future__ import annotations

import json
import re
from pathlib import Path

from plugins import pot
from tests.plugins.woocommerce.php import PLUGIN, SLUG, needs, run

pytestmark = needs("php")

PLANTED = """<?php
__( $a, 'x' );
_n( 'One', 'Two' . $b, 2, 'x' );
_x( 'It\\'s', 'why', 'y' );
/* translators: what */
__( 'A %s', "d" );
__( 'B %s', 'd' );
"""


def test_every_call_has_literal_texts_and_our_domain() -> None:
    found = pot.messages()
    assert len(found) > 50
    wrong = [each for each in found if "wrong" in each or each.get("domain") != SLUG or not each.get("id", "").strip()]
    assert wrong == []


def test_scripts_name_our_domain() -> None:
    assert [each for each in pot.script_messages() if each[2] != SLUG] == []


def test_blocks_name_our_domain() -> None:
    blocks = sorted(PLUGIN.rglob("block.json"))
    assert [str(each) for each in blocks if json.loads(each.read_text()).get("textdomain") != SLUG] == []


def test_translators_are_told_what_placeholders_stand_for() -> None:
    bare = [each for each in pot.messages() if pot.PLACEHOLDER.search(each.get("id", "")) and not each.get("comment")]
    assert [f"{each['file']}:{each['line']}: {each['id']}" for each in bare] == []


def test_several_placeholders_have_numbers() -> None:
    texts = [text for each in pot.messages() for text in (each.get("id", ""), each.get("plural", ""))]
    assert [text for text in texts if len(re.findall(r"(?<!%)%[dfs]", text)) > 1] == []


def test_the_template_is_up_to_date() -> None:
    assert pot.POT.read_text() == pot.template(), "Run: python -m plugins.pot"


def test_what_cannot_be_translated_is_found(tmp_path: Path) -> None:
    path = tmp_path / "texts.php"
    path.write_text(PLANTED)
    made = run("php", pot.HERE / "messages.php", path)
    found = [json.loads(line) for line in made.stdout.splitlines()]
    wrong = ["id is not one literal text", "plural is not one literal text", None, None, None]
    assert [each.get("wrong") for each in found] == wrong
    assert (found[2]["id"], found[2]["context"], found[2]["domain"]) == ("It's", "why", "y")
    assert (found[3]["id"], found[3]["comment"], found[3]["domain"]) == ("A %s", "what", "d")
    assert "comment" not in found[4]
