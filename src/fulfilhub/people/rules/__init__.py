"""Decisions about people that need no clock and no database: addresses, roles, links and browsers' names.

Passwords, second factors and the brake on guessing each have a file of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from fulfilhub.accounts.rules import AccountKind, Role, permissions_of
from fulfilhub.platform.errors import Conflict, FieldError, Forbidden, Invalid

EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,250}\.[^\s@,;<>\".]{2,63}")
EMAIL_LENGTH = 254
NAME_LENGTH = 120
RESET_LASTS = timedelta(hours=24)
LINKS_KEPT = timedelta(days=90)

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class LinkKind(StrEnum):
    """What a link that sets a password is for."""

    INVITATION = "invitation"
    RESET = "reset"


def email_key(email: str) -> str:
    """The address as compared: the parts of no mail system we know tell capitals apart."""
    return email.strip().casefold()


def clean_email(email: str, pointer: str) -> str:
    """The address without surrounding space. Raises Invalid for what can't be one."""
    text = email.strip()
    if len(text) > EMAIL_LENGTH or not EMAIL.fullmatch(text):
        detail = "Must be an e-mail address, such as ada@example.com."
        raise Invalid(detail, fields=[FieldError(pointer, detail)])
    return text


def clean_name(name: str, pointer: str) -> str:
    """A person's name in one line. Raises Invalid for an empty or too long one."""
    text = " ".join(name.split())
    if not 1 <= len(text) <= NAME_LENGTH or not text.isprintable():
        detail = f"Must be a name of 1 to {NAME_LENGTH} characters."
        raise Invalid(detail, fields=[FieldError(pointer, detail)])
    return text


def check_may_give(role: Role, kind: AccountKind, own: Collection[str]) -> None:
    """Nobody lets another do what they may not do themselves. Raises Forbidden."""
    beyond = sorted(permissions_of(role, kind) - frozenset(own))
    if beyond:
        raise Forbidden(f"You can't give the role {role}: you lack {', '.join(beyond)}.", code="role_too_powerful")


def check_not_last_owner(owners: Collection[object], user: object) -> None:
    """Somebody must be left who can let others in. Raises Conflict."""
    if set(owners) <= {user}:
        raise Conflict("This is the last owner: make another one first.", code="last_owner")


def browser_name(user_agent: str) -> str:
    """`Firefox on Linux`: enough to know one's own session by, and no more is kept."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


def local_path(text: str) -> str:
    """Where to go after signing in: a path of our own, or the person's own page. What would leave us does not."""
    plain = all(" " < character < "\x7f" and character != "\\" for character in text)
    return text if plain and text.startswith("/") and not text.startswith("//") and len(text) <= 4000 else "/me"
