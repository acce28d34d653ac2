"""A bill that nobody charges any more, as its customer was deleted, was declined by nobody."""

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.lost_customer import NOBODY_CHARGES
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.needs.found import declined
from dashboard.reading.timeline.read import read_timeline
from dashboard.reading.timeline.wanted import Wanted
from tests.factories import make_organization

NOW = utc_now()


@pytest.mark.parametrize(("failure", "shown"), [(NOBODY_CHARGES, 0), ("Card declined.", 1)])
def test_only_what_was_declined_is_listed_as_declined(
    db: SQLAlchemy, failure: str, shown: int
) -> None:
    organization = make_organization("acme")
    bill = current_invoice(organization)
    seal_now(bill, now=NOW)
    bill.status, bill.finalized_at, bill.amount_remaining_cents = "open", NOW, 2500
    bill.payment_failure, bill.payment_failed_at = failure, NOW
    database.session.flush()
    assert len(database.session.execute(declined(NOW)).all()) == shown
    told = read_timeline(Wanted(organization.id, True), size=100)
    steps = [one.told.step for one in told.rows if one.source == "milestones"]
    assert steps.count("declined") == shown
