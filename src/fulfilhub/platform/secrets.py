"""Secrets at rest and unguessable links. Cryptography is the `cryptography` package's and the standard library's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans("OIL", "011")
SIGNING_PREFIX = "whsec_"
SIGNING_BYTES = 32
MOST_SECRETS = 3
"""Secrets that may sign at once; the oldest goes when another rotation comes before its time is over."""


class LiveSecret(msgspec.Struct, frozen=True):
    """A secret that signs webhooks; `until` is None for the newest."""

    secret: str
    until: datetime | None = None


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"fulfilhub:{purpose}".encode()).derive(secret.encode())


class Vault:
    """Encrypts with the first secret, decrypts with any; signs links likewise. Never printed."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_derive(key, "encryption"))) for key in secret_keys]
        )
        self._link_keys = [_derive(key, "links") for key in secret_keys]

    def encrypt(self, plain: bytes) -> bytes:
        """Authenticated encryption (Fernet), as stored in bytea columns."""
        return self._fernet.encrypt(plain)

    def decrypt(self, sealed: bytes) -> bytes:
        """The plain bytes. Raises ValueError when no key of ours sealed them."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise ValueError("This secret was sealed with a key that is no longer configured.") from None

    def encrypt_map(self, values: dict[str, str]) -> bytes:
        """A small dict of credentials, sealed."""
        return self.encrypt(msgspec.json.encode(values))

    def decrypt_map(self, sealed: bytes) -> dict[str, str]:
        """The dict that `encrypt_map` sealed."""
        return msgspec.json.decode(self.decrypt(sealed), type=dict[str, str])

    def link_mac(self, purpose: str, entity: UUID) -> str:
        """The unguessable part (192 bits) of a public link to one entity."""
        return _mac(self._link_keys[0], purpose, entity)

    def link_is_genuine(self, purpose: str, entity: UUID, mac: str) -> bool:
        """Constant-time check against each live key."""
        given = mac.encode("utf-8", "replace")
        matches = [hmac.compare_digest(_mac(key, purpose, entity).encode(), given) for key in self._link_keys]
        return any(matches)

    def keyed(self, purpose: str, value: str) -> bytes:
        """What stands for a value that must not be kept itself, and can't be found by trying values out. It changes
        with the first secret."""
        return hmac.new(self._link_keys[0], f"keyed:{purpose}:{value}".encode(), hashlib.sha256).digest()


def _mac(key: bytes, purpose: str, entity: UUID) -> str:
    digest = hmac.new(key, purpose.encode() + b":" + entity.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def new_token(size: int = 32) -> str:
    """A random URL-safe secret of `size` bytes."""
    return secrets.token_urlsafe(size)


def new_signing_secret() -> str:
    """A fresh signing secret: `whsec_` and 256 random bits in base64, as Standard Webhooks writes them."""
    return SIGNING_PREFIX + base64.b64encode(secrets.token_bytes(SIGNING_BYTES)).decode()


def live_secrets(kept: Sequence[LiveSecret], now: datetime) -> tuple[str, ...]:
    """Those that sign now, newest first."""
    return tuple(each.secret for each in kept if each.until is None or each.until > now)


def rotated(kept: Sequence[LiveSecret], fresh: str, now: datetime, overlap: timedelta) -> list[LiveSecret]:
    """The secrets after a rotation: the fresh one first, the others for `overlap` at most, ended ones dropped."""
    end = now + overlap
    old = [LiveSecret(each.secret, min(each.until or end, end)) for each in kept if each.secret != fresh]
    alive = [each for each in old if each.until is not None and each.until > now]
    return [LiveSecret(fresh), *alive][:MOST_SECRETS]


def seal_secrets(vault: Vault, kept: Sequence[LiveSecret]) -> bytes:
    """The secrets as they are kept."""
    return vault.encrypt(msgspec.json.encode(kept))


def open_secrets(vault: Vault, sealed: bytes) -> list[LiveSecret]:
    """What `seal_secrets` sealed: newest first, ended ones included."""
    return msgspec.json.decode(vault.decrypt(sealed), type=list[LiveSecret])


def new_code(groups: int) -> str:
    """A secret to be read and typed: groups of four of Crockford's base 32, 20 bits each, as `7K2M-V0QD-...`.

    Source: https://www.crockford.com/base32.html .
    """
    return "-".join("".join(secrets.choice(CROCKFORD) for _ in range(4)) for _ in range(groups))


def plain_code(text: str) -> str:
    """A typed code as it is kept: hyphens, spaces and capitals don't matter; O, I and L are read as digits."""
    return text.upper().replace("-", "").replace(" ", "").translate(READ_AS)


def fingerprint(secret: str | bytes) -> bytes:
    """SHA-256 of a high-entropy secret, as stored for look-up (no slow hash needed: 256 random bits)."""
    data = secret.encode() if isinstance(secret, str) else secret
    return hashlib.sha256(data).digest()
