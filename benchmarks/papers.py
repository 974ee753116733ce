"""`slips_s`: how long 500 packing slips in one file take, drawn from two-line work orders as the API draws them."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from benchmarks.bench import Bench
from benchmarks.figures import Broken, Figures
from fulfilhub.platform import ids
from fulfilhub.shipping.papers.sheets import Address, Line, Parcel, Sheet
from fulfilhub.shipping.papers.slip import packing_slips

SLIPS = 500
SENDER = Address(lines=("Leeds North", "Unit 4, Mill Lane", "Leeds", "LS1 1AA", "United Kingdom"), country="GB")


def sheet(place: int) -> Sheet:
    """One of many work orders, each to somebody else."""
    lines = (Line(sku="MUG-RED", name="Red mug", quantity=2), Line(sku="TEA-100G", name="Darjeeling tea", quantity=1))
    return Sheet(
        reference=ids.WORK_ORDER.show(ids.new()),
        order_number=f"#{1000 + place}",
        service="standard",
        carrier="Royal Mail",
        ship_by=datetime(2026, 11, 25, 14, tzinfo=UTC),
        sender=SENDER,
        recipient=Address(lines=(f"Łucja Żak {place}", f"{place} Mill Lane", "LONDON", "SW1Y 4JH", "UNITED KINGDOM")),
        lines=lines,
        parcels=(Parcel(number=1, of=1, contents=tuple((line.sku, line.name, line.quantity) for line in lines)),),
        brand_name="Ada's Mugs",
        brand_colour="#0f766e",
        slip_message="Thank you for buying from a small pottery.",
    )


async def slips(bench: Bench) -> Figures:
    """Seconds."""
    sheets = [sheet(place) for place in range(SLIPS)]
    await asyncio.to_thread(packing_slips, sheets[:1])  # fonts are read once for all
    began = time.perf_counter()
    made = await asyncio.to_thread(packing_slips, sheets)
    took = time.perf_counter() - began
    if not made.startswith(b"%PDF-"):
        raise Broken("The slips are no PDF.")
    return {"slips_s": took}
