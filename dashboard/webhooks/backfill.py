"""Back-fill: ask Stripe for the events since the last known one and store what never arrived."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent

# Events are delivered in any order: one that is older than the newest may still be missing.
OVERLAP = timedelta(hours=2)
# Stripe keeps events for thirty days.
LONGEST = timedelta(days=29)


def backfill(*, gateway: Gateway, now: datetime) -> list[int]:
    """Store what never arrived and return its row ids; one call per hundred events."""
    newest = db.session.scalar(select(func.max(WebhookEvent.created_at)))
    since = max((newest or now) - OVERLAP, now - LONGEST)
    return store(gateway.events_since(since, tuple(HANDLERS)), source="backfill", now=now)
