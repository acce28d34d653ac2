"""The figures /metrics shows: counted in this process, or read from the database at the scrape."""

import math
from threading import Lock

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from redis import Redis
from redis.exceptions import RedisError

from dashboard.clock import utc_now
from dashboard.closing.pause import paused_since
from dashboard.gaps.gap import KINDS
from dashboard.gaps.keep import counts as gap_counts
from dashboard.invariants.known import EVERY_INVARIANT
from dashboard.invariants.tallies import Tally, last_round_at, tallies_now
from dashboard.mail.outbox import waiting
from dashboard.outgoing.queue import backlog
from dashboard.restores.held import is_restored, why_comparing
from dashboard.sync.counts import count
from dashboard.sync.fleet import fleet_counts
from dashboard.webhooks.listing import event_figures
from jobs.health import read_health

# When each series began is a line more for each, and Prometheus has no use for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

# A histogram is fourteen lines for each of its labels, so what else is asked of a request is
# counted beside it: by method and status, too, the answer grew to two thirds of a megabyte.
REQUEST_SECONDS = Histogram(
    "dashboard_request_seconds",
    "Time to answer a request.",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUESTS = Counter(
    "dashboard_requests", "Requests answered.", ("endpoint", "method", "status_class")
)
WEBHOOKS_RECEIVED = Counter("dashboard_webhooks_received", "Deliveries by outcome.", ("outcome",))
INVOICES = Gauge("dashboard_invoices", "Invoices by status, except paid and void.", ("status",))
DIRTY = Gauge("dashboard_invoices_dirty", "Invoices with changes not yet sent to Stripe.")
PARKED = Gauge("dashboard_invoices_parked", "Invoices on hold until a person decides.")
VOID = Gauge("dashboard_void_invoices_undecided", "Void invoices that need a decision.")
RUNS = Gauge("dashboard_sync_runs_active", "Syncs that are queued, running or retrying.")
EVENTS = Gauge("dashboard_webhook_events", "Webhook events not yet processed.", ("state",))
AGE = Gauge("dashboard_counts_age_seconds", "Age of counts above a thousand.")
BROKEN = Gauge(
    "dashboard_invariants_broken",
    "Organizations of which an invariant of the money does not hold.",
    ("invariant",),
)
LOOKED = Gauge(
    "dashboard_invariants_age_seconds", "Time since the last whole look at the money began."
)
GAPS = Gauge("dashboard_stripe_gaps", "What only one of Stripe and the ledger knows.", ("kind",))
TICK_AGE = Gauge(
    "dashboard_clock_tick_age_seconds", "Time since the schedule entry last ran.", ("entry",)
)
TICKS_LATE = Gauge(
    "dashboard_clock_entries_late", "Schedule entries late by three intervals and a minute."
)
TICKS_PAUSED = Gauge("dashboard_clock_entries_paused", "Schedule entries that a person paused.")
QUEUED = Gauge("dashboard_queue_jobs", "Jobs waiting, by queue.", ("queue",))
OLDEST = Gauge("dashboard_queue_oldest_seconds", "Age of the oldest waiting job.", ("queue",))
MAILS = Gauge("dashboard_mails_waiting", "E-mails that are due and not sent.")
OLDEST_MAIL = Gauge("dashboard_mails_oldest_seconds", "Age of the oldest e-mail not sent.")
HELD = Gauge("dashboard_ledger_held", "Whether the ledger was restored and is not released.")
COMPARING = Gauge(
    "dashboard_ledger_comparing", "Whether calls wait for the ledger's mark to be read at Stripe."
)
PAUSED = Gauge(
    "dashboard_closings_paused_seconds", "For how long closings have been paused; 0 if not."
)
OUTGOING = Gauge("dashboard_outgoing_events_waiting", "Outgoing events that are due and not sent.")
OLDEST_OUTGOING = Gauge(
    "dashboard_outgoing_events_oldest_seconds", "Age of the oldest outgoing event not sent."
)
ENDPOINTS_OFF = Gauge("dashboard_event_endpoints_off", "Event endpoints that were switched off.")
REDIS = Gauge("dashboard_redis_up", "Whether Redis answered.")
WORKERS = Gauge("dashboard_workers", "Workers seen in the last minutes.")


def count_request(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered, and how long that took."""
    REQUEST_SECONDS.labels(endpoint).observe(seconds)
    REQUESTS.labels(endpoint, method, status // 100).inc()


# One scrape at a time: each begins by forgetting what the one before it showed.
_SCRAPE = Lock()


def scrape(redis: Redis) -> bytes:
    """Return every figure as Prometheus reads them; those of the fleet are the same everywhere."""
    with _SCRAPE:
        # Else a state that no row has any more would keep the last count it had, and its alarm.
        for gauge in (INVOICES, EVENTS, BROKEN, TICK_AGE, QUEUED, OLDEST):
            gauge.clear()
        collect_work(redis)
        collect_fleet()
        collect_invariants()
        collect_mails()
        collect_outgoing()
        return generate_latest()


def collect_work(redis: Redis) -> None:
    """Read clock, queues and workers; without Redis none of them is known to work."""
    try:
        health = read_health(redis)
    except RedisError:
        REDIS.set(0)
        TICKS_LATE.set(math.inf)
        WORKERS.set(0)
        return
    REDIS.set(1)
    for tick in health.ticks:
        TICK_AGE.labels(tick.name).set(math.inf if tick.age_seconds is None else tick.age_seconds)
    TICKS_LATE.set(sum(tick.is_late for tick in health.ticks) if health.ticks else math.inf)
    TICKS_PAUSED.set(sum(tick.paused is not None for tick in health.ticks))
    for queue in health.queues:
        QUEUED.labels(queue.queue).set(queue.jobs)
        OLDEST.labels(queue.queue).set(queue.oldest_seconds)
    WORKERS.set(health.workers)


def collect_fleet() -> None:
    """Read the fleet's figures: what is settled is in none of them, so they do not grow with it."""
    now = utc_now()
    found = fleet_counts(now=now)
    for status, one in found.by_status.items():
        INVOICES.labels(status).set(one.number)
    for state, one in count(event_figures()).items():
        EVENTS.labels(state).set(one.number)
    DIRTY.set(found.dirty.number)
    VOID.set(found.void.number)
    PARKED.set(found.parked.number)
    RUNS.set(found.active.number)
    AGE.set((now - found.oldest).total_seconds() if found.oldest else 0)


def collect_mails() -> None:
    """Read what is in the outbox; one that is not due yet does not count."""
    now = utc_now()
    found = waiting(now=now)
    MAILS.set(found.number)
    OLDEST_MAIL.set((now - found.since).total_seconds() if found.since else 0)


def collect_outgoing() -> None:
    """Read what waits for the endpoints that are on, and how many are off."""
    now = utc_now()
    found = backlog(now=now)
    OUTGOING.set(found.number)
    OLDEST_OUTGOING.set((now - found.since).total_seconds() if found.since else 0)
    ENDPOINTS_OFF.set(found.off)


def collect_invariants() -> None:
    """Read what looks at the money found, each invariant with a figure of its own."""
    tallies = tallies_now()
    for one in EVERY_INVARIANT:
        BROKEN.labels(one.name).set(tallies.get(one.name, Tally()).organizations)
    HELD.set(is_restored())
    COMPARING.set(why_comparing() is not None)
    since, now = paused_since(now=utc_now()), utc_now()
    PAUSED.set((now - since).total_seconds() if since else 0)
    gaps = gap_counts()
    for kind in KINDS:
        GAPS.labels(kind).set(gaps.get(kind, 0))
    begun_at = last_round_at()
    LOOKED.set((utc_now() - begun_at).total_seconds() if begun_at else math.inf)
