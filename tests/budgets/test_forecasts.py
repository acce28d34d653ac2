"""That a budget will likely be crossed is told once, and only while it is news."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.budgets.models import BudgetAlert, BudgetLook
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.budgets.support import budget, charge, look, mailed, member, told, use
from tests.factories import APRIL, NOW, MeteredPriceFactory, make_organization, make_service

pytestmark = pytest.mark.usefixtures("db")
HOUR = timedelta(hours=1)


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """Ten days into its first cycle, in which it uses ten dollars a day."""
    with transaction():
        made = make_organization("acme", now=APRIL)
        make_service(made, MeteredPriceFactory(), at=APRIL)
    member(made)
    for day in range(9):
        use("acme", 200, APRIL + timedelta(days=day, hours=12))
    return made


def forecasts(db: SQLAlchemy) -> list[BudgetAlert]:
    """Return the forecasts that were told."""
    return list(db.session.scalars(select(BudgetAlert).where(BudgetAlert.kind == "forecast")))


def test_it_is_told_once_with_the_day_of_the_crossing(acme: Organization, db: SQLAlchemy) -> None:
    budget(acme, 20_000)
    assert look() == 1
    [alert] = forecasts(db)
    assert alert.cents > 20_000
    assert alert.crosses_at is not None
    assert alert.crosses_at.date().month == 4
    assert alert.crosses_at > NOW
    assert mailed() == [("ada@example.com", 100)]
    use("acme", 10, NOW)
    assert look(now=NOW + 2 * HOUR) == 0


def test_a_budget_that_will_likely_hold_is_told_nothing(acme: Organization) -> None:
    budget(acme, 100_000)
    assert look() == 0


def test_what_is_used_up_is_not_foretold(acme: Organization) -> None:
    budget(acme, 5_000)
    look()
    assert {kind for kind, _, _ in told(acme)} == {"used"}


def test_a_busy_bill_is_foretold_once_an_hour_and_a_quiet_one_once_a_day(
    acme: Organization, db: SQLAlchemy
) -> None:
    budget(acme, 100_000)
    look()
    first = db.session.scalars(select(BudgetLook)).one().forecast_at
    assert first == NOW
    use("acme", 1, NOW)
    look(now=NOW + HOUR / 2)
    assert db.session.scalars(select(BudgetLook)).one().forecast_at == NOW
    look(now=NOW + 2 * HOUR)
    assert db.session.scalars(select(BudgetLook)).one().forecast_at == NOW + 2 * HOUR
    look(now=NOW + 20 * HOUR)
    assert db.session.scalars(select(BudgetLook)).one().forecast_at == NOW + 2 * HOUR
    look(now=NOW + 27 * HOUR)
    assert db.session.scalars(select(BudgetLook)).one().forecast_at == NOW + 27 * HOUR


def test_too_early_in_a_cycle_nothing_is_foretold(db: SQLAlchemy) -> None:
    with transaction():
        young = make_organization("young", anchor=NOW - 3 * HOUR, now=NOW - 3 * HOUR)
        make_service(young, MeteredPriceFactory(), at=NOW - 3 * HOUR)
    use("young", 400, NOW - HOUR)
    budget(young, 10_000)
    assert look() == 0


def test_another_amount_is_foretold_anew(acme: Organization) -> None:
    budget(acme, 20_000)
    look()
    budget(acme, 22_000)
    assert look() == 1
    charge(acme, 1)
    assert look() == 0
