"""Events through the inbox in a test: stored and processed at once, without a worker."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_event
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import process
from tests.support.billing import put
from tests.support.events import event, invoice_json
from tests.support.syncing import Syncer


def deliver(syncer: Syncer, body: dict[str, Any], *, now: datetime | None = None) -> WebhookEvent:
    """Store one event and process it."""
    with transaction():
        store([parse_event(body)], source="webhook", now=now or utc_now())
    stored = db.session.query(WebhookEvent).filter_by(stripe_event_id=body["id"]).one()
    return handle(syncer, stored.id, now=now)


def handle(syncer: Syncer, event_id: int, *, now: datetime | None = None) -> WebhookEvent:
    """Process one stored event."""
    with transaction():
        process(event_id, gateway=syncer.gateway, checkpoint=checkpoint, now=now or utc_now())
    done = db.session.get_one(WebhookEvent, event_id, populate_existing=True)
    # Whatever came of it, its page says so.
    assert done.result or done.error
    return done


def finalize(syncer: Syncer, bill: Invoice, **cents_by_key: int) -> None:
    """Have the bill finalized by us, for so much."""
    put(bill, **cents_by_key)
    syncer.sync(bill)
    with transaction():
        seal_now(bill, now=utc_now())
    syncer.sync(bill, "final", verify=True)


def told(syncer: Syncer, bill: Invoice, kind: str, at: int, **facts: Any) -> dict[str, Any]:
    """Return an event of second `at` about the bill, which then looked as `facts` say."""
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    return event(kind, data | facts, created=at)


def on_record(action: str) -> tuple[str, datetime, dict[str, Any]]:
    """Return by whom, when and with what facts the one act of that name was put on record."""
    entry = db.session.scalars(select(AuditEntry).filter_by(action=action)).one()
    return entry.actor_kind, entry.at, entry.facts
