"""What the billing pages read."""

from datetime import timedelta

import pytest

from dashboard.billing.current import current_invoice, draft_of
from dashboard.billing.models import Invoice
from dashboard.billing.overview import (
    adjustments_of,
    finished_of,
    invoice_by_id,
    invoice_by_sequence,
    invoice_by_stripe_id,
    item_of,
    items_of,
    shown_status,
    unfinished_of,
)
from dashboard.billing.roll import roll_over
from dashboard.errors import NotFound
from dashboard.paging import older_than
from tests.factories import (
    APRIL,
    NOW,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.money_acts import adjust


@pytest.fixture
def acme(db):
    return make_organization(now=APRIL)


def rolled(organization):
    """The first two invoices: the one that was current in April, and the draft after it."""
    first = current_invoice(organization)
    roll_over(organization, now=APRIL + timedelta(days=30))
    return first, current_invoice(organization)


def test_an_invoice_is_found_in_its_organization_and_in_no_other(acme, db):
    other = make_organization("other", now=APRIL)
    first, draft = rolled(acme)
    first.stripe_invoice_id = "in_1"
    db.session.flush()
    assert draft_of(acme) is draft
    assert draft_of(other) is current_invoice(other)
    assert invoice_by_sequence(acme, 1) is first
    assert invoice_by_id(acme, first.id) is first
    assert invoice_by_stripe_id("in_1") is first
    assert invoice_by_stripe_id("in_2") is None
    for find, name in ((invoice_by_sequence, 2), (invoice_by_id, first.id), (invoice_by_id, 0)):
        with pytest.raises(NotFound):
            find(other, name)


def test_finished_and_unfinished_invoices_are_listed_newest_first(acme, db):
    first, second = rolled(acme)
    roll_over(acme, now=APRIL + timedelta(days=61))
    make_organization("other", now=APRIL)
    assert list(finished_of(acme).rows) == [second, first]
    assert list(finished_of(acme, older_than(second.id)).rows) == [first]
    for status in ("sealed", "open", "paid"):
        assert unfinished_of(acme) == [(second, None), (first, None)]
        first.status = status
        db.session.flush()
    assert unfinished_of(acme) == [(second, None)]
    assert list(finished_of(acme).rows) == [second, first]


def test_items_are_fees_then_usage_then_adjustments(acme, db):
    invoice = current_invoice(acme)
    credit, earlier = adjust(invoice, description="B", key="1"), adjust(invoice, key="2")
    make_service(acme, MeteredPriceFactory(), at=APRIL)
    make_service(acme, PriceFactory(name="Z"), at=APRIL)
    make_service(acme, PriceFactory(name="Y"), at=APRIL)
    items = items_of(invoice)
    described = [item.description for item in items if item.kind != "metered"]
    assert described == ["Y", "Z", "Apology", "B"]
    assert item_of(invoice, items[0].id) is items[0]
    with pytest.raises(NotFound):
        item_of(rolled(acme)[1], items[0].id)
    assert list(adjustments_of(acme).rows) == [earlier, credit]
    assert list(adjustments_of(acme, older_than(earlier.id)).rows) == [credit]
    assert not adjustments_of(make_organization("other")).rows


@pytest.mark.parametrize(
    ("invoice", "shown"),
    [
        (Invoice(status="draft", total_cents=0), "draft"),
        (Invoice(status="paid", total_cents=0), "empty"),
        (Invoice(status="paid", total_cents=5), "paid"),
        (Invoice(status="paid", total_cents=0, stripe_invoice_id="in_1"), "paid"),
        (Invoice(status="sealed", total_cents=0), "sealed"),
        (Invoice(status="open", total_cents=5), "open"),
        (Invoice(status="open", total_cents=5, due_at=NOW), "open"),
        (Invoice(status="open", total_cents=5, payment_failure="Declined"), "declined"),
        (Invoice(status="open", total_cents=5, due_at=NOW - timedelta(seconds=1)), "past_due"),
        (Invoice(status="paid", total_cents=5, due_at=NOW - timedelta(seconds=1)), "paid"),
    ],
)
def test_the_status_shown_says_what_stripes_does_not(invoice, shown):
    assert shown_status(invoice, NOW) == shown
