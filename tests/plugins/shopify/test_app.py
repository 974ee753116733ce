"""The app as Shopify reads it: its configuration fits what FulfilHub serves, its words are complete in every language,
and it asks for nothing that App Store review refuses."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from litestar.routes import HTTPRoute

from fulfilhub.app import make_app
from fulfilhub.platform.settings import Settings
from fulfilhub.returns.rules import ReturnReason, ReturnState
from fulfilhub.shipping.rules import TrackingState
from fulfilhub.storefront.rules.customers import Stage
from fulfilhub.stores.adapters.port import Kind
from fulfilhub.stores.adapters.shopify import scopes
from fulfilhub.stores.adapters.shopify.deliveries import read_delivery
from fulfilhub.stores.commands.topics import READERS
from plugins.pack import known_files, pack
from tests.plugins.shopify.node import ACCOUNT, APP, BLOCKS, ROOT

TARGETS = ROOT.parent / "shared" / "shopify" / "customer-account-targets_2026-07.txt"
LANGUAGES = {"de", "en", "es", "fr", "nl"}
COMPLIANCE = ["customers/data_request", "customers/redact", "shop/redact"]
Toml = dict[str, Any]


def toml(path: Path) -> Toml:
    return tomllib.loads(path.read_text())


CONFIGURATION = toml(APP / "shopify.app.toml")
EXTENSION = toml(ACCOUNT / "shopify.extension.toml")


def locales(folder: Path, ending: str = ".json") -> dict[str, Toml]:
    """Words by language."""
    pattern = re.compile(rf"([a-z]{{2}})(\.default)?{re.escape(ending)}")
    named = {each: pattern.fullmatch(each.name) for each in (folder / "locales").iterdir()}
    return {match[1]: json.loads(path.read_text()) for path, match in named.items() if match is not None}


def flat(words: Toml, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in words.items():
        found |= flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return found


class TestTheConfiguration:
    def test_it_asks_for_the_scopes_that_we_use(self) -> None:
        access = CONFIGURATION["access_scopes"]
        assert access["scopes"] == scopes.told(scopes.REQUIRED)
        assert tuple(access["optional_scopes"]) == scopes.OPTIONAL
        assert access["use_legacy_install_flow"] is False

    def test_it_has_only_what_shopify_knows(self) -> None:
        known = {
            "": {"client_id", "name", "handle", "application_url", "embedded"}
            | {"access_scopes", "auth", "webhooks", "app_proxy", "build"},
            "auth": {"redirect_urls"},
            "app_proxy": {"url", "prefix", "subpath"},
            "webhooks": {"api_version", "subscriptions"},
            "build": {"automatically_update_urls_on_dev", "include_config_on_deploy"},
        }
        for name, keys in known.items():
            assert set(CONFIGURATION[name] if name else CONFIGURATION) == keys
        assert CONFIGURATION["embedded"] is True
        assert CONFIGURATION["webhooks"]["api_version"] == "2026-10"

    def test_what_the_law_asks_for_stands_alone(self) -> None:
        blocks = CONFIGURATION["webhooks"]["subscriptions"]
        (compliance,) = [each for each in blocks if "compliance_topics" in each]
        assert compliance == {"compliance_topics": COMPLIANCE, "uri": "/shopify/webhooks"}
        assert all(set(each) == {"topics", "uri"} for each in blocks if each is not compliance)

    def test_every_address_is_one_that_we_serve(self) -> None:
        names = {"DATABASE_URL": "postgresql://nobody@localhost/none", "FULFILHUB_SECRET_KEYS": "x" * 32}
        app = make_app(Settings.from_env({**names, "REDIS_URL": "redis://localhost"}))
        served = {route.path for route in app.routes if isinstance(route, HTTPRoute)}
        proxy = CONFIGURATION["app_proxy"]
        told = [*CONFIGURATION["auth"]["redirect_urls"], proxy["url"]]
        told += [each["uri"] for each in CONFIGURATION["webhooks"]["subscriptions"]]
        assert {urlsplit(each).path for each in told} <= served
        assert {urlsplit(each).netloc for each in told} == {"fulfilhub.example.com", ""}
        assert CONFIGURATION["application_url"] == "https://fulfilhub.example.com/shopify"
        assert (proxy["prefix"], proxy["subpath"]) == ("apps", "track")

    def test_every_topic_that_is_sent_is_read(self) -> None:
        topics = [topic for block in CONFIGURATION["webhooks"]["subscriptions"] for topic in block.get("topics", [])]
        assert topics == sorted(set(topics))
        for topic in topics:
            kind = read_delivery({"X-Shopify-Topic": topic}, b"{}").kind
            assert kind is not Kind.OTHER or topic in READERS, f"nobody reads {topic}"
        assert READERS.keys() <= set(topics), "what somebody reads is asked for"


class TestTheExtensions:
    def test_targets_are_shopifys(self) -> None:
        if not TARGETS.is_file():
            pytest.skip(f"{TARGETS.name} is not beside this checkout")
        known = set(TARGETS.read_text().split())
        (extension,) = EXTENSION["extensions"]
        told = {each["target"]: each["module"] for each in extension["targeting"]}
        assert set(told) == {
            "customer-account.order-status.block.render",
            "customer-account.order.action.menu-item.render",
            "customer-account.order.action.render",
        }
        assert set(told) <= known
        assert all((ACCOUNT / module).is_file() for module in told.values())

    def test_the_extension_may_only_call_us(self) -> None:
        (extension,) = EXTENSION["extensions"]
        assert extension["type"] == "ui_extension"
        assert extension["capabilities"] == {"network_access": True}
        assert EXTENSION["api_version"] == "2026-07"

    def test_one_version_of_the_library_everywhere(self) -> None:
        package = json.loads((ACCOUNT / "package.json").read_text())
        lock = json.loads((APP / "package-lock.json").read_text())["packages"]
        for name, version in package["dependencies"].items():
            assert lock[f"node_modules/{name}"]["version"] == version
        year, month = EXTENSION["api_version"].split("-")
        assert package["dependencies"]["@shopify/ui-extensions"].startswith(f"{year}.{int(month)}.")

    def test_the_lock_names_no_registry(self) -> None:
        lock = (APP / "package-lock.json").read_text()
        assert "registry" not in lock
        assert not re.search(r'"resolved": "(?!extensions/)', lock)

    def test_the_theme_extension_holds_what_the_cli_takes(self) -> None:
        folders = {each.relative_to(BLOCKS).parts[0] for each in BLOCKS.rglob("*") if each.is_file()}
        assert folders <= {"assets", "blocks", "locales", "snippets", "shopify.extension.toml"}
        assert all(len(each.relative_to(BLOCKS).parts) <= 2 for each in BLOCKS.rglob("*"))
        assert {each.suffix for each in (BLOCKS / "assets").iterdir()} <= {".css", ".js", ".json", ".svg"}
        liquid = [each.read_text() for each in BLOCKS.rglob("*.liquid")]
        assert sum(map(len, liquid)) < 100_000
        for text in liquid:
            assert not re.search(r"\{%-?\s*(javascript|stylesheet|layout|sections?)\b", text)
        assert all(each.stat().st_size < 10_000 for each in (BLOCKS / "assets").glob("*.js"))

    @pytest.mark.parametrize("name", ["tracking", "promise"])
    def test_what_a_block_brings_is_there(self, name: str) -> None:
        text = (BLOCKS / "blocks" / f"{name}.liquid").read_text()
        schema = json.loads(text.partition("{% schema %}")[2].partition("{% endschema %}")[0])
        assert schema["target"] == "section"
        for kind in ("stylesheet", "javascript"):
            assert (BLOCKS / "assets" / schema[kind]).is_file()
        words = flat(locales(BLOCKS, ".schema.json")["en"])
        told = re.findall(r'"t:([a-z_.]+)"', text)
        assert told
        assert set(told) <= set(words)

    def test_every_value_is_escaped(self) -> None:
        """Words of ours are; everything else says how."""
        for path in (BLOCKS / "blocks").glob("*.liquid"):
            for inside in re.findall(r"\{\{(.+?)\}\}", path.read_text()):
                safe = re.search(r"\|\s*(escape|json|t)\s*$", inside) or inside.strip() in {
                    "block.shopify_attributes",  # Shopify's own
                    "variant.id",
                    "each.id",
                }
                assert safe, (path.name, inside)

    def test_scripts_write_no_html_and_name_no_other_host(self) -> None:
        for path in [*(BLOCKS / "assets").glob("*.js"), *(ACCOUNT / "src").iterdir()]:
            text = path.read_text()
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|dangerously", text)
            assert not re.search(r"['\"]https?://", text), path.name


class TestWords:
    @pytest.mark.parametrize(
        ("folder", "ending"), [(BLOCKS, ".json"), (BLOCKS, ".schema.json"), (ACCOUNT, ".json")], ids=str
    )
    def test_every_language_says_everything(self, folder: Path, ending: str) -> None:
        found = {language: flat(words) for language, words in locales(folder, ending).items()}
        assert set(found) == LANGUAGES
        for language, words in found.items():
            assert words.keys() == found["en"].keys(), language
            for key, text in words.items():
                assert text.strip() == text != ""
                gaps = re.findall(r"\{\{\s*\w+\s*\}\}", text)
                assert sorted(gaps) == sorted(re.findall(r"\{\{\s*\w+\s*\}\}", found["en"][key])), (language, key)

    @pytest.mark.parametrize("folder", [BLOCKS, ACCOUNT], ids=str)
    def test_everything_that_fulfilhub_says_has_words(self, folder: Path) -> None:
        words = locales(folder)["en"]
        assert set(words["stage"]) == set(Stage)
        assert set(words["parcel"]) == set(TrackingState)
        if folder is ACCOUNT:
            assert set(words["return"]) == set(ReturnState)
            assert set(words["reason"]) == set(ReturnReason)

    def test_every_word_of_the_extension_is_used_and_known(self) -> None:
        code = "".join(each.read_text() for each in (ACCOUNT / "src").iterdir())
        used = set(re.findall(r"translate\('([A-Za-z.]+)'", code)) | {"late", "mayBeLate", "promised"}
        words = locales(ACCOUNT)["en"]
        families = {"parcel", "reason", "return", "settings", "stage"}
        assert used == set(words) - families - {"name", "description"}
        known = {name: set(re.findall(r"^  '([a-z_]+)',$", block, re.MULTILINE)) for name, block in _sets().items()}
        assert known["STAGES"] == set(Stage)
        assert known["PARCELS"] == set(TrackingState)
        assert known["RETURNS"] == set(ReturnState)
        assert known["REASONS"] == set(ReturnReason)


def _sets() -> dict[str, str]:
    text = (ACCOUNT / "src" / "words.ts").read_text()
    return dict(re.findall(r"export const (\w+): ReadonlySet<string> = new Set\(\[\n(.*?)\n\]\)", text, re.DOTALL))


class TestThePackage:
    def test_the_licence_is_the_repositorys(self) -> None:
        assert (APP / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()

    def test_the_zip_is_what_the_cli_wants(self, tmp_path: Path) -> None:
        one, other = pack(tmp_path / "one", "shopify"), pack(tmp_path / "other", "shopify")
        assert one.read_bytes() == other.read_bytes()
        with zipfile.ZipFile(one) as archive:
            names = {each.partition("/")[2] for each in archive.namelist()}
        assert {"shopify.app.toml", "package.json", "package-lock.json", "README.md", "LICENSE"} <= names
        assert not any("node_modules" in each for each in names)
        on_disk = {str(each.relative_to(APP)) for folder in (BLOCKS, ACCOUNT) for each in folder.rglob("*.*")}
        assert on_disk - set(known_files("shopify")) == set()
