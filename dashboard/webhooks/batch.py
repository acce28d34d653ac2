"""Process many events together: what they are about is held by a few statements, not by one each.

Each event goes through its own handler, in memory, and has its own result. What a batch cannot do
(a reading from Stripe, an error, anything that has to be looked up) is put aside and processed by
itself; the others go on as if it had not been among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import InvoicePayment
from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.rows import write_changes, write_new
from dashboard.sync.models import SyncRun
from dashboard.sync.request import hasten
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.echoes import ECHO, ONCE_TOLD, recorded_keys
from dashboard.webhooks.handlers import handle
from dashboard.webhooks.held import Aside
from dashboard.webhooks.holding import hold
from dashboard.webhooks.inbox import all_handled, give_back, take
from dashboard.webhooks.subject import Subject, place_of, subject_of

log = structlog.get_logger("webhooks")
# The first finds what cannot go along, the second goes without it; more is odd.
TRIES = 3
Told = tuple[Delivery, Subject]


@dataclass
class Drained:
    """What became of a batch: how many events it took, and what is to be queued for it."""

    taken: int = 0
    # About something that somebody else is changing: they come again with the next batch.
    waiting: list[int] = field(default_factory=list)
    # To be processed each by itself.
    alone: list[int] = field(default_factory=list)
    runs: list[SyncRun] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many events need not be looked at again."""
        return self.taken - len(self.waiting) - len(self.alone)


class _Trouble(Exception):
    """Some events cannot go along: the others begin anew without them."""

    def __init__(self, events: list[int]) -> None:
        super().__init__(f"{len(events)} events cannot go together")
        self.events = events


def drain(
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    now: datetime,
    most: int,
    owner: str | None = None,
) -> Drained:
    """Process the oldest events that nobody looked at yet. Safe to repeat, and beside others."""
    events = take(now=now, most=most, owner=owner)
    checkpoint()
    batch = Drained(taken=len(events))
    if not events:
        return batch
    told = _end_recorded(_sort([Delivery(event, gateway, now) for event in events], batch), now)
    if not told:
        give_back(batch.alone, now=now, alone=True)
        return batch
    for _ in range(TRIES):
        try:
            with db.session.begin_nested():
                _together(told, batch, now)
            break
        except _Trouble as trouble:
            told = _without(trouble.events, told, batch)
        except Exception:  # each by itself shows whose fault it is
            log.exception("webhook_batch_failed", events=len(told))
            told = _without(_ids(told), told, batch)
    else:
        told = _without(_ids(told), told, batch)
    give_back(batch.waiting, now=now)
    give_back(batch.alone, now=now, alone=True)
    return batch


def _sort(deliveries: Iterable[Delivery], batch: Drained) -> list[Told]:
    """Return the events as they happened, each with what it is about; others go alone."""
    told = []
    for delivery in deliveries:
        try:
            told.append((place_of(delivery), (delivery, subject_of(delivery))))
        except Exception as error:  # it shows again where the event is by itself
            _put_aside(delivery, error)
            batch.alone.append(delivery.event.id)
    return [one for _, one in sorted(told, key=lambda pair: pair[0])]


def _end_recorded(told: list[Told], now: datetime) -> list[Told]:
    """End our own finalizations whose replies were recorded since they came; return the others.

    Most arrive a moment before that, so that intake let them through. They say nothing else.
    """
    ours = [one for one, _ in told if one.type == ONCE_TOLD and one.idempotency_key]
    recorded = recorded_keys(one.idempotency_key for one in ours) if ours else set()
    ended = {one.event.id for one in ours if one.idempotency_key in recorded}
    all_handled({one: Handled(ECHO, ignored=True) for one in ended}, now=now)
    return [one for one in told if one[0].event.id not in ended]


def _together(told: list[Told], batch: Drained, now: datetime) -> None:
    """Let each handler do its work on what is held; raise `_Trouble` where one could not."""
    held, busy = hold(told)
    batch.waiting, batch.runs = [], []
    outcomes: dict[int, Handled] = {}
    trouble: list[int] = []
    for delivery, subject in told:
        if subject.names & busy:
            batch.waiting.append(delivery.event.id)
            continue
        delivery.begin(held)
        try:
            outcomes[delivery.event.id] = handle(delivery)
        except Exception as error:  # it shows again where the event is by itself
            _put_aside(delivery, error)
            trouble.append(delivery.event.id)
            if isinstance(error, DBAPIError):
                # The transaction can do no more.
                break
    if trouble:
        raise _Trouble(trouble)
    batch.runs = [run for delivery, _ in told for run in delivery.runs]
    write_changes(held.invoices.values())
    write_new(InvoicePayment)
    write_new(AuditEntry)
    hasten({one for delivery, _ in told for one in delivery.moved})
    all_handled(outcomes, now=now)


def _without(events: list[int], told: list[Told], batch: Drained) -> list[Told]:
    batch.alone += events
    batch.waiting, batch.runs = [], []
    return [one for one in told if one[0].event.id not in set(events)]


def _ids(told: list[Told]) -> list[int]:
    return [delivery.event.id for delivery, _ in told]


def _put_aside(delivery: Delivery, error: Exception) -> None:
    why = str(error) if isinstance(error, Aside) else f"{type(error).__name__}: {error}"
    log.info("webhook_put_aside", stripe_event=delivery.event.stripe_event_id, why=why)
