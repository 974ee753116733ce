"""What we count, for Prometheus. With PROMETHEUS_MULTIPROC_DIR set, all processes share one set of figures."""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

HTTP_SECONDS = Histogram(
    "fulfilhub_http_request_seconds",
    "Time to answer, by route template, method and status.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
JOBS_ENDED = Counter("fulfilhub_jobs_ended_total", "Tickets that ended a try.", ("kind", "how"))
JOB_SECONDS = Histogram(
    "fulfilhub_job_seconds",
    "Time of one call of a task.",
    ("kind",),
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300),
)
JOBS_WAITING = Gauge("fulfilhub_jobs", "Tickets by state.", ("state",), multiprocess_mode="livemostrecent")
OLDEST_JOB_SECONDS = Gauge(
    "fulfilhub_oldest_due_job_seconds", "Age of the oldest due ticket.", multiprocess_mode="livemostrecent"
)
WEBHOOK_ATTEMPTS = Counter("fulfilhub_webhook_attempts_total", "Webhook attempts, by how they ended.", ("how",))

STORES = Gauge(
    "fulfilhub_stores", "Swept stores, by how complete they are.", ("state",), multiprocess_mode="livemostrecent"
)
STORE_ERRANDS = Counter(
    "fulfilhub_store_errands_total", "What stores were told, by kind and how it ended.", ("kind", "how")
)
STORE_LANES = Gauge(
    "fulfilhub_store_lanes",
    "Stores that are told something, by whether it waits for its turn or for the store to answer again.",
    ("state",),
    multiprocess_mode="livemostrecent",
)
LATE_ORDERS = Counter("fulfilhub_late_orders_total", "Orders and changes that no webhook brought in time.", ("how",))


def render() -> bytes:
    """The figures of all processes in Prometheus' text format."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
