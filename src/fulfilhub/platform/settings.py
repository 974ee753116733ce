"""Every setting, typed, with its environment variable and one line of doc. Read once by an entry point, passed down."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Self, TypeVar, cast, get_type_hints
from urllib.parse import quote, urlsplit, urlunsplit

T = TypeVar("T")


class SettingsError(Exception):
    """A setting is missing or can't be read; the message names the variable and the fix."""


def setting(env: str, doc: str, default: object = MISSING, *, secret: bool = False) -> T:  # type: ignore[type-var]
    """A dataclass field read from the environment variable `env`. Secret ones are left out of `repr`."""
    metadata = {"env": env, "doc": doc, "secret": secret}
    if default is MISSING:
        return cast(T, field(metadata=metadata, repr=not secret))
    return cast(T, field(default=default, metadata=metadata, repr=not secret))


def _convert(env: str, text: str, kind: object) -> object:
    try:
        if kind is bool:
            lowered = text.strip().lower()
            if lowered not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
                raise ValueError
            return lowered in {"1", "true", "yes", "on"}
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in text.split(",") if part.strip())
    except ValueError:
        raise SettingsError(f"{env}={text!r} can't be read as {getattr(kind, '__name__', kind)}.") from None
    return text


class _Group:
    """A group of settings; each field says its own variable."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        hints = get_type_hints(cls)
        values: dict[str, object] = {}
        for spec in fields(cls):  # type: ignore[arg-type]
            name = spec.metadata["env"]
            text = env.get(name, "")
            if text != "":
                values[spec.name] = _convert(name, text, hints[spec.name])
            elif spec.default is MISSING:
                raise SettingsError(f"{name} is not set: {spec.metadata['doc']}")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class ServerSettings(_Group):
    host: str = setting("HOST", "Address the API listens on.", "127.0.0.1")
    port: int = setting("PORT", "Port the API listens on.", 8000)
    public_url: str = setting("PUBLIC_URL", "How the outside reaches us; empty means http://HOST:PORT.", "")
    api_workers: int = setting("API_WORKERS", "API processes.", 2)
    body_limit: int = setting(
        "BODY_LIMIT_BYTES", "Largest request body; batches may be eight times as large.", 1_048_576
    )
    log_level: str = setting("LOG_LEVEL", "debug, info, warning or error.", "info")
    log_format: str = setting("LOG_FORMAT", "json or console.", "json")
    metrics_dir: str = setting("PROMETHEUS_MULTIPROC_DIR", "Folder where processes share their metrics.", "")

    @property
    def url(self) -> str:
        """The public base address, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


@dataclass(frozen=True, slots=True)
class DatabaseSettings(_Group):
    url: str = setting(
        "DATABASE_URL",
        "PostgreSQL 16+ as the owner (migrations); api and worker logins derive from it.",
        "",
        secret=True,
    )
    api_url: str = setting("DATABASE_API_URL", "Login of the API; empty: derived from DATABASE_URL.", "", secret=True)
    worker_url: str = setting("DATABASE_WORKER_URL", "Login of worker and relay; empty: derived.", "", secret=True)
    pool_size: int = setting("DATABASE_POOL_SIZE", "Connections kept per process.", 12)
    pool_overflow: int = setting("DATABASE_POOL_OVERFLOW", "Further connections per process under load.", 8)
    statement_timeout: int = setting("DATABASE_STATEMENT_TIMEOUT", "Seconds a statement may take.", 30)
    lock_timeout: int = setting("DATABASE_LOCK_TIMEOUT", "Seconds a statement may wait for a lock.", 10)
    slow_query_ms: int = setting(
        "DATABASE_SLOW_QUERY_MS", "Statements that take longer are logged, without their values; 0: none.", 500
    )


@dataclass(frozen=True, slots=True)
class RedisSettings(_Group):
    url: str = setting(
        "REDIS_URL", "Redis 7+ or Valkey: messages and rate limits; nothing is kept there only.", "", secret=True
    )
    namespace: str = setting("REDIS_NAMESPACE", "Prefix of our keys.", "fulfilhub")


@dataclass(frozen=True, slots=True)
class SecuritySettings(_Group):
    secret_keys: tuple[str, ...] = setting(
        "FULFILHUB_SECRET_KEYS",
        "Comma-separated secrets of at least 32 characters; the first encrypts, the others still decrypt and verify.",
        secret=True,
    )
    allow_private_hosts: bool = setting(
        "ALLOW_PRIVATE_HOSTS", "Let outgoing calls reach loopback and private addresses (demo, tests).", False
    )
    trust_forwarded: bool = setting("TRUST_FORWARDED", "Believe X-Forwarded-* of a proxy in front.", False)


@dataclass(frozen=True, slots=True)
class JobSettings(_Group):
    threads: int = setting("WORKER_THREADS", "Jobs run at once per worker process.", 8)
    processes: int = setting("WORKER_PROCESSES", "Worker processes.", 1)
    broker_url: str = setting(
        "BROKER_URL",
        "What carries job messages: redis://... or amqp://... (RabbitMQ); empty: REDIS_URL.",
        "",
        secret=True,
    )
    lease: int = setting("JOB_LEASE_SECONDS", "A job whose worker went silent is given out again after this.", 15)
    max_attempts: int = setting("JOB_MAX_ATTEMPTS", "Tries before a job is kept as dead.", 12)
    relay_poll: float = setting("RELAY_POLL_SECONDS", "How often the relay looks for due work.", 0.25)


@dataclass(frozen=True, slots=True)
class PolicySettings(_Group):
    raw_retention_days: int = setting("RAW_RETENTION_DAYS", "Days a raw payload is kept.", 30)
    export_days: int = setting("EXPORT_DAYS", "Days an export of a customer's data can be read.", 30)
    idempotency_hours: int = setting("IDEMPOTENCY_HOURS", "Hours an Idempotency-Key is remembered.", 48)
    rate_limit: int = setting(
        "RATE_LIMIT_PER_MINUTE", "Requests per API key and minute; 0 switches the limit off.", 1200
    )
    work_lease: int = setting("WORK_LEASE_SECONDS", "Seconds a partner's claim lives without a heartbeat.", 900)


@dataclass(frozen=True, slots=True)
class PeopleSettings(_Group):
    password_memory: int = setting("PASSWORD_MEMORY_KIB", "Memory of one password hash (Argon2id), in KiB.", 65_536)
    password_passes: int = setting("PASSWORD_PASSES", "Passes over that memory; more make older hashes be renewed.", 3)
    password_lanes: int = setting("PASSWORD_LANES", "Lanes of a password hash.", 4)
    session_idle_minutes: int = setting("SESSION_IDLE_MINUTES", "Minutes after which an unused session ends.", 720)
    session_max_hours: int = setting("SESSION_MAX_HOURS", "Hours after which every session ends.", 168)
    sign_in_floor_ms: int = setting(
        "SIGN_IN_FLOOR_MS", "A refused sign-in is answered no sooner, whatever the reason; milliseconds.", 750
    )
    invitation_days: int = setting("INVITATION_DAYS", "Days an invitation may be accepted.", 7)


@dataclass(frozen=True, slots=True)
class ShopifySettings(_Group):
    client_id: str = setting("SHOPIFY_CLIENT_ID", "The Shopify app's client id; empty: there is no app of ours.", "")
    client_secrets: tuple[str, ...] = setting(
        "SHOPIFY_CLIENT_SECRETS",
        "Comma-separated client secrets of the Shopify app; the first is used, the others still verify.",
        (),
        secret=True,
    )
    origin: str = setting(
        "SHOPIFY_ORIGIN", "Where shops are reached; {shop} stands for name.myshopify.com.", "https://{shop}"
    )

    @property
    def has_app(self) -> bool:
        """Whether shops can be connected by an app of ours."""
        return bool(self.client_id and self.client_secrets)


@dataclass(frozen=True, slots=True)
class SweepSettings(_Group):
    interval: int = setting("SWEEP_INTERVAL_SECONDS", "Seconds between two sweeps of a store for changed orders.", 300)
    overlap: int = setting("SWEEP_OVERLAP_SECONDS", "Seconds that each sweep reaches back behind the one before.", 600)
    grace: int = setting(
        "SWEEP_GRACE_SECONDS", "Seconds a store's own webhook may take before a sweep reads the order itself.", 120
    )
    look_back_days: int = setting(
        "SWEEP_LOOK_BACK_DAYS", "Days that the daily long sweep reaches back, whatever was seen before.", 3
    )


@dataclass(frozen=True, slots=True)
class TelemetrySettings(_Group):
    traces_url: str = setting(
        "TRACES_URL", "OTLP/HTTP address that traces go to, such as http://collector:4318/v1/traces; empty: none.", ""
    )
    traces_share: float = setting("TRACES_SHARE", "Share of requests and jobs that are traced, 0 to 1.", 0.1)
    sentry_dsn: str = setting("SENTRY_DSN", "Where unexpected errors are reported; empty: nowhere.", "", secret=True)


@dataclass(frozen=True, slots=True)
class WebhookSettings(_Group):
    timeout: float = setting(
        "WEBHOOK_TIMEOUT_SECONDS", "Seconds a receiver of webhooks may take for a whole answer.", 15.0
    )
    wave: int = setting("WEBHOOK_WAVE", "Requests sent at once to one webhook endpoint.", 10)
    endpoints: int = setting("WEBHOOK_ENDPOINTS_AT_ONCE", "Webhook endpoints one worker process sends to at once.", 100)
    disable_after_days: int = setting(
        "WEBHOOK_DISABLE_AFTER_DAYS", "A webhook endpoint that only failed for so many days is disabled.", 5
    )
    retention_days: int = setting("WEBHOOK_RETENTION_DAYS", "Days that webhook deliveries and attempts are kept.", 30)


@dataclass(frozen=True, slots=True)
class Settings:
    """All groups together. `Settings.from_env(os.environ)` is the only reader of the environment."""

    server: ServerSettings
    database: DatabaseSettings
    redis: RedisSettings
    security: SecuritySettings
    jobs: JobSettings
    policy: PolicySettings
    shopify: ShopifySettings
    sweeps: SweepSettings
    telemetry: TelemetrySettings
    webhooks: WebhookSettings
    people: PeopleSettings

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read and check everything. Raises SettingsError naming the variable."""
        made = cls(
            server=ServerSettings.from_env(env),
            database=DatabaseSettings.from_env(env),
            redis=RedisSettings.from_env(env),
            security=SecuritySettings.from_env(env),
            jobs=JobSettings.from_env(env),
            policy=PolicySettings.from_env(env),
            shopify=ShopifySettings.from_env(env),
            sweeps=SweepSettings.from_env(env),
            telemetry=TelemetrySettings.from_env(env),
            webhooks=WebhookSettings.from_env(env),
            people=PeopleSettings.from_env(env),
        )
        if any(len(key) < 32 for key in made.security.secret_keys):
            raise SettingsError("FULFILHUB_SECRET_KEYS: each secret needs at least 32 characters.")
        if any(len(secret) < 32 for secret in made.shopify.client_secrets):
            raise SettingsError("SHOPIFY_CLIENT_SECRETS: each secret of an app has at least 32 characters.")
        if bool(made.shopify.client_id) != bool(made.shopify.client_secrets):
            raise SettingsError("SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRETS belong together: set both or neither.")
        if "{shop}" not in made.shopify.origin:
            raise SettingsError("SHOPIFY_ORIGIN must name the shop, as in https://{shop}.")
        return made

    def login_password(self, login: str) -> str:
        """Password of a derived database login; the same secret always gives the same password."""
        key = self.security.secret_keys[-1].encode()
        digest = hmac.new(key, f"database-login:{login}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def database_url(self, login: str) -> str:
        """URL for `owner`, `api` or `worker`, in SQLAlchemy's asyncpg form. Raises SettingsError when none is known."""
        given = {"owner": self.database.url, "api": self.database.api_url, "worker": self.database.worker_url}[login]
        if given:
            return _asyncpg(given)
        if not self.database.url:
            raise SettingsError("DATABASE_URL is not set: name a PostgreSQL database, or use `fulfilhub run`.")
        parts = urlsplit(self.database.url)
        user = f"fulfilhub_{login}"
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{user}:{quote(self.login_password(user), safe='')}@{host}"
        return _asyncpg(urlunsplit(parts._replace(netloc=netloc)))


def _asyncpg(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise SettingsError("The database URL must look like postgresql://user:password@host:5432/name.")
    return f"postgresql+asyncpg://{rest}"


def documented() -> Iterator[tuple[str, str, str]]:
    """(variable, default, doc) of every setting, for the docs and `fulfilhub settings`."""
    for group in get_type_hints(Settings).values():
        for spec in fields(group):
            default = "" if spec.default is MISSING else spec.default
            shown = ",".join(default) if isinstance(default, tuple) else str(default)
            yield spec.metadata["env"], shown or ("required" if spec.default is MISSING else ""), spec.metadata["doc"]
