"""What is to be sent to an endpoint now, and what became of it.

A try is noted before it begins, so one that its worker did not survive is made again: an event
arrives at least once. Of an ordering key only the first that waits is tried: so it arrives in
order, and what one receiver keeps refusing holds up its own key alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, func, select, text, update
from sqlalchemy.orm import joinedload

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.extensions import db
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.post import Answer
from dashboard.statement import any_of

# So long a worker has an endpoint, and a delivery, to itself; longer than its tries take.
LEASE = timedelta(seconds=60)
# How many are sent at once, where the last one arrived; else one, to see whether it does again.
MOST_AT_ONCE = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=4)
# Of the whole endpoint, once it does not answer or refuses so many in a row.
LONGEST_REST, REFUSALS_IN_A_ROW = timedelta(minutes=15), 5
# Of one that answers: refusing is quick for both, and behind what it refuses others wait.
LONGEST_REST_IF_IT_ANSWERS = timedelta(minutes=1)
# Longer ago it is no outage any more.
GIVEN_UP_AFTER = timedelta(days=5)
GONE = 410
BROKE_OFF = "Its worker ended while sending it."

# Of its ordering key the first that waits.
FIRST = """not exists (
    select from event_deliveries as earlier
    where earlier.endpoint_id = delivery.endpoint_id and earlier.state = 'waits'
      and earlier.ordering_key = delivery.ordering_key and earlier.event_id < delivery.event_id)
"""
# Materialized: a subquery with a limit may be asked again for each row, and then has none. What
# was never tried goes first, so that what one keeps refusing starves nothing; in two parts, as
# sorting all by their tries would read a whole backlog for each batch.
TAKE = text(f"""
    with untried as materialized (
        select delivery.id from event_deliveries as delivery
        where delivery.endpoint_id = :endpoint and delivery.state = 'waits'
          and delivery.next_attempt_at <= :now and delivery.attempts = 0
          and {FIRST}
        order by delivery.event_id limit :most
        for update skip locked
    ), tried as materialized (
        select delivery.id from event_deliveries as delivery
        where delivery.endpoint_id = :endpoint and delivery.state = 'waits'
          and delivery.next_attempt_at <= :now and delivery.attempts > 0
          and {FIRST}
        order by delivery.attempts, delivery.event_id
        limit :most - (select count(*) from untried)
        for update skip locked
    )
    update event_deliveries as taken set
        attempts = attempts + 1, last_attempt_at = :now, next_attempt_at = :ends_at,
        first_attempt_at = coalesce(first_attempt_at, :now), problem = :broke_off,
        status = null, took_ms = null, answer = null
    from (select id from untried union all select id from tried) as next
    where taken.id = next.id
    returning taken.id
""")  # noqa: S608  its part is the constant above
# Of what only waits behind another nothing is due: a worker would find nothing to send.
DUE = text(f"""
    select endpoint.id from event_endpoints as endpoint
    where endpoint.state = 'on' and coalesce(endpoint.not_before, :now) <= :now
      and coalesce(endpoint.busy_until, :now) <= :now
      and exists (
          select from event_deliveries as delivery
          where delivery.endpoint_id = endpoint.id and delivery.state = 'waits'
            and delivery.next_attempt_at <= :now and {FIRST})
    order by endpoint.id
""")  # noqa: S608  its part is the constant above


def endpoints_due(*, now: datetime) -> Sequence[int]:
    """Return the endpoints to which something is to be sent, and nobody does."""
    return db.session.scalars(DUE, {"now": now}).all()


def hold(endpoint_id: int, *, now: datetime) -> EventEndpoint | None:
    """Have an endpoint to oneself for a minute; None where somebody has it, or nothing is due.

    The caller commits before it sends.
    """
    held = (
        update(EventEndpoint)
        .where(
            EventEndpoint.id == endpoint_id,
            EventEndpoint.state == "on",
            func.coalesce(EventEndpoint.busy_until, now) <= now,
            func.coalesce(EventEndpoint.not_before, now) <= now,
        )
        .values(busy_until=now + LEASE)
        .returning(EventEndpoint.id)
    )
    if db.session.scalar(held) is None:
        return None
    return db.session.get(EventEndpoint, endpoint_id, populate_existing=True)


def let_go(endpoint: EventEndpoint, *, until: datetime | None = None) -> None:
    """Leave an endpoint to whoever comes next, at once or from an instant on."""
    endpoint.busy_until = until


def take(endpoint: EventEndpoint, *, now: datetime) -> Sequence[EventDelivery]:
    """Return what is to be sent to an endpoint that is held, their tries noted.

    The caller commits before it sends.
    """
    endpoint.busy_until = now + LEASE
    # Before its deliveries: who resumes or changes it takes them in this order.
    db.session.flush()
    asked = {
        "endpoint": endpoint.id,
        "now": now,
        "ends_at": now + LEASE,
        "broke_off": BROKE_OFF,
        "most": 1 if endpoint.failures else MOST_AT_ONCE,
    }
    taken = db.session.scalars(TAKE, asked).all()
    query = select(EventDelivery).where(EventDelivery.id == any_of(taken, BigInteger))
    query = query.order_by(EventDelivery.event_id).options(joinedload(EventDelivery.event))
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def hold_to_note(endpoint: EventEndpoint) -> None:
    """Hold an endpoint's row until the commit, as it is now, before its deliveries are changed."""
    db.session.refresh(endpoint, with_for_update={"key_share": True})


def note(
    endpoint: EventEndpoint, delivery: EventDelivery, answer: Answer, *, now: datetime
) -> None:
    """Note what became of a try; an endpoint that fails for days, or says it is gone, is off."""
    delivery.status, delivery.took_ms = answer.status, answer.took_ms
    delivery.answer = answer.begins
    if answer.is_taken:
        _arrived(endpoint, delivery, now)
        return
    delivery.problem = answer.why_not
    delivery.next_attempt_at = now + pause_after(delivery.attempts)
    began = delivery.first_attempt_at or now
    if now - began >= GIVEN_UP_AFTER:
        delivery.state, delivery.ended_at = "given_up", now
    if answer.status is None or delivery.attempts == 1:
        _failed(endpoint, answer, now)
    # Else it answers, and refuses what was tried before: that says nothing new of the endpoint.
    if answer.status == GONE:
        switch_off(endpoint, "It answered 410: it is gone.", now=now)
    elif now - (endpoint.failing_since or now) >= GIVEN_UP_AFTER:
        days = GIVEN_UP_AFTER.days
        switch_off(endpoint, f"Nothing has arrived for {days} days. {answer.why_not}", now=now)


def _failed(endpoint: EventEndpoint, answer: Answer, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if answer.status is None:
        endpoint.not_before = now + rest_after(endpoint.failures)
    elif endpoint.failures >= REFUSALS_IN_A_ROW:
        rest = min(rest_after(endpoint.failures), LONGEST_REST_IF_IT_ANSWERS)
        endpoint.not_before = now + rest


def _arrived(endpoint: EventEndpoint, delivery: EventDelivery, now: datetime) -> None:
    delivery.state, delivery.ended_at, delivery.problem = "delivered", now, None
    # A rest that began behind this try is of its own batch: there it refused others, no more.
    tried_at, rests_until = delivery.last_attempt_at or now, endpoint.not_before
    was_away = rests_until is not None and rests_until <= tried_at
    endpoint.failures, endpoint.failing_since, endpoint.not_before = 0, None, None
    endpoint.last_delivered_at = now
    if was_away:
        # It is back: what was tried meanwhile need not wait for hours, except what it refused
        # itself (4xx), and will again.
        waits = update(EventDelivery).where(
            EventDelivery.endpoint_id == endpoint.id,
            EventDelivery.state == "waits",
            EventDelivery.next_attempt_at > now,
            EventDelivery.id != delivery.id,
            EventDelivery.status.is_(None) | (EventDelivery.status >= 500),
        )
        db.session.execute(
            waits.values(next_attempt_at=now), execution_options={"synchronize_session": False}
        )


def is_under_way(delivery: EventDelivery, *, now: datetime) -> bool:
    """Whether a worker is sending it: what its try is noted with beforehand is not so yet."""
    tried_at = delivery.last_attempt_at
    is_noted = delivery.state == "waits" and delivery.problem == BROKE_OFF
    return is_noted and tried_at is not None and now < tried_at + LEASE


def switch_off(endpoint: EventEndpoint, why: str, *, now: datetime) -> None:
    """Send nothing to an endpoint any more, until a person switches it on again."""
    # A person may have paused or removed it since it was read.
    off = update(EventEndpoint).where(EventEndpoint.id == endpoint.id, EventEndpoint.state == "on")
    off = off.values(state="off", why_off=why[:300], changed_at=now)
    if db.session.scalar(off.returning(EventEndpoint.id)) is None:
        return
    db.session.refresh(endpoint)
    facts = {"label": endpoint.label, "url": endpoint.url, "why": why}
    write_entry("event_endpoint.switched_off", endpoint, SYSTEM, facts, now=now)


def pause_after(attempts: int) -> timedelta:
    """Return how long one waits after so many tries: four times as long each time."""
    longer: int = 4 ** min(attempts - 1, 12)
    return min(FIRST_PAUSE * longer, LONGEST_PAUSE)


def rest_after(failures: int) -> timedelta:
    """Return how long an endpoint is left alone after so many failures in a row."""
    doubled: int = 2 ** min(failures - 1, 12)
    return min(FIRST_PAUSE * doubled, LONGEST_REST)


class Backlog(NamedTuple):
    """How many deliveries should have arrived by now, since when the first, and who is off."""

    number: int
    since: datetime | None
    off: int


def backlog(*, now: datetime) -> Backlog:
    """Return what is due or was tried, at endpoints that are on; and how many are off."""
    due = (
        select(func.count(), func.min(EventDelivery.created_at))
        .join(EventEndpoint, EventEndpoint.id == EventDelivery.endpoint_id)
        .where(
            EventDelivery.state == "waits",
            EventEndpoint.state == "on",
            (EventDelivery.next_attempt_at <= now) | (EventDelivery.attempts > 0),
        )
    )
    number, since = db.session.execute(due).one()
    off = select(func.count()).where(EventEndpoint.state == "off")
    return Backlog(number, since, db.session.scalar(off) or 0)
