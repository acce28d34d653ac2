"""Each threshold is told once for each cycle and amount, whatever the bill does meanwhile."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_early, roll_over
from dashboard.budgets.look import find_moved
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.budgets.support import budget, charge, look, mailed, member, told
from tests.factories import NOW, SUPPORT, make_organization
from tests.support.queries import count_queries

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """An organization with a budget of a hundred dollars and a member."""
    with transaction():
        made = make_organization("acme")
    member(made)
    budget(made, 10_000)
    return made


def test_thresholds_are_told_as_they_are_reached(acme: Organization) -> None:
    assert look() == 0
    charge(acme, 4_999)
    assert look() == 0
    charge(acme, 1)
    assert look() == 1
    charge(acme, 2_500)
    charge(acme, 1_500)
    look()
    charge(acme, 1_000)
    look()
    used = [(percent, cents) for kind, percent, cents in told(acme) if kind == "used"]
    assert used == [(50, 5_000), (75, 9_000), (90, 9_000), (100, 10_000)]


def test_of_several_that_are_reached_at_once_the_highest_is_mailed(acme: Organization) -> None:
    charge(acme, 9_500)
    assert look() == 3
    assert mailed() == [("ada@example.com", 90)]


def test_a_bill_that_sinks_and_rises_again_is_told_nothing_twice(acme: Organization) -> None:
    charge(acme, 8_000)
    look()
    charge(acme, -6_000)
    look()
    charge(acme, 6_000)
    assert look() == 0
    assert [percent for _, percent, _ in told(acme)] == [50, 75]


@pytest.mark.parametrize("cents", [-5_000, 0])
def test_a_bill_of_nothing_or_of_credits_reaches_nothing(acme: Organization, cents: int) -> None:
    if cents:
        charge(acme, cents)
    assert look() == 0


def test_another_amount_is_another_budget(acme: Organization) -> None:
    charge(acme, 9_500)
    look()
    budget(acme, 15_000)
    assert look() == 1
    budget(acme, 10_000)
    assert look() == 0
    budget(acme, 9_500)
    look()
    percents = [percent for _, percent, _ in told(acme)]
    assert percents == [50, 75, 90, 50, 50, 75, 90, 100]
    assert [percent for _, percent in mailed()] == [90, 50, 100]


def test_a_budget_that_was_taken_away_tells_nothing(acme: Organization) -> None:
    budget(acme, None)
    charge(acme, 9_500)
    assert look() == 0


def test_the_next_cycle_starts_at_nothing(acme: Organization) -> None:
    charge(acme, 6_000)
    look()
    later = NOW + timedelta(days=31)
    with transaction():
        roll_over(acme, now=later)
    assert look(now=later) == 0
    charge(acme, 6_000)
    assert look(now=later) == 1
    assert [percent for _, percent, _ in told(acme)] == [50, 50]


def test_an_early_roll_gives_a_cycle_no_second_budget(acme: Organization) -> None:
    charge(acme, 6_000)
    look()
    with transaction():
        roll_early(acme, reason="A test", actor=SUPPORT, now=NOW)
    assert look() == 0
    charge(acme, 1_500)
    assert look() == 1
    assert told(acme)[-1] == ("used", 75, 7_500)


def test_amounts_without_decimals_are_whole(db: SQLAlchemy) -> None:
    with transaction():
        tokyo = make_organization("tokyo", currency="jpy")
    budget(tokyo, 333)
    charge(tokyo, 166)
    assert look() == 0
    charge(tokyo, 1)
    assert look() == 1


def test_only_members_who_want_it_are_mailed(acme: Organization) -> None:
    member(acme, "bea", mails_budget=False)
    member(acme, "cy", mails_unusual=False, role="billing")
    member(acme, "dee", role="reader")
    charge(acme, 5_000)
    look()
    assert mailed() == [("ada@example.com", 50), ("cy@example.com", 50)]


def test_where_no_mail_can_be_sent_it_is_listed_and_no_mail_waits(acme: Organization) -> None:
    charge(acme, 5_000)
    assert look(is_mailed=False) == 1
    assert mailed() == []


def test_what_did_not_move_is_not_looked_at_again(acme: Organization) -> None:
    charge(acme, 5_000)
    look()
    assert find_moved(0, most=10, now=NOW).organization_ids == ()
    charge(acme, 1)
    assert list(find_moved(0, most=10, now=NOW).organization_ids) == [acme.id]


def test_a_walk_comes_to_everybody_in_a_fixed_number_of_statements(
    acme: Organization, db: SQLAlchemy
) -> None:
    others = []
    with transaction():
        others = [make_organization(f"other-{number}") for number in range(5)]
    for one in others:
        budget(one, 100)
        charge(one, 60)
    assert look() == 5
    for one in others:
        charge(one, 20)
    with count_queries(db.engine) as queries, transaction():
        found = find_moved(0, most=100, now=NOW)
    assert (len(found.organization_ids), queries.count) == (5, 1)


def test_a_budget_moves_nothing_of_the_bill(acme: Organization) -> None:
    charge(acme, 9_900)
    before = current_invoice(acme)
    was = (before.revision, before.total_cents, before.next_sync_at)
    look()
    budget(acme, 1)
    look()
    after = current_invoice(acme)
    assert (after.revision, after.total_cents, after.next_sync_at) == was
