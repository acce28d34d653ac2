"""What the days of a cycle say about the usage of the next."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.habit import EVEN, MILLE, Habit, habit_of

MONDAY = date(2026, 6, 1)


def units(*every: float) -> list[Decimal]:
    return [Decimal(str(one)) for one in every]


def test_the_pace_is_that_of_the_last_two_weeks() -> None:
    habit = habit_of(MONDAY, units(*[10] * 16, *[30] * 14), 500)
    assert habit is not None
    assert (habit.pace, habit.cents) == (Decimal(30), 500)


def test_a_step_is_a_shift_and_no_trend() -> None:
    step = habit_of(MONDAY, units(*[10] * 16, *[30] * 14), 1)
    rise = habit_of(MONDAY, units(*range(100, 130)), 1)
    assert step is not None
    assert rise is not None
    assert (step.shift > 0, step.trend) == (True, 0)
    assert 0 < rise.trend <= rise.shift


def test_chance_is_no_trend() -> None:
    habit = habit_of(MONDAY, units(*[0, 0, 0, 0, 0, 40, 1] * 4), 1)
    assert habit is not None
    assert abs(habit.trend) < 50


def test_a_day_of_the_week_keeps_its_share() -> None:
    week = [100, 100, 100, 100, 100, 0, 0]
    habit = habit_of(MONDAY, units(*week * 4), 1)
    assert habit is not None
    monday, saturday = habit.weekdays[0], habit.weekdays[5]
    # Drawn towards an ordinary day, as four weeks are not many.
    assert MILLE < monday < 1400
    assert 0 < saturday < 500


def test_the_first_weekday_is_found_from_the_first_day() -> None:
    week = [0, 100, 100, 100, 100, 100, 100]
    habit = habit_of(MONDAY + timedelta(days=3), units(*week * 4), 1)
    assert habit is not None
    assert min(habit.weekdays) == habit.weekdays[3]


def test_days_before_the_first_usage_do_not_count() -> None:
    habit = habit_of(MONDAY, units(*[0] * 20, *[30] * 10), 1)
    assert habit == Habit(Decimal(30), 1)


def test_a_week_seen_once_has_no_habit() -> None:
    habit = habit_of(MONDAY, units(0, 70, 0, 70, 0, 70, 0), 1)
    assert habit is not None
    assert habit.weekdays == EVEN


@pytest.mark.parametrize("days", [[], [0, 0, 0]])
def test_nothing_used_is_no_habit(days: list[int]) -> None:
    assert habit_of(MONDAY, units(*days), 0) is None


def test_an_even_customer_is_sure_and_an_uneven_one_is_not() -> None:
    even, uneven = (
        habit_of(MONDAY, units(*[10] * 30), 1),
        habit_of(MONDAY, units(*[0, 0, 30] * 10), 1),
    )
    assert even is not None
    assert uneven is not None
    assert even.spread == 0
    assert uneven.spread > MILLE


@given(
    st.lists(st.decimals(0, 10**20, places=12), min_size=1, max_size=31),
    st.integers(0, 6),
    st.integers(0, 10**15),
)
def test_a_habit_is_read_as_it_was_kept(days: list[Decimal], weekday: int, cents: int) -> None:
    habit = habit_of(MONDAY + timedelta(days=weekday), days, cents)
    if habit is None:
        assert not any(days)
    else:
        assert Habit.from_json(habit.to_json()) == habit
        assert min(days) <= habit.pace <= max(days)
        assert len(habit.weekdays) == 7
