"""A customer that somebody renamed at Stripe is shown, and nothing is overwritten unasked."""

from typing import Any

import pytest
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.change import change_organization, send_ours
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import put
from tests.support.events import event
from tests.support.inbox import deliver
from tests.support.stripe_dashboard import act, read
from tests.support.syncing import Syncer

THEIRS = {"name": "Acme GmbH", "email": "buchhaltung@acme.example"}


@pytest.fixture
def synced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill whose draft and customer at Stripe agree."""
    put(bill, a=4000)
    syncer.sync(bill)
    return bill


def rename(syncer: Syncer, bill: Invoice, **said: str) -> dict[str, Any]:
    """Change the customer in Stripe's dashboard; return the event."""
    path = f"customers/{bill.organization.stripe_customer_id}"
    return event("customer.updated", act(syncer.simulator.url, path, **said))


def noted() -> int:
    """Return how often a change at Stripe was put on record."""
    query = select(func.count()).where(AuditEntry.action == "customer.changed_at_stripe")
    return db.session.scalar(query) or 0


def test_a_new_name_stands_beside_ours_until_somebody_decides(
    synced: Invoice, syncer: Syncer
) -> None:
    told = rename(syncer, synced, **THEIRS)
    assert deliver(syncer, told).state == "processed"
    assert synced.organization.customer_at_stripe == THEIRS
    assert synced.organization.name == "Acme"
    deliver(syncer, told | {"id": "evt_again"})
    assert noted() == 1
    put(synced, b=5)
    syncer.operations()
    syncer.sync(synced)
    assert "POST POST /v1/customers/{customer}" not in syncer.operations()


def test_a_change_that_was_taken_back_is_forgotten(synced: Invoice, syncer: Syncer) -> None:
    deliver(syncer, rename(syncer, synced, **THEIRS))
    deliver(syncer, rename(syncer, synced, **synced.organization.customer))
    assert synced.organization.customer_at_stripe is None
    assert noted() == 2


def test_an_older_event_that_comes_last_says_nothing(synced: Invoice, syncer: Syncer) -> None:
    older = rename(syncer, synced, name="Acme Interim")
    deliver(syncer, rename(syncer, synced, **THEIRS))
    deliver(syncer, older)
    assert synced.organization.customer_at_stripe == THEIRS


def test_what_is_not_kept_here_may_change_there(synced: Invoice, syncer: Syncer) -> None:
    done = deliver(syncer, rename(syncer, synced, phone="1"))
    assert (done.state, noted()) == ("processed", 0)


def test_the_echo_of_our_own_change_is_none(synced: Invoice, syncer: Syncer) -> None:
    with transaction():
        change_organization(synced.organization, {"name": "Two"}, now=utc_now(), actor=SUPPORT)
    run = syncer.sync(synced)
    path = f"customers/{synced.organization.stripe_customer_id}"
    subject, key = read(syncer.simulator.url, path), run.steps[-1].idempotency_key
    assert deliver(syncer, event("customer.updated", subject, key=key)).state == "ignored"
    assert noted() == 0


def test_a_change_here_writes_over_theirs(synced: Invoice, syncer: Syncer) -> None:
    deliver(syncer, rename(syncer, synced, **THEIRS))
    with transaction():
        change_organization(synced.organization, {"name": "Two"}, now=utc_now(), actor=SUPPORT)
    assert synced.organization.customer_at_stripe is None
    syncer.sync(synced)
    assert said(syncer, synced) == {"name": "Two", "email": "billing@acme.example"}


def test_ours_is_sent_when_support_says_so(synced: Invoice, syncer: Syncer) -> None:
    deliver(syncer, rename(syncer, synced, **THEIRS))
    with transaction():
        send_ours(synced.organization, now=utc_now(), actor=SUPPORT)
    syncer.sync(synced)
    assert said(syncer, synced) == synced.organization.customer


def test_a_customer_of_somebody_else_is_none_of_ours(synced: Invoice, syncer: Syncer) -> None:
    stranger = event("customer.updated", {"id": "cus_stranger", "object": "customer"})
    assert deliver(syncer, stranger).state == "ignored"


def said(syncer: Syncer, bill: Invoice) -> dict[str, Any]:
    """Return name and e-mail at Stripe."""
    shown = read(syncer.simulator.url, f"customers/{bill.organization.stripe_customer_id}")
    return {name: shown[name] for name in ("name", "email")}
