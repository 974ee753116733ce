"""The brake on guessing: how many wrong tries are free, and how long the wait may grow.

What is counted three ways at once: an address at one name (the guesser), a name from anywhere (guessers who share
the work), an address at any name (one password tried on everybody). Only the first grows long for one name, so a
stranger can't keep its owner out: from elsewhere they wait 30 seconds at most.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brake:
    """`free` tries without a wait, then 1, 2, 4 ... seconds up to `longest`. `wholly`: one success forgets them all;
    otherwise it takes back its own count only."""

    what: str
    value: str
    free: int
    longest: int
    wholly: bool


def sign_in_brakes(email: str, neighbourhood: str) -> list[Brake]:
    """For a name and a password."""
    return [
        Brake("pair", f"{email} {neighbourhood}", 5, 900, wholly=True),
        Brake("email", email, 10, 30, wholly=True),
        Brake("address", neighbourhood, 40, 900, wholly=False),
    ]


def code_brakes(user: str) -> list[Brake]:
    """For a six-digit code, by someone who knows the password: 5 of a million, then ever slower."""
    return [Brake("code", user, 5, 900, wholly=True)]


def password_brakes(user: str) -> list[Brake]:
    """For the present password, asked again of someone who is signed in."""
    return [Brake("password", user, 10, 60, wholly=True)]
