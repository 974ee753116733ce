"""The forms in which numbers and addresses of orders are compared."""

from __future__ import annotations


def normal_number(number: str) -> str:
    """What order numbers are compared by: `#1001` and `1001` are one."""
    return number.strip().lstrip("#").strip().upper()


def normal_email(email: str) -> str:
    """What e-mail addresses are compared by."""
    return email.strip().lower()


def normal_tracking(number: str) -> str:
    """What tracking numbers are compared by: letters and digits only, in upper case."""
    return "".join(char for char in number.upper() if char.isalnum())
