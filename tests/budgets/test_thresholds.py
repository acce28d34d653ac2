"""How much of a budget is used, and when it will likely be crossed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.budgets.thresholds import THRESHOLDS, Budget, crossing, measure

NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)
END = datetime(2026, 12, 6, tzinfo=UTC)
CENTS = st.integers(1, 10**12)
OWED = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("used", "percent"),
    [(0, 0), (-500, 0), (4999, 49), (5000, 50), (9999, 99), (10_000, 100), (10_400, 104)],
)
def test_a_percentage_is_said_once_it_is_reached_and_a_credit_has_used_nothing(
    used: int, percent: int
) -> None:
    assert Budget(10_000, used).percent == percent


@given(CENTS, OWED)
def test_a_threshold_is_reached_from_its_amount_on(cents: int, used: int) -> None:
    budget = Budget(cents, used)
    for percent in THRESHOLDS:
        assert budget.reached(percent) == (used >= budget.at(percent))
        assert budget.reached(percent) == (budget.percent >= percent)


@given(CENTS, OWED, OWED)
def test_a_crossing_lies_in_the_cycle_and_only_where_there_will_likely_be_one(
    cents: int, used: int, likely: int
) -> None:
    at = crossing(cents, used, likely, NOW, END)
    assert (at is not None) == (used < cents < likely)
    assert at is None or NOW <= at < END


def test_half_of_the_way_is_crossed_at_half_of_the_time() -> None:
    budget = measure(300_000, 200_000, 400_000, now=NOW, ends_at=END)
    assert budget.crosses_at == NOW + (END - NOW) / 2
    assert budget.is_notable
    assert not budget.is_over


@pytest.mark.parametrize("likely", [None, 300_000, 250_000])
def test_nothing_is_foretold_that_is_not_likely(likely: int | None) -> None:
    assert measure(300_000, 200_000, likely, now=NOW, ends_at=END).crosses_at is None


def test_what_was_crossed_is_not_foretold_and_neither_is_what_is_over() -> None:
    assert measure(100, 100, 900, now=NOW, ends_at=END).crosses_at is None
    assert measure(100, 90, 900, now=END, ends_at=END).crosses_at is None
    assert measure(100, 99, 101, now=END - timedelta(seconds=1), ends_at=END).crosses_at is not None
