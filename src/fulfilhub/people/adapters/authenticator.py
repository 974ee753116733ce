"""What authenticator apps understand: TOTP secrets and codes by pyotp, the picture that apps scan by segno."""

from __future__ import annotations

import pyotp
import segno

from fulfilhub.people.rules.second_factor import PERIOD

ISSUER = "FulfilHub"


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step."""
    return pyotp.TOTP(secret).at(step * PERIOD)


def picture(secret: str, email: str) -> str:
    """The QR code as an `<svg>` without style, so that it may stand in a page of a strict policy."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return segno.make(address, error="m", micro=False).svg_inline(scale=5, border=4, light="#fff", svgclass="qr")
