"""The story: what a merchant's morning looks like from order to return, played through public doors only."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import httpx

from fulfilhub.demo import carrier, door, second_thoughts, shelf
from fulfilhub.demo.carrier import JOURNEY, LATE, Journey
from fulfilhub.demo.customer import ask_for_return
from fulfilhub.demo.door import Door, JsonObject, StepFailed, rows, until
from fulfilhub.demo.intake import Intake, Taken
from fulfilhub.demo.run import System, command
from fulfilhub.demo.screen import Screen, Step
from fulfilhub.demo.second_thoughts import Asked
from fulfilhub.demo.world import World
from fulfilhub.platform.processes import log_tail, spawn

PATIENCE = 60.0
"""Seconds any one thing may take before the demo says that it failed; it takes a fraction of it."""

NOT_ROUTED = {"received"}
SENT = {"shipped", "partially_delivered", "delivered", "partially_returned", "returned"}


async def tell(system: System, world: World, screen: Screen) -> list[str]:
    """Play it all. Returns links to pages worth opening. Raises StepFailed naming the step that did not happen."""
    async with door.client(system.url) as http:
        story = Story(system, world, http, screen)
        with screen.step("Orders come in") as step:
            taken = await Intake(http, world).everything(step.now)
        with screen.step("They are read, promised and routed") as step:
            await story.routed(taken, step)
        with screen.step("A webhook was lost: a sweep of the store finds its order") as step:
            step.now(await story.found(taken))
        with screen.step("An order without an address is corrected by API and goes on") as step:
            step.now(await story.corrected(taken))
        with screen.step("A customer wants one unit fewer, but the partner has the work in hand: it is asked") as step:
            asked = await story.asked()
            step.now(f"order {asked.order['number']}, one unit")
        async with story.partner():
            with screen.step("The partner answers the request") as step:
                step.now(await story.answered(asked))
            with screen.step("The partner claims, picks, packs and ships") as step:
                await story.shipped(taken, step)
            with screen.step("The storefronts are told") as step:
                await story.told(step)
            with screen.step("Carriers scan the parcels, and most arrive") as step:
                await story.delivered(step)
            with screen.step("A customer asks for a return on the tracking page; it is restocked") as step:
                step.now(await story.returned())
        with screen.step("The merchant lets FulfilHub keep the shop's stock; the shop shows what can be sold") as step:
            step.now(await story.kept())
        with screen.step("Each fulfilled order is charged once") as step:
            await story.charged(step)
        with screen.step("The merchant's own program heard of it all, in signed webhooks") as step:
            await story.heard(step)
    return story.pages


class Story:
    """One telling."""

    def __init__(self, system: System, world: World, http: httpx.AsyncClient, screen: Screen) -> None:
        self._system = system
        self._world = world
        self._http = http
        self._screen = screen
        self._ada = Door(http, world.merchant_key)
        self._quick = Door(http, world.partner_key)
        self.pages: list[str] = []

    async def orders(self) -> list[JsonObject]:
        """All orders of the merchant."""
        return [order async for order in self._ada.every("/v1/orders")]

    async def routed(self, taken: Taken, step: Step) -> None:
        """Wait until every order is there, and has a warehouse or a reason why a person must look."""

        async def look() -> bool | None:
            found = await self.orders()
            waiting = sum(order["status"] in NOT_ROUTED for order in found)
            step.now(f"{len(found)} of {taken.orders} orders, {waiting} not routed yet")
            return True if len(found) == taken.orders and not waiting else None

        await until(look, "Reading and routing the orders", PATIENCE, lambda: step.detail)
        counts = Counter(str(order["status"]) for order in await self.orders())
        step.now(", ".join(f"{n} {status}" for status, n in sorted(counts.items())))
        if counts["needs_review"] != taken.unreadable:
            raise StepFailed(f"{taken.unreadable} orders can't be read whole, {counts['needs_review']} need review.")

    async def found(self, taken: Taken) -> str:
        """Have the store swept of which one order never arrived, and wait until it is here and routed."""
        path = f"/v1/stores/{self._world.woocommerce.id}"
        await self._ada.post(f"{path}/sweep")

        async def look() -> JsonObject | None:
            listed = await self._ada.get("/v1/orders", number=taken.lost)
            order = next((each for each in rows(listed["data"]) if each["external_id"] == taken.lost), None)
            return None if order is None or order["status"] in NOT_ROUTED else order

        order = await until(look, "Finding the order whose webhook was lost", PATIENCE)
        late = rows((await self._ada.get(f"{path}/late-orders"))["data"])
        if [each["external_id"] for each in late] != [taken.lost]:
            raise StepFailed(f"One order came late, and {len(late)} are said to.")
        taken.orders += 1
        return f"order {order['number']} was in the store, is here now, and is {order['status']}"

    async def corrected(self, taken: Taken) -> str:
        """Give the order that came without an address one, and wait until it is routed too."""
        if taken.its_person is None:
            raise StepFailed("No order came without an address.")
        found = [o for o in await self.orders() if o["external_id"] == taken.without_address]
        if not found:
            raise StepFailed("The order without an address was not kept.")
        path = f"/v1/orders/{found[0]['id']}"
        await self._ada.patch(path, {"ship_to": taken.its_person.api(), "accept_problems": True})

        seen: JsonObject = {}

        async def look() -> str | None:
            seen.update(await self._ada.get(path))
            status = str(seen["status"])
            return None if status in {"needs_review", *NOT_ROUTED} else status

        what = "Routing the corrected order"
        now = await until(look, what, PATIENCE, lambda: f"{seen.get('status')}: {seen.get('review_reasons')}")
        return f"{found[0]['number']} is now {now}"

    async def asked(self) -> Asked:
        """Ask for one unit of an order back that the partner has in hand."""
        return await second_thoughts.ask(self._ada, self._quick, self._world.warehouses)

    async def answered(self, asked: Asked) -> str:
        """Wait for the partner's answer."""
        return await second_thoughts.answered(self._ada, self._quick, asked, PATIENCE)

    @asynccontextmanager
    async def partner(self) -> AsyncIterator[None]:
        """The partner's own program, at work while this block lasts."""
        log = self._system.logs / "partner-sim.log"
        env = dict(self._system.env) | {"FULFILHUB_PARTNER_KEY": self._world.partner_key, "PYTHONUNBUFFERED": "1"}
        for secret in ("DATABASE_URL", "REDIS_URL", "FULFILHUB_SECRET_KEYS"):
            env.pop(secret, None)  # it knows its key and nothing else
        argv = command("partner-sim", "--url", self._system.url, "--max-seconds", str(4 * PATIENCE))
        process = spawn(argv, log=log, env=env)
        try:
            yield
        except StepFailed as error:
            raise StepFailed(f"{error}\n{log_tail(log)}") from error
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, 10)
            process.kill()  # nothing happens if it has ended
            process.wait()

    async def shipped(self, taken: Taken, step: Step) -> None:
        """Wait until all orders that could be read have left in parcels."""

        async def look() -> bool | None:
            found = await self.orders()
            readable = [order for order in found if order["status"] != "needs_review"]
            gone = sum(order["status"] in SENT for order in readable)
            step.now(f"{gone} of {len(readable)} orders shipped")
            return True if gone == len(readable) else None

        await until(look, "Shipping every order", 2 * PATIENCE, lambda: step.detail)

    async def told(self, step: Step) -> None:
        """Wait until both storefronts have recorded every shipment of their orders."""
        wanted = sum(bool(order["store_id"]) and order["status"] in SENT for order in await self.orders())

        async def look() -> bool | None:
            states: Counter[str] = Counter()
            for store in self._world.stores:
                async for update in self._ada.every(f"/v1/stores/{store.id}/updates"):
                    states[str(update["state"])] += 1
            recorded = sum([await self._recorded(store.shop.url) for store in self._world.stores])
            step.now(f"{states['sent']} of {states.total()} shipments told, {recorded} writes recorded there")
            bad = states["failed"] + states["refused"]
            if bad:
                raise StepFailed(f"{bad} shipments could not be told to their storefront.")
            every = states["sent"] == states.total() >= wanted and recorded >= states["sent"]
            return True if every else None

        await until(look, "Telling the storefronts", PATIENCE, lambda: step.detail)

    async def _recorded(self, url: str) -> int:
        answer = await self._http.get(f"{url}/_recorded")
        return sum(write["done"] for write in answer.json())

    async def delivered(self, step: Step) -> None:
        """Scan all parcels: of every eighth nobody was in, one is on its way still, the others arrive."""
        journeys, late = [], 0
        found = [order for order in await self.orders() if order["status"] in SENT]
        for place, order in enumerate(found):
            whole = await self._ada.get(f"/v1/orders/{order['id']}/shipments")
            scans = LATE if place % 8 == 3 else JOURNEY[:2] if place == 1 else JOURNEY
            late += scans is not JOURNEY
            address = order.get("ship_to")
            city = str(address.get("city", "")) if isinstance(address, dict) else ""
            for shipment in rows(whole["data"]):
                shipped_at = datetime.fromisoformat(str(shipment["shipped_at"]))
                for parcel in rows(shipment["parcels"]):
                    number = str(parcel["tracking_number"])
                    journeys.append(Journey(str(parcel["carrier"]), number, city, shipped_at, scans))
        by_key, by_call = await carrier.report(self._ada, journeys)
        wanted = len(found) - late

        async def look() -> bool | None:
            done = sum(order["status"] == "delivered" for order in await self.orders())
            scans = f"{by_key + by_call} scans of {len(journeys)} parcels, {by_call} by a carrier's own signed webhook"
            step.now(f"{scans}, {done} of {len(found)} orders delivered")
            return True if done >= wanted else None

        await until(look, "Delivering the parcels", PATIENCE, lambda: step.detail)
        for status in ("delivered", "shipped"):
            await self._page_of(next((o for o in await self.orders() if o["status"] == status), None))

    async def _page_of(self, order: JsonObject | None) -> str:
        if order is None:
            return ""
        page = str((await self._ada.get(f"/v1/orders/{order['id']}"))["tracking_page"])
        if page not in self.pages:
            self.pages.append(page)
        return page

    async def returned(self) -> str:
        """A customer fills in the form on the page; the partner takes the parcel in; the ledger shows it."""
        order = next((o for o in await self.orders() if o["status"] == "delivered"), None)
        if order is None:
            raise StepFailed("No order was delivered whole, so nothing can be sent back.")
        await ask_for_return(self._http, await self._page_of(order))

        async def look() -> JsonObject | None:
            listed = await self._ada.get("/v1/returns", order_id=str(order["id"]))
            return next((each for each in rows(listed["data"]) if each["state"] == "completed"), None)

        done = await until(look, "Taking the return in", PATIENCE)
        ledger = rows((await self._ada.get("/v1/stock/movements", document_id=str(done["id"])))["data"])
        if not ledger:
            raise StepFailed("The stock ledger does not show the return.")
        return f"order {order['number']}, {len(ledger)} rows in the stock ledger"

    async def kept(self) -> str:
        """Keep the WooCommerce shop's stock from now on."""
        return await shelf.kept(self._http, self._ada, self._world.woocommerce, PATIENCE)

    async def charged(self, step: Step) -> None:
        """Wait until there is one charge for each order that left whole, and never two."""
        sent = [order["id"] for order in await self.orders() if order["status"] in SENT]

        async def look() -> bool | None:
            charges = Counter([str(charge["order_id"]) async for charge in self._ada.every("/v1/charges")])
            step.now(f"{charges.total()} charges for {len(sent)} orders")
            if charges and max(charges.values()) > 1:
                raise StepFailed("An order was charged twice.")
            return True if len(charges) == len(sent) else None

        await until(look, "Charging the fulfilled orders", PATIENCE, lambda: step.detail)

    async def heard(self, step: Step) -> None:
        """Wait until every event of every order in the log has arrived at the receiver, genuine."""
        url = f"{self._world.woocommerce.shop.url}/_events"
        log = [event async for event in self._ada.every("/v1/events")]
        wanted = {str(event["id"]) for event in log if str(event["type"]).startswith("order.")}

        async def look() -> bool | None:
            there = (await self._http.get(url)).json()
            step.now(f"{len(there['events'])} events, each signature verified")
            if there["refused"]:
                raise StepFailed(f"{there['refused']} webhooks came with a wrong signature.")
            return True if wanted <= set(there["events"]) else None

        await until(look, "Telling the merchant's own program", PATIENCE, lambda: step.detail)
