"""Identifiers: UUIDv7 inside, TypeID outside (`ord_01h455vb4pex5vsknk084sn02q`).

Source: https://github.com/jetify-com/typeid/tree/main/spec (prefix, underscore, 26 characters of
Crockford base32 over the 128 bits of a UUIDv7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import uuid_utils.compat
from typeid.codecs.base32 import decode, encode

from fulfilhub.platform.errors import FieldError, Invalid, NotFound

WELL_FORMED = re.compile(r"[a-z]{2,4}_[0-7][0-9a-hjkmnp-tv-z]{25}")
SUFFIX = "[0-7][0-9a-hjkmnp-tv-z]{25}"


def new() -> UUID:
    """A fresh time-ordered id (UUIDv7)."""
    return uuid_utils.compat.uuid7()


def before(value: UUID, time: timedelta) -> UUID:
    """The lowest id of so long before this one was made (both UUIDv7, which begin with milliseconds)."""
    milliseconds = max((value.int >> 80) - int(time.total_seconds() * 1000), 0)
    return UUID(int=milliseconds << 80)


def made_at(value: UUID) -> datetime:
    """When an id was made (a UUIDv7 begins with the milliseconds since 1970)."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entity: its prefix, and the noun used in messages."""

    prefix: str
    noun: str

    @property
    def pattern(self) -> str:
        """Regular expression of this kind's ids, for schemas."""
        return f"^{self.prefix}_{SUFFIX}$"

    def show(self, value: UUID) -> str:
        """The id as the outside sees it."""
        return f"{self.prefix}_{encode(value.bytes)}"

    def _decode(self, text: str) -> UUID | None:
        prefix, _, suffix = text.rpartition("_")
        if prefix != self.prefix or len(suffix) != 26 or suffix[0] > "7":
            return None
        try:
            return UUID(bytes=bytes(decode(suffix)))
        except Exception:  # the library raises bare exceptions of several kinds
            return None

    def find(self, text: str) -> UUID:
        """The id named in a path. Raises NotFound when it cannot be one of this kind."""
        value = self._decode(text)
        if value is None:
            raise NotFound(f"There is no {self.noun} {text!r}.")
        return value

    def read(self, text: str, pointer: str) -> UUID:
        """The id named in a body or query. Raises Invalid naming the field."""
        value = self._decode(text)
        if value is None:
            detail = f"Must be the id of a {self.noun}, such as {self.show(new())!r}."
            raise Invalid(detail, fields=[FieldError(pointer, detail)])
        return value


ACCOUNT = Kind("acc", "account")
API_KEY = Kind("key", "API key")
CONTRACT = Kind("con", "contract")
CONTRACT_INVITATION = Kind("civ", "contract invitation")
WAREHOUSE = Kind("wh", "warehouse")
BOX = Kind("box", "box")
USER = Kind("usr", "user")
INVITATION = Kind("inv", "invitation")
SESSION = Kind("ses", "session")
AUDIT_ENTRY = Kind("aud", "audit entry")
STORE = Kind("str", "store")
STORE_CODE = Kind("stc", "store code")
PRODUCT = Kind("prd", "product")
LISTING = Kind("lst", "listing")
MOVEMENT = Kind("mov", "stock movement")
RECEIPT = Kind("rcp", "stock receipt")
ADJUSTMENT = Kind("adj", "stock adjustment")
ORDER = Kind("ord", "order")
ORDER_LINE = Kind("orl", "order line")
HOLD = Kind("hld", "hold")
DECISION = Kind("rdc", "routing decision")
FULFILMENT = Kind("ful", "fulfilment")
WORK_ORDER = Kind("wko", "work order")
LEASE = Kind("lea", "lease")
SHIPMENT = Kind("shp", "shipment")
PARCEL = Kind("par", "parcel")
TRACKING_EVENT = Kind("trk", "tracking event")
REQUEST = Kind("req", "request")
RETURN = Kind("ret", "return")
RETURN_LINE = Kind("rtl", "return line")
CARRIER = Kind("car", "carrier connection")
CHARGE = Kind("chg", "charge")
EVENT = Kind("evt", "event")
JOB = Kind("job", "job")
ASSIGNMENT = Kind("asg", "assignment")
STORE_SERVICE = Kind("sfs", "fulfilment service")
STORE_IMPORT = Kind("imp", "import")
STORE_PRODUCT = Kind("spr", "store product")
STORE_RETURN = Kind("srt", "store return")
STORE_UPDATE = Kind("sup", "store update")
STORE_NOTICE = Kind("stn", "store notice")
STORE_STOCK = Kind("sst", "stock of a store")
LATE_ORDER = Kind("lat", "late order")
NUMBER_GAP = Kind("gap", "number gap")
BACKFILL = Kind("bkf", "backfill")
MESSAGE = Kind("msg", "message")
PRIVACY_REQUEST = Kind("prq", "privacy request")
WEBHOOK_ENDPOINT = Kind("whe", "webhook endpoint")
WEBHOOK_DELIVERY = Kind("whd", "webhook delivery")

OF_FIELD: dict[str, Kind] = {
    "adjustment_id": ADJUSTMENT,
    "backfill_id": BACKFILL,
    "box_id": BOX,
    "carrier_id": CARRIER,
    "change_id": REQUEST,
    "charge_id": CHARGE,
    "contract_id": CONTRACT,
    "contract_invitation_id": CONTRACT_INVITATION,
    "decision_id": DECISION,
    "delivery_id": WEBHOOK_DELIVERY,
    "endpoint_id": WEBHOOK_ENDPOINT,
    "fulfilment_id": FULFILMENT,
    "hold_id": HOLD,
    "invitation_id": INVITATION,
    "key_id": API_KEY,
    "lease_id": LEASE,
    "line_id": ORDER_LINE,
    "listing_id": LISTING,
    "merchant_id": ACCOUNT,
    "message_id": MESSAGE,
    "order_id": ORDER,
    "parcel_id": PARCEL,
    "partner_id": ACCOUNT,
    "product_id": PRODUCT,
    "receipt_id": RECEIPT,
    "request_id": PRIVACY_REQUEST,
    "return_id": RETURN,
    "shipment_id": SHIPMENT,
    "store_id": STORE,
    "user_id": USER,
    "warehouse_id": WAREHOUSE,
    "work_order_id": WORK_ORDER,
}
"""What each id in a fact is the id of, by the name of its field (`order_id`, or `order_ids` for several)."""


def show_fact(data: Mapping[str, object]) -> dict[str, object]:
    """A fact's data, as the log keeps it, as the outside sees it. The nil id (no store) becomes null."""
    return {name: _shown(name, value) for name, value in data.items()}


def _shown(name: str, value: object) -> object:
    kind = OF_FIELD.get(name.removesuffix("s") if isinstance(value, list | tuple) else name)
    if kind is None or value is None:
        return value
    if isinstance(value, list | tuple):
        return [kind.show(UUID(str(item))) for item in value]
    found = UUID(str(value))
    return kind.show(found) if found.int else None
