"""What never arrived is found, however long ago and whatever arrived since."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import ServerFailed
from dashboard.gateway.event_records import RemoteEvent, Unreadable
from dashboard.gateway.parsing import parse_event
from dashboard.gateway.reading import read_event
from dashboard.installation import this_installation
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.backfill import AT_ONCE, OVERLAP, PART, backfill
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import process
from tests.support.billing import make_bill, put
from tests.support.events import event
from tests.support.sync_acts import close, pay, seal
from tests.support.syncing import Syncer

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Account:
    """Stripe's events as a back-fill asks for them; `asked` are the spans it asked for."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.events = events
        self.asked: list[tuple[datetime, datetime]] = []
        self.breaks_at: datetime | None = None

    def events_since(
        self, since: datetime, types: Sequence[str], *, until: datetime
    ) -> Iterator[RemoteEvent | Unreadable]:
        """Yield the events of the span; break where told to."""
        self.asked.append((since, until))
        found = (read_event(one, live=False) for one in self.events if one["type"] in types)
        for one in found:
            if isinstance(one, Unreadable) or since <= one.created_at <= until:
                yield one
        if self.breaks_at is not None and since <= self.breaks_at <= until:
            raise ServerFailed("Stripe failed.")


def paid_at(at: datetime) -> dict[str, Any]:
    """Return an event of that instant."""
    return event("invoice.paid", {"id": "in_1"}) | {"created": int(at.timestamp())}


def fill(account: Account, now: datetime) -> int:
    """Run a back-fill and return how many events it found."""
    found = 0
    for ids in backfill(gateway=account, now=now):  # type: ignore[arg-type]
        found += len(ids)
        checkpoint()
    return found


@pytest.fixture
def now(db: SQLAlchemy) -> datetime:
    """The present, in whole seconds, of an installation as old as that."""
    present = utc_now().replace(microsecond=0)
    with transaction():
        this_installation().created_at = present
    return present


def test_a_new_installation_begins_with_itself(now: datetime) -> None:
    account = Account()
    fill(account, now + HOUR)
    assert account.asked == [(now - OVERLAP, now + HOUR)]


def test_the_next_one_begins_where_the_last_ended(now: datetime) -> None:
    account = Account()
    fill(account, now + HOUR)
    fill(account, now + 2 * HOUR)
    assert account.asked[1] == (now + HOUR - OVERLAP, now + 2 * HOUR)


def test_an_event_after_a_gap_does_not_hide_the_gap(now: datetime) -> None:
    account = Account(paid_at(now + 3 * HOUR), paid_at(now + 4 * HOUR))
    fill(account, now + HOUR)
    with transaction():
        store([parse_event(paid_at(now + 9 * HOUR))], source="webhook", now=now + 9 * HOUR)
    assert fill(account, now + 10 * HOUR) == 2


def test_an_event_that_was_listed_late_is_found(now: datetime) -> None:
    fill(Account(), now + 5 * HOUR)
    late = Account(paid_at(now + 5 * HOUR - OVERLAP))
    assert fill(late, now + 6 * HOUR) == 1
    assert fill(late, now + 6 * HOUR) == 0


def test_one_that_breaks_off_leaves_the_mark_where_all_was_listed(now: datetime) -> None:
    account = Account(paid_at(now + HOUR), paid_at(now + PART + HOUR))
    account.breaks_at = now + PART + HOUR
    with pytest.raises(ServerFailed), transaction():
        fill(account, now + 2 * PART)
    db.session.expire_all()
    assert this_installation().events_read_until == now + PART
    account.breaks_at = None
    fill(account, now + 2 * PART)
    assert this_installation().events_read_until == now + 2 * PART
    assert db.session.query(WebhookEvent).count() == 2


def test_a_gap_longer_than_stripes_memory_is_closed_as_far_back_as_that(now: datetime) -> None:
    account = Account()
    fill(account, now + 60 * DAY)
    assert account.asked[0][0] == now + 31 * DAY - OVERLAP
    assert len(account.asked) == 29
    assert all(later[0] + OVERLAP == earlier[1] for earlier, later in pairwise(account.asked))


def test_the_mark_never_goes_back(now: datetime) -> None:
    slow = backfill(gateway=Account(), now=now + HOUR)  # type: ignore[arg-type]
    fill(Account(), now + 5 * HOUR)
    list(slow)
    checkpoint()
    db.session.expire_all()
    assert this_installation().events_read_until == now + 5 * HOUR


def test_one_bad_event_keeps_none_of_the_others_away(now: datetime) -> None:
    bad = [
        paid_at(now) | change
        for change in (
            {"created": 10**18},
            {"data": {"object": None}},
            {"id": 7},
            {"data": {"object": {"name": "\x00\ud800", "x": float("inf")}}},
        )
    ]
    account = Account(*bad, paid_at(now))
    fill(account, now + HOUR)
    fill(account, now + HOUR)
    states = sorted(db.session.scalars(select(WebhookEvent.state)))
    assert states == ["received", "unreadable", "unreadable", "unreadable", "unreadable"]


def test_three_paid_invoices_are_paid_here_though_a_later_event_arrived_first(
    db: SQLAlchemy, syncer: Syncer
) -> None:
    bills = [make_bill(slug) for slug in ("acme", "globex", "initech")]
    for bill in bills:
        put(bill, a=4000)
        syncer.sync(bill)
        seal(bill)
        close(bill, syncer)
    now = utc_now()
    list(backfill(gateway=syncer.gateway, now=now))
    checkpoint()
    for bill in bills:
        pay(bill, syncer)
    syncer.simulator.advance(6 * 3600)
    late = now + timedelta(hours=6)
    body = event("invoice.paid", {"id": "in_of_another"}) | {"created": int(late.timestamp())}
    with transaction():
        store([parse_event(body)], source="webhook", now=late)
    for ids in backfill(gateway=syncer.gateway, now=late):
        checkpoint()
        for event_id in ids:
            with transaction():
                process(event_id, gateway=syncer.gateway, checkpoint=checkpoint, now=late)
    db.session.expire_all()
    assert [bill.status for bill in bills] == ["paid", "paid", "paid"]


def test_more_types_than_a_list_takes_are_asked_for_in_several(syncer: Syncer) -> None:
    types = [f"invoice.kind_{n}" for n in range(41)]
    list(syncer.gateway.events_since(utc_now(), [*types, *HANDLERS]))
    assert {call["status"] for call in syncer.simulator.calls()} == {200}
    assert len(syncer.operations()) == -(-(41 + len(HANDLERS)) // 20)


def test_what_is_listed_whole_is_not_listed_at_once_again(now: datetime) -> None:
    account = Account()
    fill(account, now + PART)
    fill(account, now + PART)
    assert account.asked == [(now - OVERLAP, now + PART)]


def test_many_events_are_stored_a_hundred_at_a_time_and_say_where_they_came_from(
    now: datetime,
) -> None:
    account = Account(*[paid_at(now) for _ in range(AT_ONCE + 1)])
    found = [len(ids) for ids in backfill(gateway=account, now=now + HOUR)]  # type: ignore[arg-type]
    checkpoint()
    assert found == [AT_ONCE, 1, 0]
    rows = db.session.query(WebhookEvent).all()
    assert {(row.source, row.received_at) for row in rows} == {("backfill", now + HOUR)}
