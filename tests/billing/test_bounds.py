"""No agreed fee can come to more than a line holds, so that every later cycle opens."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.pricing.catalog import add_version
from dashboard.pricing.rating import MAX_CENTS, AmountTooLarge
from dashboard.pricing.terms import HIGHEST_AMOUNT, BadTerms, Terms, Tier
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from tests.factories import APRIL, NOW, SUPPORT, PriceFactory, make_organization, make_service

MOST = Decimal(MAX_CENTS // HIGHEST_AMOUNT)
LATER = APRIL + timedelta(days=31)


@pytest.fixture
def acme(db):
    return make_organization()


@pytest.fixture
def fee(db):
    return PriceFactory(version__unit_amount=Decimal(1))


def raise_to(price, cents, at=LATER):
    terms = Terms("per_unit", Decimal(cents), "usd", "database")
    return add_version(price, terms, effective_at=at, now=NOW, actor=SUPPORT)


@pytest.mark.parametrize(
    "terms",
    [
        Terms("per_unit", Decimal(HIGHEST_AMOUNT) + 1, "usd"),
        Terms("graduated", Decimal(0), "usd", tiers=(Tier(None, Decimal(10**16)),)),
        Terms("volume", Decimal(0), "usd", tiers=(Tier(None, Decimal(0), Decimal(10**16)),)),
    ],
)
def test_an_amount_that_no_price_has_is_refused(terms):
    with pytest.raises(BadTerms, match="at most 1000000000000 minor units"):
        terms.check()


def test_the_highest_amount_is_taken_and_billed(acme, fee, db):
    make_service(acme, fee, at=APRIL, quantity=MOST)
    raise_to(fee, HIGHEST_AMOUNT)
    roll_over(acme, now=APRIL + timedelta(days=30))
    roll_over(acme, now=APRIL + timedelta(days=61))
    assert current_invoice(acme).total_cents == MAX_CENTS


def test_a_version_that_a_holder_could_not_be_billed_for_is_refused(acme, fee):
    make_service(acme, fee, at=APRIL, quantity=MOST + 1)
    with pytest.raises(AmountTooLarge, match="Nothing was changed"):
        raise_to(fee, HIGHEST_AMOUNT)
    raise_to(fee, HIGHEST_AMOUNT - 10**9)


def test_quantities_that_are_over_by_then_do_not_count(acme, fee):
    shrunk = make_service(acme, fee, at=APRIL, quantity=MOST + 1)
    change_quantity(shrunk, MOST, now=NOW, actor=SUPPORT)
    ended = make_service(acme, fee, at=APRIL, quantity=MOST + 1)
    detach_service(ended, now=NOW, actor=SUPPORT)
    assert raise_to(fee, HIGHEST_AMOUNT).unit_amount == HIGHEST_AMOUNT


def test_a_quantity_is_held_against_versions_that_are_still_to_come(acme, fee, db):
    service = make_service(acme, fee, at=APRIL, quantity=MOST)
    raise_to(fee, HIGHEST_AMOUNT)
    db.session.refresh(fee)
    with pytest.raises(AmountTooLarge):
        change_quantity(service, MOST + 1, now=NOW, actor=SUPPORT)
    with pytest.raises(AmountTooLarge):
        make_service(acme, fee, quantity=MOST + 1)
