"""Outgoing events: sent to each endpoint in a thread of its own, so that a silent one is alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import structlog
from flask import current_app

from dashboard.accounts.factors.sealing import CannotOpen
from dashboard.billing.past_due import tell_of_late
from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.outgoing.endpoints import secrets_of
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.post import Answer, post
from dashboard.outgoing.queue import endpoints_due, hold, hold_to_note, let_go, note, take
from dashboard.outgoing.reach import target_of
from dashboard.outgoing.signing import body_of, headers_of
from dashboard.restores.held import is_held
from dashboard.transaction import checkpoint
from jobs.batch import enqueue_each, run_each
from jobs.runtime import job
from jobs.walk import walk

# So long one endpoint is sent to before others have their turn; a try takes ten at most.
SECONDS = 15.0
# After a turn that took longer an endpoint rests as long as it took: slow receivers with a backlog
# would else keep the workers from every other task.
SHORT_SECONDS = 1.0
# Tries to one endpoint at the same time.
THREADS = 8
LATE, MOST_SECONDS = 500, 50.0
UNREADABLE = "Its secret cannot be read with the present SECRET_KEY. Roll the secret."
log = structlog.get_logger("jobs.outgoing")


@job(queue="mail", timeout=60)
def send_due_events() -> None:
    """Have sent what is due."""
    enqueue_each(send_events, send_to_endpoint, endpoints_due(now=utc_now()))


@job(queue="mail", timeout=120)
def send_events(*endpoint_ids: int) -> None:
    """Send to several endpoints, each in a thread."""
    run_each(send_events, send_to_endpoint, endpoint_ids)


@job(queue="mail", timeout=60)
def send_to_endpoint(endpoint_id: int) -> None:
    """Send to an endpoint what is due, until nothing is, or it fails, or others should have a turn.

    What is sent was noted before, and no transaction is open while a receiver takes its time.
    """
    began = monotonic()
    endpoint = hold(endpoint_id, now=utc_now())
    while endpoint is not None:
        taken = take(endpoint, now=utc_now())
        checkpoint()
        answers = send(endpoint, taken)
        now = utc_now()
        hold_to_note(endpoint)
        for delivery, answer in zip(taken, answers, strict=True):
            note(endpoint, delivery, answer, now=now)
            if not answer.is_taken:
                log.warning("event_not_taken", delivery_id=delivery.id, reason=answer.why_not)
        checkpoint()
        # A person may have paused it, or removed it, meanwhile.
        db.session.refresh(endpoint)
        is_over = not taken or endpoint.not_before is not None or monotonic() - began > SECONDS
        if is_over or endpoint.state != "on":
            took = monotonic() - began
            rests = utc_now() + timedelta(seconds=took) if took > SHORT_SECONDS else None
            let_go(endpoint, until=rests)
            return


@job(queue="maintenance", timeout=120, is_alone=True)
def tell_past_due() -> None:
    """Tell which invoices should have been paid by now; none while the ledger is held."""
    if is_held():
        return
    config: Config = current_app.extensions["config"]
    kept_days, now = config.outgoing_events_kept_days, utc_now()
    walk(
        "past_due",
        lambda place: tell_of_late(place, most=LATE, kept_days=kept_days, now=now),
        monotonic() + MOST_SECONDS,
    )


def send(endpoint: EventEndpoint, taken: Sequence[EventDelivery]) -> list[Answer]:
    """Return what the receiver says of each, a few of them at the same time."""
    config: Config = current_app.extensions["config"]
    allowed, now = config.allowed_networks, utc_now()
    try:
        target = target_of(endpoint.url, allowed)
        secrets = secrets_of(endpoint, config.signing_keys, now=now)
    except Invalid as why:
        # What was allowed when it was registered need not be any more.
        return [Answer(0, problem=why.message)] * len(taken)
    except CannotOpen:
        return [Answer(0, problem=UNREADABLE)] * len(taken)
    requests = []
    for delivery in taken:
        body = body_of(delivery.event)
        requests.append((body, headers_of(delivery.event, body, secrets, now=now)))
    if not requests:
        return []
    with ThreadPoolExecutor(min(THREADS, len(requests))) as pool:
        return list(pool.map(lambda one: post(target, one[0], one[1], allowed), requests))
