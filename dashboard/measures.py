"""The figures /metrics shows: counted in this process, or read from the database at the scrape."""

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import func, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.models import SyncRun
from dashboard.webhooks.models import WebhookEvent

REQUEST_SECONDS = Histogram(
    "dashboard_request_seconds",
    "Time to answer a request.",
    ("endpoint", "method", "status_class"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WEBHOOKS_RECEIVED = Counter("dashboard_webhooks_received", "Deliveries by outcome.", ("outcome",))
INVOICES = Gauge("dashboard_invoices", "Invoices by status.", ("status",))
DIRTY = Gauge("dashboard_invoices_dirty", "Invoices that hold what Stripe was not told.")
PARKED = Gauge("dashboard_invoices_parked", "Invoices held back for a person to decide.")
RUNS = Gauge("dashboard_sync_runs_active", "Syncs that are queued, running or retrying.")
EVENTS = Gauge("dashboard_webhook_events", "Webhook events by state.", ("state",))


def collect() -> None:
    """Read the fleet's figures: one grouped query a figure, all on indexes."""
    by_status = select(Invoice.status, func.count()).group_by(Invoice.status)
    for status, count in db.session.execute(by_status):
        INVOICES.labels(status).set(count)
    by_state = select(WebhookEvent.state, func.count()).group_by(WebhookEvent.state)
    for state, count in db.session.execute(by_state):
        EVENTS.labels(state).set(count)
    dirty = select(func.count()).where(Invoice.revision > Invoice.synced_revision)
    DIRTY.set(db.session.scalar(dirty) or 0)
    PARKED.set(db.session.scalar(select(func.count()).where(Invoice.parked_at.is_not(None))) or 0)
    active = select(func.count()).where(SyncRun.state.in_(("queued", "running", "retrying")))
    RUNS.set(db.session.scalar(active) or 0)
