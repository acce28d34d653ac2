"""Endpoints and deliveries of each state, for pages that list them."""

from __future__ import annotations

from datetime import timedelta

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.outgoing.endpoints import pause
from dashboard.outgoing.post import Answer
from dashboard.outgoing.queue import hold, note, switch_off, take
from dashboard.outgoing.tell import Fact, tell
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.outgoing import listens


def make_events(organization: Organization) -> None:
    """Make endpoints that are on, paused and off, with events of which some have not arrived."""
    now = utc_now()
    first, _ = listens("https://accounting.example/billing-events", now=now)
    first.label = "Accounting"
    paused, _ = listens("https://warehouse.example/in", ["invoice.paid"], now=now)
    paused.label = "Data warehouse"
    gone, _ = listens("https://old-crm.example/hooks", now=now)
    gone.label = "The customer relationship system of before"
    with transaction():
        pause(paused, now=now, actor=SUPPORT)
        switch_off(gone, "Nothing has arrived for 5 days. It answered 503.", now=now)
    with transaction():
        for number in range(6):
            kind = ("invoice.finalized", "invoice.paid")[number % 2]
            invoice = {"sequence": number + 1, "number": f"F-{number:04d}", "status": "open"}
            fact = Fact(
                kind=kind, subject=str(number), ordering_key=f"invoice:{number}", at=now,
                data={"invoice": invoice}, organization_id=organization.id,
            )  # fmt: skip
            tell([fact], now=now)
    answers = [
        Answer(41, status=204), Answer(38, status=200), Answer(56, status=204),
        Answer(120, status=500, begins="<h1>Internal error</h1> We could not store the event."),
        Answer(10_000, problem="It did not answer within 10 seconds."), Answer(39, status=204),
    ]  # fmt: skip
    with transaction():
        held = hold(first.id, now=now)
        assert held is not None
        for delivery, answer in zip(take(held, now=now), answers, strict=True):
            note(held, delivery, answer, now=now)
        # Long enough that the worker beside the tests tries none of them.
        held.failures, held.failing_since = 3, now - timedelta(hours=2)
        held.not_before = held.busy_until = now + timedelta(days=1)
    db.session.expire_all()
