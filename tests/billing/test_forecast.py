"""What the current invoice will come to."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.forecast import Forecast, began_at
from dashboard.billing.forecast import forecast as forecast_of
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early, roll_over
from dashboard.usage.entry import UsageEntry
from tests.factories import (
    APRIL,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries
from tests.support.reading import bill_on_page
from tests.support.usage import record_batch

TENTH = APRIL + timedelta(days=10)


@pytest.fixture
def acme(db):
    return make_organization(now=APRIL)


def forecast(invoice: Invoice, *, now: datetime) -> Forecast:
    """Return the forecast; the page has its own rows, and must say the same."""
    said = forecast_of(invoice, now=now)
    assert bill_on_page(invoice, now=now).forecast == said
    return said


def use(quantity, at, meter="requests"):
    record_batch([UsageEntry("acme", meter, f"{meter}{at}", Decimal(quantity), at)], now=at)


def test_usage_goes_on_at_its_pace_and_fees_are_known(acme, db):
    make_service(acme, PriceFactory(version__unit_amount=Decimal(3000)), at=APRIL, now=APRIL)
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=TENTH)
    assert (expected.so_far_cents, expected.cents) == (3500, 3000 + 3 * 500)
    assert expected.usage_cents == 1000
    assert not expected.is_rough


def test_allowance_and_tiers_apply_to_the_expected_usage(acme, db):
    price = MeteredPriceFactory(version=None)
    PriceVersionFactory(price=price, allowance=Decimal(200), unit_amount=Decimal(10))
    make_service(acme, price, at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=TENTH)
    assert (expected.so_far_cents, expected.cents) == (0, 1000)


def test_the_count_goes_on_under_a_version_that_is_yet_to_come(acme, db):
    # 100 of 200 included after ten days. Of the 300 at the end 150 come before the change in the
    # middle, and 150 after it at 20 cents; the last 100 are charged: 2,000.
    price = MeteredPriceFactory(version=None)
    terms = {"price": price, "allowance": Decimal(200)}
    PriceVersionFactory(unit_amount=Decimal(10), **terms)
    middle = APRIL + timedelta(days=15)
    PriceVersionFactory(effective_at=middle, unit_amount=Decimal(20), **terms)
    make_service(acme, price, at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=TENTH)
    assert (expected.so_far_cents, expected.cents) == (0, 2000)


def test_a_version_that_is_over_keeps_its_units(acme, db):
    # 100 under the first version in 15 days, none since: at 100 in 20 days the rest is 50 more.
    price = MeteredPriceFactory(version=None)
    PriceVersionFactory(price=price, unit_amount=Decimal(10))
    middle = APRIL + timedelta(days=15)
    PriceVersionFactory(price=price, effective_at=middle, unit_amount=Decimal(20))
    make_service(acme, price, at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=APRIL + timedelta(days=20))
    assert (expected.so_far_cents, expected.cents) == (1000, 1000 + 50 * 20)


def test_early_in_the_cycle_the_forecast_is_rough(acme, db):
    assert forecast(current_invoice(acme), now=APRIL + timedelta(hours=23)).is_rough


@pytest.mark.parametrize("days", [0, 20])
def test_a_pace_that_no_line_could_hold_leaves_what_is_owed(db, days):
    """Seconds after the first usage, or with two thirds of the cycle gone."""
    acme = make_organization(now=APRIL)
    make_service(
        acme, MeteredPriceFactory(version__unit_amount=Decimal(10**9)), at=APRIL, now=APRIL
    )
    at = APRIL + timedelta(days=days, seconds=2)
    use("700000", at)
    owed = 700_000 * 10**9
    expected = Forecast(owed, owed, is_rough=True)
    assert forecast(current_invoice(acme), now=at + timedelta(seconds=1)) == expected


def test_in_the_first_cycle_the_pace_counts_from_when_it_was_opened(db):
    acme = make_organization(now=TENTH)
    make_service(acme, MeteredPriceFactory(), now=TENTH)
    use("100", TENTH + timedelta(days=5))
    expected = forecast(current_invoice(acme), now=TENTH + timedelta(days=10))
    assert expected.cents == 2 * 500


def test_a_service_attached_for_the_time_before_brings_its_pace_along(db):
    acme = make_organization(now=TENTH)
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=TENTH)
    past = APRIL + timedelta(days=4)
    record_batch([UsageEntry("acme", "requests", "past", Decimal(100), past)], now=TENTH)
    expected = forecast(current_invoice(acme), now=TENTH)
    assert expected.cents == 3 * 500


def test_after_the_end_nothing_more_is_expected(acme, db):
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", TENTH)
    expected = forecast(current_invoice(acme), now=APRIL + timedelta(days=30))
    assert expected.cents == expected.so_far_cents == 500


def test_the_number_of_queries_does_not_grow_with_the_items(acme, db):
    for n in range(12):
        make_service(acme, MeteredPriceFactory(meter=f"meter-{n}"), at=APRIL, now=APRIL)
        use("1", APRIL + timedelta(days=1), f"meter-{n}")
    invoice = current_invoice(acme)
    assert invoice.cycle.id
    db.session.commit()
    invoice = current_invoice(acme)
    with count_queries(db.engine) as queries:
        forecast_of(invoice, now=TENTH)
    # One of them reads the invoice itself again.
    assert queries.count <= 4


def test_what_an_early_roll_billed_is_not_expected_again(acme, db):
    # 100 of 200 included were used before an early roll; the 300 of the whole cycle go beyond it.
    price = MeteredPriceFactory(version=None)
    PriceVersionFactory(price=price, allowance=Decimal(50), unit_amount=Decimal(10))
    make_service(acme, price, at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    first = current_invoice(acme)
    second = roll_early(acme, reason="Moved", actor=SUPPORT, now=APRIL + timedelta(days=5))
    use("20", APRIL + timedelta(days=6))
    expected = forecast(second, now=TENTH)
    assert first.total_cents == 500
    assert expected.cents == (120 * 3 - 50) * 10 - 500


def test_late_usage_on_a_bill_stands_as_it_is(acme, db):
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    may, invoice = APRIL + timedelta(days=30), current_invoice(acme)
    following = roll_over(acme, now=may)
    seal_now(invoice, now=may)
    record_batch(
        [UsageEntry("acme", "requests", "late", Decimal(50), may - timedelta(days=1))], now=may
    )
    use("10", may + timedelta(days=1))
    # May has 31 days, of which ten are over: 10 units become 31, beside the 50 late ones.
    expected = forecast(following, now=may + timedelta(days=10))
    assert (expected.so_far_cents, expected.cents) == (60 * 5, (50 + 31) * 5)


def test_the_first_cycle_is_seen_from_when_it_was_opened():
    early, later = APRIL - timedelta(days=1), APRIL + timedelta(days=3)
    assert began_at(APRIL, later, None) == later
    assert began_at(APRIL, later, early) == APRIL
    assert began_at(APRIL, APRIL, later) == APRIL
