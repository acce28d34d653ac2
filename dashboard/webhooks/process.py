"""Process one event of the inbox: claim, handle, remember; an error is kept, never lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import structlog

from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.rehearsal import rehearsal
from dashboard.sync.models import SyncRun
from dashboard.sync.request import hasten
from dashboard.webhooks.delivery import Delivery, Handled, Unread
from dashboard.webhooks.failure import is_hopeless, passes, sentence_of
from dashboard.webhooks.handlers import handle
from dashboard.webhooks.inbox import claim, failed, handled
from dashboard.webhooks.models import WebhookEvent

log = structlog.get_logger("webhooks")
# A handler asks for a reading, and once more if what it is about moved on meanwhile.
READINGS = 6


def process(
    event_id: int,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    now: datetime,
    owner: str | None = None,
    replay: bool = False,
) -> list[SyncRun]:
    """Handle one event and return the syncs it asks for, to be enqueued. Safe to repeat."""
    event = claim(event_id, now=now, owner=owner, replay=replay)
    checkpoint()
    if event is None:
        return []
    delivery = Delivery(event, gateway, now)
    try:
        outcome = handle_with_readings(delivery, checkpoint)
        hasten(delivery.moved)
    except Exception as error:  # whatever it is, the event keeps it and is tried again
        log.exception("webhook_failed", stripe_event=event.stripe_event_id, type=event.type)
        db.session.refresh(event)
        failed(
            event,
            sentence_of(error),
            now=now,
            passes=passes(error),
            is_last=is_hopeless(error),
        )
        return []
    handled(event, outcome.sentence, ignored=outcome.ignored, now=now)
    return delivery.runs


def handle_with_readings(
    delivery: Delivery,
    checkpoint: Callable[[], object],
    attempt: Callable[[], AbstractContextManager[object]] = db.session.begin_nested,
) -> Handled:
    """Let the handler do its work, reading from Stripe what it asks for; raises `GatewayError`.

    What it had changed until it asked is undone, so that no lock is held while Stripe answers:
    `attempt` undoes what raises in it.
    """
    for _ in range(READINGS):
        try:
            with attempt():
                return handle(delivery)
        except Unread as unread:
            delivery.begin()
            checkpoint()
            delivery.readings[unread.name] = unread.ask(delivery.gateway)
    raise Busy("The object of this event keeps changing. Nothing was changed. It is tried again.")


def preview_replay(event: WebhookEvent, *, gateway: Gateway, now: datetime) -> str:
    """Return in a sentence what a replay would do now."""
    delivery = Delivery(event, gateway, now)
    try:
        return handle_with_readings(delivery, db.session.flush, rehearsal).sentence
    except Exception as error:  # what it would fail with is what the reader wants to know
        return f"It would fail. {sentence_of(error)}"
