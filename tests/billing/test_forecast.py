"""What the current invoice will come to."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal, seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.forecast import Forecast, began_at
from dashboard.billing.forecast import forecast as forecast_of
from dashboard.billing.habit_models import UsageHabits
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early, roll_over
from dashboard.money import Money
from dashboard.services.detach import detach_service
from dashboard.usage.reported import ReportedRecord
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
    record_batch([ReportedRecord("acme", meter, f"{meter}{at}", Decimal(quantity), at)], now=at)


def test_usage_goes_on_at_its_pace_and_fees_are_known(acme, db):
    make_service(acme, PriceFactory(version__unit_amount=Decimal(3000)), at=APRIL, now=APRIL)
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=TENTH)
    assert (expected.so_far_cents, expected.likely_cents) == (3500, 3000 + 3 * 500)
    assert expected.usage_cents == 1000
    assert not expected.is_too_early


def test_allowance_and_tiers_apply_to_the_expected_usage(acme, db):
    price = MeteredPriceFactory(version=None)
    PriceVersionFactory(price=price, allowance=Decimal(200), unit_amount=Decimal(10))
    make_service(acme, price, at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=TENTH)
    assert (expected.so_far_cents, expected.likely_cents) == (0, 1000)


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
    assert (expected.so_far_cents, expected.likely_cents) == (0, 2000)


def test_a_version_that_is_over_keeps_its_units(acme, db):
    # 100 under the first version in 15 days, none since: at 100 in 20 days the rest is 50 more.
    price = MeteredPriceFactory(version=None)
    PriceVersionFactory(price=price, unit_amount=Decimal(10))
    middle = APRIL + timedelta(days=15)
    PriceVersionFactory(price=price, effective_at=middle, unit_amount=Decimal(20))
    make_service(acme, price, at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    expected = forecast(current_invoice(acme), now=APRIL + timedelta(days=20))
    assert (expected.so_far_cents, expected.likely_cents) == (1000, 1000 + 50 * 20)


@pytest.mark.parametrize(("days", "is_too_early"), [(0, True), (6, True), (7, False)])
def test_before_a_week_of_the_first_cycle_it_is_too_early_to_say(acme, db, days, is_too_early):
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL)
    expected = forecast(current_invoice(acme), now=APRIL + timedelta(days=days, seconds=1))
    assert expected.is_too_early is is_too_early
    assert expected.tells_at == APRIL + timedelta(days=7)


def test_in_a_first_cycle_the_range_comes_a_week_after_it_was_opened(db):
    acme = make_organization(now=TENTH)
    make_service(acme, MeteredPriceFactory(), now=TENTH)
    use("1", TENTH)
    expected = forecast(current_invoice(acme), now=TENTH + timedelta(hours=1))
    assert expected.tells_at == TENTH + timedelta(days=7)


def test_fees_alone_are_known_at_once(acme, db):
    make_service(acme, PriceFactory(version__unit_amount=Decimal(3000)), at=APRIL, now=APRIL)
    credit = {"reason": "Outage", "description": "Apology", "key": "k"}
    add_adjustment(current_invoice(acme), Money(-500, "usd"), actor=SUPPORT, now=APRIL, **credit)
    expected = forecast(current_invoice(acme), now=APRIL + timedelta(minutes=1))
    assert (expected.low_cents, expected.likely_cents, expected.high_cents) == (2500, 2500, 2500)
    assert expected.is_certain
    assert not expected.is_too_early


def test_what_is_not_in_it_is_named(acme, db):
    assert "tax" in forecast(current_invoice(acme), now=TENTH).excluded


def test_what_no_service_uses_any_more_stays_as_it_is(acme, db):
    service = make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    detach_service(service, at=TENTH, now=TENTH, actor=SUPPORT)
    expected = forecast(current_invoice(acme), now=TENTH + timedelta(days=5))
    assert (expected.likely_cents, expected.is_certain) == (500, True)


def test_what_was_attached_lately_is_expected_at_its_own_pace(acme, db):
    make_service(acme, MeteredPriceFactory(), at=TENTH, now=TENTH)
    use("100", TENTH + timedelta(days=2))
    expected = forecast(current_invoice(acme), now=TENTH + timedelta(days=5))
    # 100 in five days, and fifteen to come; not 100 in fifteen.
    assert expected.likely_cents == 4 * 500


MAY = APRIL + timedelta(days=30)


@pytest.fixture
def may(acme, db):
    """The draft of May, after an April of 100 units a day at 5 cents and a fee of $30.00."""
    make_service(acme, PriceFactory(version__unit_amount=Decimal(3000)), at=APRIL, now=APRIL)
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    for day in range(30):
        use("100", APRIL + timedelta(days=day, hours=12))
    april = current_invoice(acme)
    following = roll_over(acme, now=MAY)
    seal([april.id], now=MAY + timedelta(hours=1))
    assert april.total_cents == 3000 + 3000 * 5
    return following


@pytest.mark.parametrize(("hours", "is_too_early"), [(0, True), (47, True), (48, False)])
def test_before_the_third_day_it_is_too_early_to_say(may, hours, is_too_early):
    expected = forecast(may, now=MAY + timedelta(hours=hours, seconds=1))
    assert expected.is_too_early is is_too_early
    assert expected.tells_at == MAY + timedelta(days=2)


def test_minutes_after_a_cycle_opened_the_forecast_is_near_the_last_bill(may):
    # An hour's usage in five minutes, as sub-systems report in bursts.
    use("4", MAY + timedelta(minutes=4))
    expected = forecast(may, now=MAY + timedelta(minutes=5))
    assert expected.is_too_early
    assert expected.last_cycle_cents == 18_000
    assert 18_000 <= expected.likely_cents <= 22_000


def test_what_was_used_in_the_last_cycle_is_expected_before_it_is_seen(may):
    expected = forecast(may, now=MAY)
    assert expected.so_far_cents == 3000
    assert expected.likely_cents == 3000 + 3000 * 5


def test_a_price_that_nobody_uses_any_more_is_expected_less_and_less(may):
    after = [forecast(may, now=MAY + timedelta(days=days)).likely_cents for days in (1, 5, 20, 31)]
    assert after == sorted(after, reverse=True)
    assert after[-1] == 3000


def test_the_range_narrows_and_holds_what_is_likely(may):
    widths = []
    for day in range(30):
        use("100", MAY + timedelta(days=day, hours=12))
        if day in (3, 14, 27):
            said = forecast(may, now=MAY + timedelta(days=day + 1))
            assert said.low_cents <= said.likely_cents <= said.high_cents
            assert said.low_cents >= said.so_far_cents
            widths.append(said.high_cents - said.low_cents)
    assert widths == sorted(widths, reverse=True)


def test_a_service_that_was_detached_is_no_habit(acme, db):
    service = make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    detach_service(service, at=TENTH, now=TENTH, actor=SUPPORT)
    april = current_invoice(acme)
    following = roll_over(acme, now=MAY)
    seal_now(april, now=MAY)
    assert forecast(following, now=MAY).likely_cents == 0


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
    expected = forecast(current_invoice(acme), now=at + timedelta(seconds=1))
    assert (expected.low_cents, expected.likely_cents, expected.high_cents) == (owed,) * 3
    assert (expected.is_too_early, expected.is_beyond) == (True, True)
    assert not expected.is_certain


def test_in_the_first_cycle_the_pace_counts_from_when_it_was_opened(db):
    acme = make_organization(now=TENTH)
    make_service(acme, MeteredPriceFactory(), now=TENTH)
    use("100", TENTH + timedelta(days=5))
    expected = forecast(current_invoice(acme), now=TENTH + timedelta(days=10))
    assert expected.likely_cents == 2 * 500


def test_a_service_attached_for_the_time_before_brings_its_pace_along(db):
    acme = make_organization(now=TENTH)
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=TENTH)
    past = APRIL + timedelta(days=4)
    record_batch([ReportedRecord("acme", "requests", "past", Decimal(100), past)], now=TENTH)
    expected = forecast(current_invoice(acme), now=TENTH)
    assert expected.likely_cents == 3 * 500


def test_after_the_end_nothing_more_is_expected(acme, db):
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", TENTH)
    expected = forecast(current_invoice(acme), now=APRIL + timedelta(days=30))
    assert expected.likely_cents == expected.so_far_cents == 500


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
    # One of them reads the cycle again.
    assert queries.count <= 5


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
    assert expected.likely_cents == (120 * 3 - 50) * 10 - 500


def test_late_usage_on_a_bill_stands_as_it_is(acme, db):
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    use("100", APRIL + timedelta(days=4))
    may, invoice = APRIL + timedelta(days=30), current_invoice(acme)
    following = roll_over(acme, now=may)
    seal_now(invoice, now=may)
    record_batch(
        [ReportedRecord("acme", "requests", "late", Decimal(50), may - timedelta(days=1))], now=may
    )
    use("10", may + timedelta(days=1))
    # May has 31 days, of which ten are over: 10 units become 31, beside the 50 late ones.
    # What April says of May is another test's.
    db.session.execute(delete(UsageHabits))
    expected = forecast(following, now=may + timedelta(days=10))
    assert (expected.so_far_cents, expected.likely_cents) == (60 * 5, (50 + 31) * 5)


def test_the_first_cycle_is_seen_from_when_it_was_opened():
    early, later = APRIL - timedelta(days=1), APRIL + timedelta(days=3)
    assert began_at(APRIL, later, None) == later
    assert began_at(APRIL, later, early) == APRIL
    assert began_at(APRIL, APRIL, later) == APRIL
