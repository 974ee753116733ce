"""The keys that WooCommerce sends once the shop's owner has approved on its own page."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from fulfilhub.platform.errors import FieldError, Invalid

Text = Annotated[str, Meta(min_length=1, max_length=500)]


class Keys(Struct):
    """What we need of it. `user_id` is what the address of approval held, `key_permissions` what was approved."""

    user_id: Text
    consumer_key: Text
    consumer_secret: Text
    key_permissions: Text


def read_keys(body: bytes) -> Keys:
    """The keys. Raises Invalid."""
    try:
        return msgspec.json.decode(body, type=Keys)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        names = ", ".join(Keys.__struct_fields__)
        detail = f"Must be what WooCommerce sends after an approval: JSON with {names}."
        raise Invalid(detail, fields=[FieldError("", detail)]) from None
