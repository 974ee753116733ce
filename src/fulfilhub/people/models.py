"""Tables of people, of what they prove themselves with, and of the brake on guessing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fulfilhub.platform.database import AccountTable, Base, PlatformTable

OF_USER = (["account_id", "user_id"], ["users.account_id", "users.id"])


class User(AccountTable, Base):
    """A person in one organisation. `email_key` is the address as compared; `totp` says that signing in takes a code
    as well."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    totp: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("account_id", "email_key", name="uq_users_email"),
        CheckConstraint("role IN ('owner', 'operations', 'finance', 'read_only')", name="role"),
        Index("ix_users_email", "email_key"),
    )


class UserSecret(AccountTable, Base):
    """What a person proves themselves with, apart from `users` so that no list ever reads it. The TOTP secrets are
    sealed by the vault; `totp_step` is the last time step whose code was used."""

    __tablename__ = "user_secrets"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    password: Mapped[str]
    totp_secret: Mapped[bytes | None]
    totp_pending: Mapped[bytes | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    changed_at: Mapped[datetime]

    __table_args__ = (ForeignKeyConstraint(*OF_USER, name="fk_user_secrets_user"),)


class RecoveryCode(AccountTable, Base):
    """One code that stands in for a TOTP code once; only its SHA-256 is kept. A used one is gone."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(primary_key=True)

    __table_args__ = (ForeignKeyConstraint(*OF_USER, name="fk_recovery_codes_user"),)


class UserSession(AccountTable, Base):
    """A browser that is signed in; one that was signed out is gone. `mode` says which twin is worked in."""

    __tablename__ = "user_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    fingerprint: Mapped[bytes]
    mode: Mapped[str]
    browser: Mapped[str]
    address: Mapped[str | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("mode IN ('live', 'test')", name="mode"),
        ForeignKeyConstraint(*OF_USER, name="fk_user_sessions_user"),
        Index("ix_user_sessions_user", "account_id", "user_id", "id"),
        Index("ix_user_sessions_fingerprint", "fingerprint"),
        Index("ix_user_sessions_expires", "expires_at"),
    )


class UserLink(AccountTable, Base):
    """A link that lets somebody set a password once: an invitation (`user_id` is then who came of it), or a reset for
    a person who is there already."""

    __tablename__ = "user_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    role: Mapped[str]
    user_id: Mapped[UUID | None]
    fingerprint: Mapped[bytes]
    made_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind IN ('invitation', 'reset')", name="kind"),
        ForeignKeyConstraint(*OF_USER, name="fk_user_links_user"),
        Index("ix_user_links_kind", "account_id", "kind", "id"),
        Index("ix_user_links_fingerprint", "fingerprint"),
        Index("ix_user_links_expires", "expires_at"),
    )


class Brake(PlatformTable, Base):
    """How often something was guessed wrongly of late, and from when on it may be tried again. `key` is a MAC of what
    is guessed at and from where, so the table names nobody. Only functions of the door touch it."""

    __tablename__ = "brakes"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    next_at: Mapped[datetime]
    touched_at: Mapped[datetime]

    __table_args__ = (Index("ix_brakes_touched", "touched_at"),)
