"""Process one event of the inbox: claim, handle, remember; an error is kept, never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.sync.models import SyncRun
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.handlers import handle
from dashboard.webhooks.inbox import claim, failed, handled
from dashboard.webhooks.models import WebhookEvent

log = structlog.get_logger("webhooks")


def process(
    event_id: int,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    now: datetime,
    replay: bool = False,
) -> list[SyncRun]:
    """Handle one event and return the syncs it asks for, to be enqueued. Safe to repeat."""
    event = claim(event_id, now=now, replay=replay)
    checkpoint()
    if event is None:
        return []
    delivery = Delivery(event, gateway, now)
    try:
        with db.session.begin_nested():
            outcome = handle(delivery)
    except Exception as error:  # whatever it is, the event keeps it and is tried again
        log.exception("webhook_failed", stripe_event=event.stripe_event_id, type=event.type)
        db.session.refresh(event)
        failed(event, f"{type(error).__name__}: {error}", now=now)
        return []
    handled(event, outcome.sentence, ignored=outcome.ignored, now=now)
    return delivery.runs


def preview_replay(event: WebhookEvent, *, gateway: Gateway, now: datetime) -> str:
    """Return in a sentence what a replay would do now; it is done for real and then undone."""
    savepoint = db.session.begin_nested()
    try:
        return handle(Delivery(event, gateway, now)).sentence
    except Exception as error:  # what it would fail with is what the reader wants to know
        return f"It would fail: {type(error).__name__}: {error}"
    finally:
        savepoint.rollback()
