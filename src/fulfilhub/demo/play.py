"""The two commands: `run` serves a machine with its demo world, `demo` plays the story once and counts."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from fulfilhub.demo import counting, world
from fulfilhub.demo.counting import Numbers
from fulfilhub.demo.door import StepFailed
from fulfilhub.demo.run import StartError, System, elapsed, state_folder, system
from fulfilhub.demo.screen import Screen
from fulfilhub.demo.story import tell
from fulfilhub.demo.world import World
from fulfilhub.platform import ids
from fulfilhub.platform.processes import free_port, interruptible, log_tail
from fulfilhub.platform.servers import throwaway_state

LABELS = {
    "orders_in": "orders taken",
    "orders_duplicate_ignored": "messages that came twice and changed nothing",
    "orders_found_by_sweep": "of them found by a sweep of their store, after their webhook was lost",
    "orders_needing_review": "orders that wait for a person, with reasons",
    "fulfilments": "fulfilments sent to warehouses",
    "claimed": "of them claimed by the partner",
    "shipped": "shipped",
    "kits_shipped": "kits in them, picked as what they are made of",
    "delivered": "delivered",
    "requests_accepted": "changes after the claim that the partner agreed to",
    "returns_completed": "returns received, inspected and restocked",
    "charges": "charges, one per fulfilled order",
    "store_updates": "shipments that the storefronts were told of",
    "stock_told": "products whose stock the WooCommerce shop shows as it is",
}


def run(port: int | None, *, with_demo: bool) -> None:
    """Serve this machine's data until Ctrl-C; at the first time make the demo world and play the story.

    Raises StartError, SettingsError or StepFailed with what to tell the person at the terminal.
    """
    screen = Screen()
    state = state_folder()
    begun = time.monotonic()
    with interruptible():
        try:
            screen.say(f"FulfilHub starts on {state} ...")
            with system(state, port, screen.say, with_demo=with_demo) as made:
                screen.say(f"The system is up after {elapsed(begun)} s.")
                if with_demo:
                    _demo(made, screen)
                screen.say(f"Serving on {made.url}. Ctrl-C stops everything that was started.")
                made.supervisor.wait()
                screen.say("Stopping ...")
        except KeyboardInterrupt:
            screen.say("Stopped.")


def _demo(made: System, screen: Screen) -> None:
    kept = world.remembered(made.state)
    if kept is None:
        kept = _play(made, screen)
    else:
        screen.say("The data of an earlier run are kept; the demo world is not made anew.")
        _restart_shops(made, kept, screen)
    show(made, kept, counting.counted(made.settings, ids.ACCOUNT.find(kept.merchant_id)), screen)


def _restart_shops(made: System, kept: World, screen: Screen) -> None:
    try:
        world.start_shops(made, {store.shop.platform: store.shop for store in kept.stores})
    except StartError as error:
        screen.say(f"A storefront of the demo does not run: {error}")


def _play(made: System, screen: Screen) -> World:
    """Make the world and tell the story; on failure the logs that matter are named."""
    try:
        with screen.step("The two storefronts open"):
            shops = world.new_shops()
            world.start_shops(made, shops)
        with screen.step("A merchant, a partner, warehouses, products, stock and stores are made by API") as step:
            key = world.platform_key(made)
            fresh = asyncio.run(world.make(made, key, shops))
            step.now(f"{len(fresh.products)} products, {len(fresh.warehouses)} warehouses")
        world.remember(made.state, fresh)
        fresh.pages = asyncio.run(tell(made, fresh, screen))
        fresh.played = True
        world.remember(made.state, fresh)
    except StepFailed as error:
        raise StepFailed(f"{error}\n{_tails(made.logs)}") from error
    return fresh


def _tails(logs: Path) -> str:
    """The ends of those logs of ours that say something went wrong."""
    telling = [log for log in sorted(logs.glob("*.log")) if b"rror" in log.read_bytes()[-8192:]]
    return "\n".join(log_tail(log, 8) for log in telling[:3]) or f"The logs are in {logs}."


def urls(made: System, kept: World) -> dict[str, str]:
    """Where to look."""
    found = {
        "api": made.url,
        "docs": f"{made.url}/docs",
        "health": f"{made.url}/health/ready",
        "metrics": f"{made.url}/metrics",
        "woocommerce_recorded": f"{kept.woocommerce.shop.url}/_recorded",
        "shopify_recorded": f"{kept.shopify.shop.url}/_recorded",
        "webhooks_received": f"{kept.woocommerce.shop.url}/_events",
    }
    return found | {f"tracking_page_{n}": made.url + urlsplit(page).path for n, page in enumerate(kept.pages, 1)}


def show(made: System, kept: World, numbers: Numbers, screen: Screen) -> None:
    """The table of what happened, and the links."""
    screen.table("What happened", [(str(n), LABELS[name]) for name, n in numbers.as_dict().items()])
    screen.say("Open:")
    for name, url in urls(made, kept).items():
        screen.say(f"  {name.replace('_', ' '):22}{url}")
    screen.say(f"The merchant's and the partner's API keys are in {made.state / 'demo.json'}.")


def demo(*, as_json: bool) -> str:
    """Play the whole story on throw-away data and free ports; gives the answer of `--json`, or an empty text.

    Raises StartError, SettingsError or StepFailed when any step failed.
    """
    screen = Screen(stderr=as_json)
    begun = time.monotonic()
    for name in ("DATABASE_URL", "REDIS_URL", "FULFILHUB_SECRET_KEYS", "HOST", "PUBLIC_URL"):
        os.environ.pop(name, None)  # throw-away data are on embedded servers of their own
    with interruptible(), throwaway_state() as state, system(state, free_port(), screen.say, throwaway=True) as made:
        screen.say(f"The system is up after {elapsed(begun)} s.")
        kept = _play(made, screen)
        numbers = counting.counted(made.settings, ids.ACCOUNT.find(kept.merchant_id))
        show(made, kept, numbers, screen)
        answer = {**numbers.as_dict(), "seconds": elapsed(begun), "urls": urls(made, kept)}
    return msgspec.json.encode(answer).decode() if as_json else ""
