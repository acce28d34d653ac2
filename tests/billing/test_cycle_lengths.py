"""Bills of cycles that are not months: how often a fee is asked, and shares of the whole."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.billing.cycle_models import BillingCycle
from dashboard.billing.draft import current_invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.period import Cycle, Period
from dashboard.billing.roll import roll_early, roll_over
from dashboard.extensions import db as database
from dashboard.pricing.rating import AmountTooLarge
from dashboard.reading.items import items_of_invoice
from dashboard.recount.look import recount
from dashboard.usage.reported import ReportedRecord
from dashboard.views.item_words import each_of, whole_of
from tests.factories import (
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def opened(interval, *, fee="month", zone="UTC", anchor=JANUARY, cents=3000, quantity=1):
    """Return an organization with one fee from its anchor on."""
    organization = make_organization(
        anchor=anchor, now=anchor, cycle_interval=interval, cycle_zone=zone
    )
    price = PriceFactory(code="fee", interval=fee, version__unit_amount=Decimal(cents))
    make_service(organization, price, now=anchor, at=anchor, quantity=Decimal(quantity))
    database.session.commit()
    return organization


@pytest.mark.parametrize(
    ("interval", "fee", "cents", "words"),
    [
        ("week", "week", 3000, "1 database for the whole cycle: $30.00."),
        ("month", "month", 3000, "1 database for the whole cycle: $30.00."),
        ("quarter", "month", 9000, "1 database for the whole cycle: 3 × $30.00 = $90.00."),
        ("year", "month", 36000, "1 database for the whole cycle: 12 × $30.00 = $360.00."),
        ("year", "quarter", 12000, "1 database for the whole cycle: 4 × $30.00 = $120.00."),
        ("year", "year", 3000, "1 database for the whole cycle: $30.00."),
    ],
)
def test_a_cycle_asks_for_a_fee_as_often_as_it_has_its_interval(db, interval, fee, cents, words):
    invoice = current_invoice(opened(interval, fee=fee))
    assert invoice.total_cents == cents
    assert words in invoice.items[0].trace["words"]
    (row,) = items_of_invoice(invoice, with_lines=False).items
    # The row says what a whole cycle costs, so that the quantity times it is the amount.
    assert each_of(row, "usd", whole_of(invoice.cycle)) == f"${cents / 100:.2f}"


def test_a_part_of_a_year_is_its_share_of_all_its_months(db):
    organization = opened("year")
    roll_early(organization, reason="Ends", actor=SUPPORT, now=JANUARY + 73 * DAY)
    first, second = both(organization)
    assert (first.total_cents, second.total_cents) == (7200, 28800)
    (row,) = items_of_invoice(first, with_lines=False).items
    assert each_of(row, "usd", whole_of(first.cycle)) == "$360.00 × 73/365 days"
    db.session.commit()
    assert not recount(organization.id).differences


def test_a_month_of_a_zone_is_whole_though_an_hour_is_missing(db):
    anchor = datetime(2026, 3, 1, tzinfo=UTC) - timedelta(hours=1)
    organization = opened("month", zone="Europe/Berlin", anchor=anchor)
    invoice = current_invoice(organization)
    assert invoice.period_end == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert invoice.total_cents == 3000
    following = roll_over(organization, now=invoice.period_end)
    assert following.period_end == datetime(2026, 4, 30, 22, tzinfo=UTC)
    assert following.total_cents == 3000


def test_a_part_of_a_cycle_costs_its_share_of_the_whole(db):
    """As after a change of the anchor: 14 of 31 days of a month, attached for all of them."""
    organization = opened("month")
    cycle = current_invoice(organization).cycle
    end = cycle.ends_at
    part = BillingCycle.made(
        organization.id, 2, "month", Cycle(Period(end, end + 14 * DAY), 31 * 86_400)
    )
    db.session.add(part)
    db.session.commit()
    invoice = roll_over(organization, now=end)
    assert (invoice.period_end, invoice.total_cents) == (end + 14 * DAY, 1355)
    (row,) = items_of_invoice(invoice, with_lines=False).items
    assert each_of(row, "usd", whole_of(invoice.cycle)) == "$30.00 × 14/31 days"
    db.session.commit()
    assert not recount(organization.id).differences


def test_an_allowance_and_tiers_run_over_the_cycle_however_long(db):
    organization = make_organization(anchor=JANUARY, now=JANUARY, cycle_interval="quarter")
    price = MeteredPriceFactory(
        code="calls",
        meter="calls",
        version__unit_amount=Decimal(1),
        version__allowance=Decimal(100),
    )
    make_service(organization, price, now=JANUARY, at=JANUARY)
    for day in (1, 40, 80):
        use(JANUARY + day * DAY)
    assert current_invoice(organization).total_cents == 80
    following = roll_over(organization, now=datetime(2026, 4, 1, tzinfo=UTC))
    use(following.period_start + DAY)
    assert current_invoice(organization).total_cents == 0


def test_what_a_whole_year_costs_more_than_a_line_holds_is_refused_when_it_is_agreed(db):
    with pytest.raises(AmountTooLarge, match="1000 for a whole cycle would cost"):
        opened("year", cents=10**12, quantity=1000)


def use(at):
    """Use sixty calls."""
    record_batch([ReportedRecord("acme", "calls", f"{at}", Decimal(60), at)], now=at)


def both(organization):
    """Return the current invoice of an organization, after the one before it."""
    current = current_invoice(organization)
    return invoice_by_sequence(organization, current.sequence - 1), current
