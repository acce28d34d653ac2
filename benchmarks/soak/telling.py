"""Whether a listener was told everything, nothing else, and each invoice's events in order."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from benchmarks.soak.listener import OPERATOR, Listener
from benchmarks.soak.site import Site
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.outgoing.again import replay_since
from dashboard.outgoing.endpoints import endpoint_by_id, pause, resume
from dashboard.outgoing.kinds import TEST
from dashboard.outgoing.models import EventDelivery, OutgoingEvent
from dashboard.outgoing.signing import body_of
from dashboard.transaction import transaction

REPLAY_SECONDS = 240
MOST_TOLD = 5


def deliveries_left() -> int:
    """Return how many deliveries wait."""
    query = select(func.count()).where(EventDelivery.state == "waits")
    with transaction():
        return db.session.scalars(query).one()


def hasten_events(listener: Listener, later: datetime) -> Counter[str]:
    """Pause and resume an endpoint of which something waits for longer than that, as people do."""
    waits = select(EventDelivery.id).where(
        EventDelivery.endpoint_id == listener.endpoint_id,
        EventDelivery.state == "waits",
        EventDelivery.next_attempt_at > later,
    )
    with transaction():
        endpoint = endpoint_by_id(listener.endpoint_id)
        rests = endpoint.not_before is not None and endpoint.not_before > later
        if endpoint.state == "on" and not rests and db.session.scalar(waits.limit(1)) is None:
            return Counter()
        if endpoint.state == "on":
            pause(endpoint, now=utc_now(), actor=OPERATOR)
        resume(endpoint, now=utc_now(), actor=OPERATOR)
    return Counter(["endpoint resumed"])


def told_wrong(listener: Listener) -> list[str]:
    """Return a sentence for each event that is missing, invented, another, or out of order."""
    with transaction():
        every = _wanted(listener)
        bodies = {one.name: body_of(one) for one in every}
        keys = {one.name: one.ordering_key for one in every}
        order = {one.name: one.id for one in every}
    kept = list(listener.kept)
    arrived = {one.name for one in kept}
    wrong = _some("never arrived", bodies.keys() - arrived)
    wrong += _some("is in no outbox", arrived - bodies.keys())
    wrong += _some(
        "arrived with other bytes",
        {one.name for one in kept if bodies.get(one.name, one.body) != one.body},
    )
    wrong += _some("came without a signature of ours", {one.name for one in listener.forged})
    firsts: defaultdict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(one.name for one in kept if one.name in keys):
        firsts[keys[name]].append(name)
    late = {key for key, names in firsts.items() if names != sorted(names, key=order.__getitem__)}
    return wrong + [f"The events of {key} arrived out of order." for key in sorted(late)]


def untold() -> list[str]:
    """Return a sentence for each issued or paid invoice of which no event says so."""
    with transaction():
        told = set(db.session.scalars(select(OutgoingEvent.occasion)))
        rows = db.session.execute(
            select(Invoice.id, Invoice.status, Invoice.stripe_invoice_id).where(
                Invoice.status.in_(FINALIZED)
            )
        ).all()
    missing = []
    for invoice, status, stripe_id in rows:
        wanted = ["finalized"] + (["paid"] if status == "paid" and stripe_id else [])
        missing += [f"invoice.{one}:{invoice}" for one in wanted]
    return _some("was never told", set(missing) - told)


def replay_wrong(site: Site, listener: Listener, since: datetime) -> list[str]:
    """Replay everything since then and return what of it did not come again."""
    with transaction():
        wanted = {one.name for one in _wanted(listener) if one.created_at >= since}
        before = len(listener.kept)
        endpoint = endpoint_by_id(listener.endpoint_id)
        replay_since(endpoint, since=since, with_arrived=True, now=utc_now(), actor=OPERATOR)
    end = time.monotonic() + REPLAY_SECONDS
    while deliveries_left() and time.monotonic() < end:
        site.mend()
        hasten_events(listener, utc_now() + timedelta(seconds=40))
        time.sleep(1)
    again = {one.name for one in listener.kept[before:]}
    with transaction():
        # What happened meanwhile comes, too.
        allowed = {one.name for one in _wanted(listener) if one.created_at >= since}
    print(f"replayed since {since:%H:%M:%S}: {len(wanted)} events, {len(again)} came again")
    return _some("did not come again in the replay", wanted - again) + _some(
        "came in the replay and is older", again - allowed
    )


def _wanted(listener: Listener) -> list[OutgoingEvent]:
    query = select(OutgoingEvent).where(OutgoingEvent.kind != TEST).order_by(OutgoingEvent.id)
    if listener.kinds is not None:
        query = query.where(OutgoingEvent.kind.in_(listener.kinds))
    return list(db.session.scalars(query))


def _some(what: str, names: Iterable[str]) -> list[str]:
    found = sorted(names)
    if len(found) <= MOST_TOLD:
        return [f"Event {name} {what}." for name in found]
    return [f"{len(found)} events, of them {', '.join(found[:MOST_TOLD])}: each {what}."]
