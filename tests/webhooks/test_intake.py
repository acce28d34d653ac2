"""What is kept of each event that arrives, and what is ended there without a job."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gateway.event_records import Unreadable
from dashboard.gateway.parsing import parse_event
from dashboard.gateway.reading import read_event
from dashboard.transaction import transaction
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from tests.support.billing import put
from tests.support.events import event
from tests.support.syncing import Syncer

NOW = utc_now()
NEW = ("source", "state", "received_at", "handled_at", "next_attempt_at", "attempts", "error")


def kept(name: str = "evt_1") -> WebhookEvent:
    """Return the stored event of that name."""
    return database.session.scalars(select(WebhookEvent).filter_by(stripe_event_id=name)).one()


def columns(row: WebhookEvent, names: tuple[str, ...] = NEW) -> tuple[Any, ...]:
    """Return these columns of an event."""
    return tuple(getattr(row, name) for name in names)


@pytest.mark.parametrize(
    ("kind", "told", "about"),
    [
        ("invoice.paid", {"id": "in_1"}, "in_1"),
        ("invoice_payment.paid", {"id": "inpay_1", "invoice": "in_1"}, "in_1"),
        ("payment_method.attached", {"id": "pm_1", "customer": "cus_1"}, "cus_1"),
        ("customer.updated", {"id": "cus_1"}, "cus_1"),
        ("refund.created", {"id": "re_1"}, "re_1"),
        ("payment_method.detached", {"id": "pm_1", "customer": None}, None),
        ("invoice_payment.paid", {"id": "inpay_1", "invoice": {"id": "in_1"}}, None),
        ("invoice_payment.paid", {"id": "inpay_1", "invoice": "in_" + "1" * 62}, None),
    ],
)
def test_what_an_event_is_about_is_kept_where_it_says_so_plainly(
    db: SQLAlchemy, kind: str, told: dict[str, Any], about: str | None
) -> None:
    with transaction():
        store([parse_event(event(kind, told) | {"id": "evt_1"})], source="webhook", now=NOW)
    assert kept().about == about


def test_an_event_is_kept_whole_and_waits_for_its_job(db: SQLAlchemy) -> None:
    body = event("invoice.paid", {"id": "in_1"}, key="key_1", created=1_900_000_000)
    body |= {"id": "evt_1", "livemode": False}
    with transaction():
        ids = store([parse_event(body)], source="backfill", now=NOW)
    row = kept()
    assert ids == [row.id]
    names = ("type", "object_id", "idempotency_key", "api_version", "livemode", "payload", "raw")
    expected = ("invoice.paid", "in_1", "key_1", "2026-10-28.endive", False, body, None)
    assert columns(row, names) == expected
    assert row.created_at == datetime.fromtimestamp(1_900_000_000, UTC)
    assert columns(row) == ("backfill", "received", NOW, None, NOW, 0, None)
    assert row.result is None


def test_what_no_job_has_to_look_at_is_ended_at_once(db: SQLAlchemy) -> None:
    body = event("product.created", {"id": "prod_1"}) | {"id": "evt_1"}
    live = event("invoice.paid", {"id": "in_1"}) | {"id": "evt_live", "livemode": True}
    with transaction():
        told = [parse_event(body), read_event(live, live=False)]
        assert store(told, source="webhook", now=NOW) == []
    for row in (kept(), kept("evt_live")):
        assert columns(row) == ("webhook", "ignored", NOW, NOW, None, 0, None)
    assert (kept().livemode, kept("evt_live").livemode) == (False, True)


@pytest.mark.parametrize("kind", [None, "invoice.paid"])
def test_what_is_no_event_is_kept_as_its_text_and_why(db: SQLAlchemy, kind: str | None) -> None:
    odd = Unreadable("evt_1", kind, "{odd", "It is no JSON.")
    with transaction():
        assert store([odd], source="webhook", now=NOW) == []
    row = kept()
    assert columns(row) == ("webhook", "unreadable", NOW, NOW, None, 0, None)
    names = ("raw", "payload", "result", "livemode", "created_at")
    assert columns(row, names) == ("{odd", {}, "It is no JSON.", False, NOW)
    assert columns(row, ("object_id", "idempotency_key", "api_version")) == (None, None, None)
    assert row.type == (kind or "Unreadable event")


def test_a_known_event_changes_nothing_and_keeps_no_new_one_away(db: SQLAlchemy) -> None:
    known = event("invoice.paid", {"id": "in_1"}) | {"id": "evt_1"}
    new = event("invoice.paid", {"id": "in_2"}) | {"id": "evt_2"}
    later = NOW + timedelta(hours=1)
    with transaction():
        store([parse_event(known)], source="webhook", now=NOW)
        ids = store([parse_event(known), parse_event(new)], source="backfill", now=later)
        assert store([], source="backfill", now=later) == []
    assert ids == [kept("evt_2").id]
    assert columns(kept()) == ("webhook", "received", NOW, None, NOW, 0, None)


def test_only_what_our_calls_cause_is_taken_for_their_echo(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    key = syncer.sync(bill).steps[-1].idempotency_key
    bodies = {
        "evt_echo": event("invoice.updated", {"id": "in_1"}, key=key),
        "evt_foreign": event("invoice.updated", {"id": "in_1"}, key="somebody's"),
        "evt_keyless": event("invoice.updated", {"id": "in_1"}),
        # Our call caused it, yet it tells what the ledger does not know.
        "evt_finalized": event("invoice.finalized", {"id": "in_1"}, key=key),
    }
    with transaction():
        told = [parse_event(body | {"id": name}) for name, body in bodies.items()]
        odd = Unreadable("evt_odd", "invoice.updated", "{odd", "It is no JSON.")
        store([*told, odd], source="webhook", now=NOW)
    states = {name: kept(name).state for name in (*bodies, "evt_odd")}
    assert states == {
        "evt_echo": "ignored",
        "evt_foreign": "received",
        "evt_keyless": "received",
        "evt_finalized": "received",
        "evt_odd": "unreadable",
    }
