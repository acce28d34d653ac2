"""What a bill would be is what the ledger bills once it is so, and asking changes nothing."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.draft import current_invoice
from dashboard.billing.forecast import forecast
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import total
from dashboard.pricing.models import Price
from dashboard.pricing.versions import load_windows
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.transaction import transaction
from dashboard.what_if.answer import Answer, Bill
from dashboard.what_if.fees import Attached, Held, with_more
from dashboard.what_if.wanted import Line, Wanted
from tests.budgets.support import charge, use
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)

LATER = NOW + timedelta(days=3, hours=5, seconds=7)
SINCE = st.sampled_from([NOW, LATER, NOW + timedelta(days=15)])


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """Ten days into its first cycle: two databases, usage, and a credit."""
    with transaction():
        made = make_organization("acme", now=APRIL)
        make_service(made, _fee(), at=APRIL, now=APRIL, quantity=Decimal(2))
        make_service(made, MeteredPriceFactory(), at=APRIL, now=APRIL)
    for day in range(9):
        use("acme", 200, APRIL + timedelta(days=day, hours=12))
    charge(made, -500)
    return made


def _fee() -> Price:
    return PriceFactory(version__unit_amount=Decimal(2999))


def ask(organization: Organization, wanted: Wanted, *, added: Price | None = None) -> Answer:
    """Return what the current invoice would be."""
    windows = load_windows([added.id])[added.id] if added else ()
    return Bill(current_invoice(organization), now=NOW).answer(wanted, windows)


def line_of(answer: Answer, *, is_usage: bool) -> Line:
    """Return the one fee, or the one usage."""
    [found] = [line for line in answer.lines if line.is_usage == is_usage]
    return found


def fee_of(organization: Organization) -> int:
    """Return the id of the price of the one fee."""
    return line_of(ask(organization, Wanted(NOW)), is_usage=False).price_id


def test_with_nothing_asked_it_is_the_forecast(acme: Organization) -> None:
    answer = ask(acme, Wanted(NOW))
    likely = forecast(current_invoice(acme), now=NOW).likely_cents
    assert (answer.before, answer.after) == (likely, likely)
    assert not answer.is_changed
    assert answer.others_cents == -500


@pytest.mark.parametrize("at", [NOW, LATER])
@pytest.mark.parametrize("more", [1, 2, 17])
def test_more_of_a_fee_is_what_the_ledger_bills_of_it(
    acme: Organization, at: datetime, more: int
) -> None:
    price_id = fee_of(acme)
    answer = ask(acme, Wanted(at, more={price_id: more}))
    before = current_invoice(acme).total_cents
    price = next(one.price for one in current_invoice(acme).items if one.kind == "recurring"
                 for one in [one.price_version])  # fmt: skip
    with transaction():
        make_service(acme, price, now=at, at=at, quantity=Decimal(more))
    billed = current_invoice(acme).total_cents - before
    assert answer.after - answer.before == billed
    assert answer.full_after - answer.full_before == 2999 * more


@pytest.mark.parametrize("at", [NOW, LATER])
@pytest.mark.parametrize("fewer", [1, 2])
def test_fewer_of_a_fee_is_what_the_ledger_credits(
    acme: Organization, at: datetime, fewer: int
) -> None:
    price_id = fee_of(acme)
    answer = ask(acme, Wanted(at, more={price_id: -fewer}))
    before = current_invoice(acme).total_cents
    [service] = [one.service for one in current_invoice(acme).items if one.kind == "recurring"]
    with transaction():
        if fewer == 2:
            detach_service(service, at=at, now=at, actor=SUPPORT)
        else:
            change_quantity(service, Decimal(2 - fewer), at=at, now=at, actor=SUPPORT)
    assert answer.after - answer.before == current_invoice(acme).total_cents - before
    assert answer.full_after - answer.full_before == -2999 * fewer


def test_more_usage_is_rated_with_what_was_used_already(acme: Organization) -> None:
    usage = line_of(ask(acme, Wanted(NOW)), is_usage=True)
    doubled = line_of(ask(acme, Wanted(NOW, percent={usage.price_id: 200})), is_usage=True)
    none = line_of(ask(acme, Wanted(NOW, percent={usage.price_id: 0})), is_usage=True)
    assert none.quantity_after == 1800
    assert none.after == 9000
    assert doubled.after - usage.after == pytest.approx(usage.after - none.after, abs=1)
    assert doubled.full_after == pytest.approx(2 * usage.full_before, abs=1)


def test_usage_before_the_day_stays_as_it_is_expected(acme: Organization) -> None:
    usage = line_of(ask(acme, Wanted(NOW)), is_usage=True)
    end = current_invoice(acme).period_end
    at_the_end = line_of(ask(acme, Wanted(end, percent={usage.price_id: 500})), is_usage=True)
    assert at_the_end.after == usage.after


def test_a_price_that_is_new_is_rated_from_its_day_on(acme: Organization) -> None:
    with transaction():
        large = PriceFactory(name="Large server", version__unit_amount=Decimal(9600))
        storage = MeteredPriceFactory(name="Storage", meter="storage")
    answer = ask(acme, Wanted(NOW, more={large.id: 2}, units={large.id: 2}), added=large)
    line = next(one for one in answer.lines if one.name == "Large server")
    assert (line.before, line.full_after, line.quantity_after) == (0, 19_200, 2)
    assert 0 < line.after < 19_200
    answer = ask(
        acme, Wanted(NOW, units={storage.id: 3000}, more={storage.id: 3000}), added=storage
    )
    line = next(one for one in answer.lines if one.name == "Storage")
    assert (line.before, line.full_after) == (0, 15_000)
    assert 0 < line.after < 15_000


def test_currencies_without_decimals_stay_whole(db: SQLAlchemy) -> None:
    with transaction():
        tokyo = make_organization("tokyo", now=APRIL, currency="jpy")
        fee = PriceFactory(currency="jpy", version__unit_amount=Decimal(1800))
        make_service(tokyo, fee, at=APRIL, now=APRIL)
    answer = ask(tokyo, Wanted(LATER, more={fee.id: 1}))
    assert answer.full_after == 3600
    assert isinstance(answer.after, int)


QUANTITIES = st.lists(st.integers(0, 50), min_size=1, max_size=6)


@given(QUANTITIES, st.integers(-400, 400), SINCE)
def test_what_is_taken_away_is_never_more_than_there_is(
    quantities: list[int], more: int, since: datetime
) -> None:
    attached = [Attached([Held(APRIL, Decimal(count))]) for count in quantities]
    after = with_more(attached, more, since)
    held = total(one.at(since) for one in after)
    assert held == max(sum(quantities) + more, 0)
    assert total(one.at(since - timedelta(seconds=1)) for one in after) == sum(quantities)
