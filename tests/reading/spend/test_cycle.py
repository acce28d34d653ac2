"""The chart of a cycle beside the one before it."""

from datetime import UTC, datetime
from decimal import Decimal

from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.money import Money
from dashboard.reading.spend.read import Wanted, spend_of
from dashboard.usage.reported import ReportedRecord
from dashboard.views.spend_drawing import draw
from tests.factories import SUPPORT, MeteredPriceFactory, make_organization, make_service
from tests.support.reading import opened_by_support
from tests.support.usage import record_batch

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC)


def test_the_line_of_a_longer_last_cycle_ends_at_the_total_it_is_labeled_with(
    db: SQLAlchemy,
) -> None:
    organization = make_organization(anchor=MARCH, now=MARCH)
    make_service(organization, MeteredPriceFactory(), now=MARCH, at=MARCH)
    for day in (1, 31):
        at = MARCH.replace(day=day, hour=5)
        entry = ReportedRecord("acme", "requests", f"day-{day}", Decimal(100), at)
        record_batch([entry], now=at)
    add_adjustment(
        current_invoice(organization), Money(-300, "usd"), reason="A delay", description="Goodwill",
        actor=SUPPORT, now=MARCH.replace(day=31, hour=6), key="goodwill",
    )  # fmt: skip
    roll_over(organization, now=APRIL)
    db.session.commit()
    draft = opened_by_support(current_invoice(organization)).draft
    assert draft is not None
    spend = spend_of(draft, Wanted(), now=APRIL)
    assert len(spend.starts) == len(spend.last) == 30
    assert spend.running is not None
    assert spend.running.last == [0] + [500] * 29 + [700]
    panel = draw(spend).running
    assert panel is not None
    assert panel.words[-1] == "Last cycle $7"
