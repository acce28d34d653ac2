"""Bills in a currency that is charged in whole units, and what was stored before that rule."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dashboard.billing.carry import carry_over
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

TENTH = APRIL + timedelta(days=10)


@pytest.fixture
def invoice(db):
    """A draft in króna with 30 calls at 0.35 each: 10.50, of which 11 can be charged."""
    acme = make_organization(now=APRIL, currency="isk")
    price = MeteredPriceFactory(currency="isk", version__unit_amount=Decimal(35))
    make_service(acme, price, at=APRIL, now=APRIL)
    use(30)
    return current_invoice(acme)


def use(units, at=TENTH):
    record_batch([ReportedRecord("acme", "requests", f"{units}{at}", Decimal(units), at)], now=at)


def test_a_line_is_what_can_be_charged_and_says_how_it_was_rounded(invoice):
    [item] = invoice.items
    assert (item.amount_cents, invoice.total_cents) == (1100, 1100)
    assert item.trace["words"][-1] == "ISK10.50, rounded half away from zero: ISK11."


def test_a_part_of_a_cycle_is_what_can_be_charged(db):
    acme = make_organization(now=APRIL, currency="isk")
    fee = PriceFactory(currency="isk", version__unit_amount=Decimal(10_000))
    make_service(acme, fee, at=TENTH, now=TENTH)
    assert current_invoice(acme).total_cents == 6700  # 20 of 30 days of 100 is 66.67


def test_what_was_billed_in_fractions_before_leaves_a_rest_that_can_be_charged(
    invoice, db, monkeypatch
):
    with monkeypatch.context() as before_the_rule:
        before_the_rule.setattr("dashboard.money.charge_step", lambda _currency: 1)
        following = seal_now(invoice, now=TENTH)
    assert invoice.items[0].amount_cents == 1050
    use(30, TENTH + timedelta(days=1))
    [rest] = following.items
    assert rest.amount_cents == 1100  # 21 in all, of which 10.50 was billed: 10.50 is left
    assert following.total_cents == 1100


def test_a_fraction_that_stripe_billed_carries_over_what_can_be_charged(invoice, db):
    following = seal_now(invoice, now=TENTH)
    [item] = invoice.items
    carry_over(invoice, {item.key: 450}, now=TENTH)
    assert (item.carried_cents, invoice.total_cents) == (650, 450)
    [carried] = following.items
    assert (carried.amount_cents, following.total_cents) == (700, 700)
    assert carried.trace["words"][0].endswith(
        "The difference of ISK6.50 is billed here, rounded to what can be charged: ISK7."
    )
