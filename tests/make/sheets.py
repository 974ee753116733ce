"""Makes what papers are drawn from."""

from __future__ import annotations

from datetime import UTC, datetime

from fulfilhub.shipping.papers.sheets import Address, Line, Manifest, ManifestRow, Parcel, Part, Sheet

REFERENCE = "wko_01h455vb4pex5vsknk084sn02q"
SENDER = Address(lines=("Leeds North", "Unit 4, Mill Lane", "Leeds", "LS1 1AA", "United Kingdom"), country="GB")
ADA = Address(
    lines=("Ada Lovelace", "Analytical Engines Ltd", "12 St James's Square", "London", "SW1Y 4JH", "United Kingdom"),
    country="GB",
    phone="+44 20 7946 0000",
)
NAMES = {
    "polish": "Zażółć Gęślą Jaźń, ul. Świętokrzyska 3",
    "cyrillic": "Щукина Ђурђа Їжак",
    "greek": "Ελευθέριος Ψαρράς",
    "vietnamese": "Nguyễn Thị Ái Vân",
    "georgian": "შოთა რუსთაველი",
    "chinese": "北京市朝阳区建国路",
    "taiwanese": "臺北市信義區",
    "japanese": "東京都渋谷区さくらカフェ",
    "korean": "서울특별시 강남구",
}
"""A name in each script that is printed."""

LINES = (
    Line(sku="MUG-RED", name="Red mug", quantity=2, barcode="5012345678900", place="A-01-3", notices=("FRAGILE",)),
    Line(
        sku="GIFT-SET",
        name="Tea for two: two mugs, a pot, and a hundred grams of the merchant's best Darjeeling in a tin",
        quantity=1,
        parts=(
            Part(sku="MUG-BLUE", name="Blue mug", quantity=2, barcode="5012345678917"),
            Part(sku="TEA-100G", name="Darjeeling, 100 g", quantity=1, barcode="5012345678924"),
        ),
    ),
    Line(
        sku="LAMP-7",
        name="Desk lamp with battery",
        quantity=1,
        barcode="5012345678931",
        place="B-12-1",
        notices=("DANGEROUS: UN3481 lithium ion batteries", "THIS SIDE UP"),
        note="Wrap in tissue paper.",
    ),
)
PARCEL = Parcel(
    number=1,
    of=2,
    contents=(("MUG-RED", "Red mug", 2), ("GIFT-SET", "Tea for two", 1)),
    carrier="royal_mail",
    tracking_number="AB123456789GB",
    box="Medium",
    weight_grams=2350,
    size_mm=(300, 220, 150),
    fragile=True,
)
LAMP = Parcel(
    number=2,
    of=2,
    contents=(("LAMP-7", "Desk lamp with battery", 1),),
    box="Small",
    weight_grams=1200,
    dangerous=("UN3481 lithium ion batteries",),
)


def a_sheet(**values: object) -> Sheet:
    """A work order of three lines in two parcels, with whatever else is said."""
    told: dict[str, object] = {
        "reference": REFERENCE,
        "order_number": "#1001",
        "service": "express",
        "carrier": "royal_mail",
        "ship_by": datetime(2026, 11, 25, 14, tzinfo=UTC),
        "sender": SENDER,
        "recipient": ADA,
        "lines": LINES,
        "parcels": (PARCEL, LAMP),
        "brand_name": "Ada's Mugs",
        "brand_colour": "#0f766e",
        "slip_message": "Thank you for buying from a small pottery. Something wrong? Write to help@adas-mugs.example.",
        "gift_message": "Happy birthday, Grace!\nMay your tea never be cold. Yours, Ada",
        "instructions": "Use paper tape only, no plastic.",
        "inserts": ("Care leaflet", "10 % voucher"),
        "zone": "Europe/London",
    }
    return Sheet(**told | values)  # type: ignore[arg-type]


def a_manifest(rows: int) -> Manifest:
    """So many parcels of two carriers; one in seven was not weighed."""
    return Manifest(
        sender=SENDER,
        made_at=datetime(2026, 11, 25, 16, 30, tzinfo=UTC),
        zone="Europe/London",
        rows=tuple(
            ManifestRow(
                reference=REFERENCE,
                order_number=f"#{1000 + place}",
                recipient=("Ada Lovelace", "Jan Łukasiewicz", "Ψαρράς Ελευθέριος")[place % 3],
                postcode="LS1 4AP",
                country="GB",
                carrier=("Royal Mail", "DPD")[place % 5 == 0],
                service="standard",
                tracking_number=f"AB{place:09}GB",
                weight_grams=None if place % 7 == 0 else 300 + place,
            )
            for place in range(rows)
        ),
    )
