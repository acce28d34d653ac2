"""How fresh a bill is: counted until when, equal with Stripe when, and final when."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from dashboard.views.formatting import clock, lately, short_day
from tests.pages import page, text_of
from tests.people import bill_of

PAGE = "/organizations/acme"


def agree(invoice: Invoice, *, minutes_ago: int = 5, **facts: object) -> None:
    """Let a sync have found Stripe's total to be the ledger's so long ago."""
    invoice.stripe_invoice_id, invoice.stripe_status = "in_1", "draft"
    invoice.synced_revision = invoice.revision
    invoice.synced_total_cents = invoice.stripe_total_cents = invoice.total_cents
    invoice.last_synced_at = utc_now() - timedelta(minutes=minutes_ago)
    invoice.next_sync_at = None
    for name, value in facts.items():
        setattr(invoice, name, value)


def add_line_at_stripe(invoice: Invoice, cents: int) -> None:
    """Let a sync have found a line there that is not ours."""
    found = {"stripe_line_id": "il_f", "description": "Workshop", "found_at": utc_now()}
    of = {"organization_id": invoice.organization_id, "invoice_id": invoice.id}
    db.session.add(AddedLine(**of, **found, amount_cents=cents))
    invoice.stripe_total_cents = invoice.synced_total_cents + cents


def sentence(client: FlaskClient) -> str:
    """Return what the page says of its freshness."""
    told = page(client.get(PAGE)).select_one("[data-freshness]")
    told.select_one("[data-late]").decompose()
    return text_of(told).replace(" .", ".")


def test_an_equal_bill_says_so_in_one_sentence(customer: FlaskClient, acme: Organization) -> None:
    with transaction():
        agree(bill_of(acme))
    invoice, now = bill_of(acme), utc_now()
    final = invoice.period_end + timedelta(hours=1)
    told = sentence(customer)
    assert told.startswith("Usage counted to ")
    assert f"UTC. Equal with Stripe at {lately(invoice.last_synced_at, now)}." in told
    assert told.endswith(f"Final on {short_day(final, now)}, {clock(final)} UTC.")
    assert "ext sync" not in told


def test_what_waits_for_the_next_sync_is_said_with_its_amount(
    customer: FlaskClient, acme: Organization
) -> None:
    at = utc_now() + timedelta(minutes=7)
    with transaction():
        agree(bill_of(acme), next_sync_at=at)
        bill_of(acme).synced_total_cents -= 21
        bill_of(acme).stripe_total_cents -= 21
        bill_of(acme).synced_revision -= 1
    assert f"+$0.21 goes to Stripe about {lately(at, utc_now())}." in sentence(customer)
    assert "Equal with Stripe at" in sentence(customer)


def test_a_draft_with_a_line_added_at_stripe_is_not_said_to_be_equal(
    customer: FlaskClient, support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        agree(bill_of(acme))
        add_line_at_stripe(bill_of(acme), 25_000)
    for client in (customer, support):
        words = text_of(page(client.get(PAGE)))
        assert "Agreed" not in words
        assert "Equal with Stripe" not in words
        assert "draft differs by +$250.00." in words
    assert "Our team is looking at it; your bill here is right." in sentence(customer)
    assert "Our team" not in sentence(support)


def test_a_line_that_is_taken_off_again_is_no_agreement_before_it_is_gone(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        agree(bill_of(acme))
        add_line_at_stripe(bill_of(acme), 100)
        db.session.flush()
        db.session.query(AddedLine).one().decision = "take_ours"
    assert "Equal with Stripe" not in sentence(customer)


@pytest.mark.parametrize(("intervals", "is_late"), [(1, False), (4, True)])
def test_a_sync_that_is_late_is_said_as_such(
    customer: FlaskClient, acme: Organization, intervals: int, is_late: bool
) -> None:
    with transaction():
        agree(bill_of(acme), next_sync_at=utc_now() - timedelta(hours=intervals))
        bill_of(acme).synced_revision -= 1
    soup = page(customer.get(PAGE))
    assert ("is-late" in soup.select_one("[data-freshness]")["class"]) is is_late
    assert ("The next sync is late" in text_of(soup)) is is_late


def test_a_bill_that_stripe_never_heard_of_says_when_it_will(
    customer: FlaskClient, acme: Organization
) -> None:
    at = bill_of(acme).next_sync_at
    assert f"Not at Stripe yet. First sync about {lately(at, utc_now())}." in sentence(customer)
