"""What a password must be: long, and not what everybody tries first (NIST SP 800-63B-4, 3.1.1.2). No rules of
composition, no expiry.

With twelve characters as the least, what is common is a well-known word made longer. So a password is first reduced
to what was made longer: its letters, without what was put before and behind, and without what is only said again.
"""

from __future__ import annotations

import string
import unicodedata
from itertools import pairwise

from fulfilhub.platform.errors import FieldError, Invalid

SHORTEST = 12
LONGEST = 200
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1234567890", "1qaz2wsx3edc4rfv5tgb")
LEET = str.maketrans("@4301$57!", "aaeoissti")

# The words behind the commonest passwords of the published lists, and ours.
_COMMON = (
    "aaaaaa abc access account admin adminadmin administrator alexander amanda america andrea andrew angel anthony "
    "apple arsenal asdf asdfgh asdfghjkl ashley asshole austin autumn awesome azerty babygirl bailey banana barcelona "
    "baseball basketball batman benjamin berlin birthday blahblah blink bond boston brandon buster butterfly changeit "
    "changeme changemenow charlie cheese chelsea chicago chocolate chris christmas coffee company computer contrasena "
    "cookie correcthorsebatterystaple corvette cowboy dallas daniel default diamond dolphin donald dragon easter "
    "elephant eminem estrella everton family ferrari fishing flower football forever freedom friend friends fuckoff "
    "fuckyou fulfil fulfilhub fulfillment fulfillmenthub fulfilment gateway ginger google guest hannah harley "
    "harrypotter heather hello helloworld helpme hockey hunter iloveyou iloveyousomuch internet jackson jasmine "
    "jennifer jessica jesus jonathan jordan joshua justin killer kitten knight lakers letmein letmeinnow "
    "letmeinplease linkedin liverpool login london lovely loveme loveyou madison maggie manchester marina martin "
    "master matrix matthew maverick melissa mercedes merchant michael michelle monday monkey monster morgan "
    "motdepasse mustang mynameis mypassword natasha newpassword nicole ninja nirvana nothing office oracle orange "
    "order orders parola pass passphrase passw passwd password passwort patrick peanut pepper phoenix picture pokemon "
    "princess purple pussy qazwsx qazwsxedc qwe qwer qwert qwerty qwertyuiop qwertz rachel rainbow ranger robert root "
    "samantha samsung secret secretpassword security senha shadow shopify silver snoopy soccer spiderman spring "
    "starwars steelers store summer sunshine superman superstar system temp temporary tequiero test tester testing "
    "testpassword thomas thunder tigger trustno trustnoone user username victoria warehouse welcome welcomehome "
    "whatever william winter wizard woocommerce wordpress yankees yellow zaq zxcvbn zxcvbnm"
)
COMMON = frozenset(_COMMON.split())


def normal(password: str) -> str:
    """As it is hashed: the same characters whichever way a keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str, name: str, pointer: str) -> str:
    """The password as it is to be hashed. Raises Invalid saying what to do."""
    text = normal(password)
    why = _why_not(text, email, name)
    if why is not None:
        raise Invalid(why, code="weak_password", fields=[FieldError(pointer, why, "weak_password")])
    return text


def _why_not(text: str, email: str, name: str) -> str | None:
    if len(text) < SHORTEST:
        return f"Use at least {SHORTEST} characters; a few unrelated words are easy to remember."
    if len(text) > LONGEST:
        return f"Use at most {LONGEST} characters."
    low = text.casefold()
    address = email.casefold()
    known = {address, *address.split("@")[:1], *name.casefold().split(), name.casefold().replace(" ", "")}
    if _core(low) in {_core(word) for word in known if len(word) > 2} or (address and address in low):
        return "Choose something that is not your e-mail address or your name."
    inner = low.strip(string.digits + string.punctuation + " ")
    if _is_run(low) or _core(low) in COMMON or _core(inner.translate(LEET)) in COMMON:
        return "This is among the passwords that are tried first; choose something nobody else would."
    return None


def _core(text: str) -> str:
    """What is left without digits and signs at the ends and without repetition; digits and signs inside go too."""
    letters = "".join(character for character in text if character.isalpha())
    return _unit(letters or text)


def _unit(text: str) -> str:
    """`abc` of `abcabcabca`: the shortest beginning that said again and again makes the whole."""
    for size in range(1, len(text) // 2 + 1):
        if text == (text[:size] * (len(text) // size + 1))[: len(text)]:
            return text[:size]
    return text


def _is_run(text: str) -> bool:
    """A few characters said again, neighbours in the alphabet, or a row of the keyboard."""
    if len(_unit(text)) <= 4 or len(set(text)) <= 4:
        return True
    steps = [ord(b) - ord(a) for a, b in pairwise(text)]
    if sum(step in (1, -1, 0) for step in steps) >= 0.7 * len(steps):
        return True
    near = {pair for row in ROWS for a, b in pairwise(row) for pair in (a + b, b + a)}
    return sum(a + b in near for a, b in pairwise(text)) >= 0.7 * len(steps)
