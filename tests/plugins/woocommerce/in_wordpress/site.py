"""A real WordPress with WooCommerce: PHP run in it, its pages fetched, its forms sent, its shop bought from."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import httpx

from tests.plugins.woocommerce.php import PLUGIN, SLUG

Json = dict[str, Any]
HERE = Path(__file__).parent
FILES = ("fulfilhub-test-mail.jsonl", "fulfilhub-test-calls.jsonl", "fulfilhub-test-costs.jsonl")
MAIN = f"{SLUG}/{SLUG}.php"
PATIENCE = 60.0
ADDRESS = {
    "first_name": "Ada",
    "last_name": "Test",
    "company": "",
    "address_1": "Torstrasse 1",
    "address_2": "",
    "city": "Berlin",
    "state": "DE-BE",
    "postcode": "10119",
    "country": "DE",
    "phone": "030 1234567",
}


class Forms(HTMLParser):
    """Every form of a page: where it leads and what it would send. Fields outside forms name theirs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Json] = []
        self.by_id: dict[str, Json] = {}
        self._open: Json | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {"action": given.get("action", ""), "fields": {}, "leads_to": []}
            self.forms.append(self._open)
            if "id" in given:
                self.by_id[given["id"]] = self._open
        form = self.by_id.get(given["form"]) if "form" in given else self._open
        if form is not None and "formaction" in given:
            form["leads_to"].append(given["formaction"])
        if tag not in ("input", "button") or form is None or "name" not in given:
            return
        if given.get("type") in ("checkbox", "radio") and "checked" not in given:
            return
        if given.get("type") == "submit" or tag == "button":
            return
        form["fields"].setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


class Site:
    """One WordPress. Its address is its own `home`, on 127.0.0.1."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.content = root / "wp-content"
        self.url = "http://127.0.0.1"
        self.url = str(self.run("return home_url();")).rstrip("/")
        assert urlsplit(self.url).hostname == "127.0.0.1", f"Its address must be on 127.0.0.1, and is {self.url}"
        self.password = secrets.token_urlsafe(16)

    def run(self, code: str, **values: Any) -> Any:
        """Run PHP inside; `values` are its variables. Gives what it returns."""
        given = "".join(f"${name} = json_decode( {_php(json.dumps(value))}, true );" for name, value in values.items())
        log = self.content / "debug.log"
        command = ["php", "-d", f"error_log={log}", "-d", "display_errors=0", "-d", "log_errors=1"]
        made = subprocess.run(
            [*command, str(HERE / "inside.php"), str(self.root), self.url],
            input=given + code,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert made.returncode == 0, f"{code}\n{made.stdout[-2000:]}{made.stderr[-2000:]}\n{self.log()[-2000:]}"
        return json.loads(made.stdout.strip().splitlines()[-1])

    def log(self) -> str:
        """What is in debug.log."""
        path = self.content / "debug.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def lines(self, name: str) -> list[Json]:
        """What the must-use plugin noted: mail, calls or costs."""
        path = self.content / f"fulfilhub-test-{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def settle(self, done: Callable[[], bool], *, passing: bool = False, seconds: float = PATIENCE) -> None:
        """Run Action Scheduler as WP-Cron would, until something is true; `passing`: with hours between the runs."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, f"Still not so. What waits: {self.waiting()}"
            if passing:
                self.later()
            self.run("do_action( 'action_scheduler_run_queue', 'Test' ); return 1;")

    def later(self) -> None:
        """Time passes: whatever waits for its next try is due."""
        self.run(
            """global $wpdb;
            if ( ! class_exists( 'FulfilHub\\WooCommerce\\Queue\\Drain' ) ) {
                return 0;
            }
            $wpdb->query( "UPDATE {$wpdb->prefix}fulfilhub_queue SET next_at = 0, claimed_until = 0" );
            $wpdb->query( "UPDATE {$wpdb->prefix}actionscheduler_actions SET scheduled_date_gmt = '2020-01-01 00:00:00',
                scheduled_date_local = '2020-01-01 00:00:00' WHERE status = 'pending' AND hook = 'fulfilhub_drain'" );
            $health = get_option( 'fulfilhub_queue_health' );
            if ( is_array( $health ) ) {
                update_option( 'fulfilhub_queue_health', array( 'pause_until' => 0 ) + $health, false );
            }
            FulfilHub\\WooCommerce\\Queue\\Drain::soon();
            return 1;"""
        )

    def queue(self) -> dict[str, Json]:
        """The queue's rows by order."""
        rows = self.run('global $wpdb; return $wpdb->get_results( "SELECT * FROM {$wpdb->prefix}fulfilhub_queue" );')
        return {str(each["order_id"]): each for each in rows}

    def waiting(self) -> dict[str, str]:
        """Orders that still wait, and what was in their way."""
        return {order: row["error_code"] for order, row in self.queue().items() if row["state"] == "waiting"}

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        """An administrator's browser."""
        self.run(
            """$user = get_user_by( 'login', 'fulfilhub-test' );
            $id = $user ? $user->ID : wp_insert_user( array( 'user_login' => 'fulfilhub-test',
                'user_pass' => $password, 'user_email' => 'fulfilhub-test@shop.test', 'role' => 'administrator' ) );
            wp_set_password( $password, $id );
            return $id;""",
            password=self.password,
        )
        with httpx.Client(base_url=self.url, timeout=60, follow_redirects=True, trust_env=False) as browser:
            browser.cookies.set("wordpress_test_cookie", "WP%20Cookie%20check", domain="127.0.0.1")
            form = {"log": "fulfilhub-test", "pwd": self.password, "wp-submit": "Log In", "testcookie": "1"}
            signed = browser.post("/wp-login.php", data=form | {"redirect_to": f"{self.url}/wp-admin/profile.php"})
            assert "profile.php" in str(signed.url), signed.text[:2000]
            yield browser

    def press(self, browser: httpx.Client, page: str, action: str, values: Json | None = None) -> httpx.Response:
        """Open an admin page, fill in its form and press the button of it that does `action`."""
        shown = browser.get(page)
        assert shown.status_code == 200
        for form in Forms(shown.text).forms:
            for target in [*form["leads_to"], form["action"]]:
                if target.endswith(f"action={action}") or form["fields"].get("action") == action:
                    return browser.post(urljoin(str(shown.url), target), data=form["fields"] | (values or {}))
        raise AssertionError(f"{page} has no button that does {action}.")

    def place_many(self, product: int, count: int) -> list[int]:
        """Orders of one unit each, made by a program in the shop."""
        made = self.run(
            """$made = array();
        for ( $i = 0; $i < $many; $i++ ) {
            $order = wc_create_order();
            $order->add_product( wc_get_product( $mug ), 1 );
            $order->set_address( array( 'first_name' => 'C', 'last_name' => "No $i", 'city' => 'Berlin',
                'country' => 'DE', 'address_1' => 'Torstrasse 3', 'postcode' => '10119' ), 'shipping' );
            $order->calculate_totals();
            $order->set_status( 'processing' );
            $made[] = $order->save();
        }
        return $made;""",
            many=count,
            mug=product,
        )
        return [int(each) for each in made]

    @contextmanager
    def visit(self, items: list[tuple[int, int]]) -> Iterator[httpx.Client]:
        """A customer with goods in the cart, at the Store API, as the checkout block is."""
        with httpx.Client(base_url=f"{self.url}/wp-json/wc/store/v1", timeout=60, trust_env=False) as visit:
            visit.headers["Nonce"] = visit.get("/cart").raise_for_status().headers["Nonce"]
            for product, quantity in items:
                visit.post("/cart/add-item", json={"id": product, "quantity": quantity}).raise_for_status()
            yield visit

    def buy(self, items: list[tuple[int, int]]) -> Json:
        """Check out, cash on delivery."""
        person = ADDRESS | {"email": "ada@customer.test"}
        body = {"billing_address": person, "shipping_address": ADDRESS, "payment_method": "cod"}
        with self.visit(items) as visit:
            bought = visit.post("/checkout", json=body)
        assert bought.status_code == 200, bought.text
        return cast("Json", bought.json())

    def rates(self, items: list[tuple[int, int]]) -> str:
        """What the cart says of the ways to ship these."""
        with self.visit(items) as visit:
            cart = visit.post("/cart/update-customer", json={"shipping_address": ADDRESS}).raise_for_status().json()
        assert cart["shipping_rates"][0]["shipping_rates"]
        return json.dumps(cart["shipping_rates"])


def _php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextmanager
def served(site: Site) -> Iterator[None]:
    """Serve a site at its own address, unless somebody does already."""
    port = urlsplit(site.url).port or 80
    if _listens(port):
        yield
        return
    command = ["php", "-d", "memory_limit=512M", "-d", "display_errors=0", "-S", f"127.0.0.1:{port}"]
    log = (site.content / "fulfilhub-test-server.log").open("w")
    server = subprocess.Popen(
        [*command, "-t", str(site.root), str(HERE / "router.php")],
        env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 30
        while not _listens(port):
            assert server.poll() is None, "PHP's server did not start."
            assert time.monotonic() < until, "PHP's server does not answer."
            time.sleep(0.05)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)
        log.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def prepared(root: Path) -> Iterator[Site]:
    """The site with the plugin's folder in it and mail caught; what was put there is taken away again."""
    site = Site(root)
    link = site.content / "plugins" / SLUG
    must_use = site.content / "mu-plugins"
    must_use.mkdir(exist_ok=True)
    ours = must_use / "fulfilhub-test.php"
    linked = not link.exists()
    if linked:
        link.symlink_to(PLUGIN)
    shutil.copyfile(HERE / "must_use.php", ours)
    for name in FILES:
        (site.content / name).unlink(missing_ok=True)
    try:
        with served(site):
            yield site
    finally:
        ours.unlink()
        for name in FILES:
            (site.content / name).unlink(missing_ok=True)
        if linked:
            link.unlink()


def text_of(page: str) -> str:
    """What a person reads of a page."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL | re.IGNORECASE)
    return " ".join(re.sub(r"<[^>]+>", " ", bare).split())
