"""The standing of an organization, from the rules, what it owes and the time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.standing.rules import (
    STANDINGS,
    Debt,
    Override,
    Rules,
    Standing,
    by_rules,
    standing_of,
)

NOW = datetime(2030, 4, 15, 12, tzinfo=UTC)
RULES = Rules(7, 30, Decimal(20), {"jpy": Decimal(3000)})


def debt(days: float, cents: int = 10_000, currency: str = "usd") -> Debt:
    """Return an invoice that is late for so many days."""
    return Debt(NOW - timedelta(days=days), cents, currency)


def test_without_rules_everybody_is_good() -> None:
    assert Rules().are_off
    assert by_rules(Rules(), [debt(1000)], NOW) == "good"


@pytest.mark.parametrize(
    ("days", "standing"),
    [(0, "good"), (6.99, "good"), (7, "warned"), (29.99, "warned"), (30, "suspended")],
)
def test_days_are_counted_to_the_second(days: float, standing: str) -> None:
    assert by_rules(RULES, [debt(days)], NOW) == standing


def test_too_little_to_matter_changes_nothing_however_old() -> None:
    assert by_rules(RULES, [debt(400, cents=1999)], NOW) == "good"
    assert by_rules(RULES, [debt(400, cents=2000)], NOW) == "suspended"


def test_only_what_is_that_old_counts_towards_the_amount() -> None:
    owed = [debt(40, cents=1000), debt(8, cents=50_000)]
    assert by_rules(RULES, owed, NOW) == "warned"
    assert by_rules(RULES, [debt(40, cents=1000), debt(31, cents=1000)], NOW) == "suspended"


def test_amounts_of_two_currencies_are_not_added_up() -> None:
    owed = [debt(40, cents=1500), debt(40, cents=1500, currency="eur")]
    assert by_rules(RULES, owed, NOW) == "good"


def test_a_currency_has_its_own_minimum_in_its_own_units() -> None:
    assert by_rules(RULES, [debt(40, cents=2999, currency="jpy")], NOW) == "good"
    assert by_rules(RULES, [debt(40, cents=3000, currency="jpy")], NOW) == "suspended"


def test_suspending_alone_never_warns() -> None:
    assert by_rules(Rules(None, 10), [debt(9)], NOW) == "good"
    assert by_rules(Rules(None, 10), [debt(10)], NOW) == "suspended"


def test_a_debt_of_nothing_is_none() -> None:
    assert by_rules(Rules(0, 0), [debt(5, cents=0)], NOW) == "good"


@pytest.mark.parametrize("standing", STANDINGS)
def test_what_a_person_set_holds_until_its_end_and_not_a_second_longer(standing: Standing) -> None:
    override = Override(standing, NOW)
    assert standing_of("warned", override, NOW - timedelta(seconds=1)) == standing
    assert standing_of("warned", override, NOW) == "warned"
    assert standing_of("warned", None, NOW) == "warned"


days = st.one_of(st.none(), st.integers(0, 60))
debts = st.lists(st.builds(debt, st.integers(0, 90), st.integers(0, 9000)), max_size=5)


@given(warn=days, suspend=days, owed=debts, more=st.integers(0, 40))
def test_waiting_longer_or_owing_more_never_makes_it_better(
    warn: int | None, suspend: int | None, owed: list[Debt], more: int
) -> None:
    rules = Rules(warn, suspend, Decimal(20))
    before = STANDINGS.index(by_rules(rules, owed, NOW))
    later = STANDINGS.index(by_rules(rules, owed, NOW + timedelta(days=more)))
    larger = STANDINGS.index(by_rules(rules, [*owed, debt(more)], NOW))
    assert later >= before
    assert larger >= before
