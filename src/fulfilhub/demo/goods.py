"""What the demo's merchant sells: twelve products, with what their parcels need to know of them, and a kit of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNITS_EACH = 200
"""Units of each product that each warehouse gets."""


@dataclass(frozen=True, slots=True)
class Good:
    """One product; `price` in pounds, grams and millimetres. `components` make it a kit: units by SKU."""

    sku: str
    name: str
    price: str
    barcode: str
    weight_grams: int
    size_mm: tuple[int, int, int]
    hs_code: str = "691110"
    components: Mapping[str, int] = field(default_factory=dict)

    def wire(self) -> dict[str, object]:
        """As the API takes it."""
        made_of = [{"sku": sku, "units": units} for sku, units in self.components.items()]
        length, width, height = self.size_mm
        return {
            "sku": self.sku,
            "name": self.name,
            "barcodes": [self.barcode] if self.barcode else [],
            "weight_grams": self.weight_grams,
            "length_mm": length,
            "width_mm": width,
            "height_mm": height,
            "hs_code": self.hs_code,
            "origin_country": "GB",
            "customs_value_minor": int(float(self.price) * 100),
            "customs_currency": "GBP",
            "components": made_of or None,
        }


# The first two are what the captured WooCommerce orders hold.
GOODS = (
    Good("RIG-MUG", "Mug", "8.50", "5012345600016", 380, (120, 90, 100)),
    Good("RIG-TEE", "T-shirt", "15.00", "5012345600023", 180, (300, 220, 20), "610910"),
    Good("MUG-BLUE", "Blue mug, hand thrown", "18.00", "5012345600030", 410, (125, 95, 105)),
    Good("MUG-MOSS", "Moss green mug, hand thrown", "18.00", "5012345600047", 410, (125, 95, 105)),
    Good("ESPRESSO-2", "Two espresso cups", "22.00", "5012345600054", 320, (160, 90, 80)),
    Good("TEAPOT", "Teapot, one litre", "46.00", "5012345600061", 1150, (240, 170, 160)),
    Good("BOWL-S", "Small bowl", "14.00", "5012345600078", 300, (140, 140, 70)),
    Good("BOWL-L", "Large bowl", "28.00", "5012345600085", 780, (240, 240, 110)),
    Good("PLATE-4", "Four dinner plates", "64.00", "5012345600092", 2400, (280, 280, 90)),
    Good("JUG", "Milk jug", "19.50", "5012345600108", 420, (130, 100, 140)),
    Good("TOWEL", "Linen tea towel", "12.00", "5012345600115", 140, (250, 180, 15), "630260"),
    Good("CANDLE", "Beeswax candle in a cup", "16.00", "5012345600122", 350, (90, 90, 100), "340600"),
)
KIT = Good(
    "TEA-FOR-TWO",
    "Tea for two: a teapot and two blue mugs",
    "75.00",
    "",
    1970,
    (300, 260, 180),
    components={"TEAPOT": 1, "MUG-BLUE": 2},
)
"""Sold as one thing, and never stocked as such."""
SOLD = (*GOODS, KIT)
