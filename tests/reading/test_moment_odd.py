"""A bill at odd moments: bad debt that is paid, notes voided later, its first minute."""

from datetime import timedelta

import pytest

from dashboard.billing.correction_models import Correction
from dashboard.billing.draft import current_invoice
from dashboard.errors import Invalid
from dashboard.extensions import db as database
from dashboard.reading.moment import bill_then, status_at
from tests.factories import APRIL, make_organization

MADE = APRIL + timedelta(seconds=30)
HOUR = timedelta(hours=1)


@pytest.fixture
def invoice(db):
    """A bill that was opened in the middle of a minute."""
    bill = current_invoice(make_organization(now=MADE))
    db.session.commit()
    return bill


def test_a_bad_debt_that_is_paid_is_paid_from_then_on(invoice):
    for n, name in enumerate(("closing", "sealed", "finalized", "uncollectible", "paid"), 1):
        setattr(invoice, f"{name}_at", MADE + n * HOUR)
    said = [status_at(invoice, MADE + n * HOUR) for n in range(6)]
    assert said == ["draft", "closing", "sealed", "open", "uncollectible", "paid"]


def test_of_states_of_one_instant_the_latest_in_its_life_counts(invoice):
    invoice.closing_at = invoice.sealed_at = invoice.finalized_at = invoice.paid_at = MADE
    assert status_at(invoice, MADE) == "paid"


def test_a_credit_note_counts_until_it_was_told_void(invoice):
    note = Correction(
        organization_id=invoice.organization_id, invoice_id=invoice.id, kind="credit_note",
        stripe_id="cn_1", status="void", amount_cents=500, made_at=MADE + HOUR,
        told_at=MADE + 3 * HOUR,
    )  # fmt: skip
    database.session.add(note)
    database.session.flush()
    assert [credited(invoice, n) for n in range(5)] == [0, 500, 500, 0, 0]
    note.told_at = None
    database.session.flush()
    assert credited(invoice, 2) == 0


def credited(invoice, hours):
    """Return what was credited so many hours after it was opened."""
    at, now = MADE + hours * HOUR, MADE + 9 * HOUR
    return bill_then(invoice, at, since=APRIL, now=now).credited_cents


def test_the_minute_in_which_a_bill_was_opened_is_the_moment_of_that(invoice):
    now = MADE + HOUR
    assert bill_then(invoice, APRIL, since=APRIL, now=now).at == MADE
    with pytest.raises(Invalid, match="is known from 1 Apr 2026, 00:00 UTC on"):
        bill_then(invoice, APRIL - timedelta(seconds=1), since=APRIL, now=now)
