"""What is far from its habit, and what is not."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.budgets.habit import DAYS, Habit, floor_of

FLOOR = floor_of("usd")
AMOUNTS = st.lists(st.integers(0, 10**9), min_size=DAYS, max_size=DAYS)
# A week of ten dollars a day, and four at weekends.
WEEK = [1000, 1000, 1000, 1000, 1000, 400, 400]


def test_a_day_of_three_times_its_habit_is_far() -> None:
    habit = Habit(WEEK * 4, FLOOR)
    assert habit.is_known
    assert habit.of(0) == 1000
    assert habit.is_far(3200, 0)
    assert not habit.is_far(1900, 0)


def test_each_weekday_has_its_own_habit() -> None:
    habit = Habit(WEEK * 4, FLOOR)
    assert [habit.of(ahead) for ahead in range(8)] == [*WEEK, 1000]


def test_cents_alarm_nobody() -> None:
    assert not Habit([10] * DAYS, FLOOR).is_far(500, 0)
    assert not Habit([10] * DAYS, FLOOR).is_far(10 + FLOOR, 0)
    assert Habit([10] * DAYS, FLOOR).is_far(11 + FLOOR, 0)


def test_the_floor_is_some_ten_dollars_in_every_currency() -> None:
    assert (floor_of("usd"), floor_of("jpy")) == (1000, 1000)


def test_one_odd_day_neither_hides_the_next_nor_makes_it() -> None:
    odd = [*WEEK * 3, *[50_000, *WEEK[1:]]]
    assert Habit(odd, FLOOR).is_far(3200, 0)
    assert not Habit(odd, FLOOR).is_far(1900, 1)


def test_what_jumps_every_day_is_used_to_jumping() -> None:
    wild = [500, 4000] * (DAYS // 2)
    assert not Habit(wild, FLOOR).is_far(5000, 0)


def test_there_is_no_habit_of_few_days_or_of_rare_ones() -> None:
    assert not Habit([0] * 15 + [1000] * 13, FLOOR).is_known
    assert Habit([0] * 14 + [1000] * 14, FLOOR).is_known
    assert not Habit([5000, *[0] * 27], FLOOR).is_known
    assert not Habit([0] * DAYS, FLOOR).is_known


@given(AMOUNTS, st.integers(0, 13))
def test_what_is_far_is_above_twice_its_habit_and_by_more_than_the_floor(
    days: list[int], ahead: int
) -> None:
    habit = Habit(days, FLOOR)
    if not habit.is_known:
        return
    usual = habit.of(ahead)
    assert not habit.is_far(usual * 2, ahead)
    assert not habit.is_far(usual + FLOOR, ahead)


@given(AMOUNTS, st.integers(0, 13), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_day_that_goes_on_stays_far(days: list[int], ahead: int, cents: int, more: int) -> None:
    habit = Habit(days, FLOOR)
    if habit.is_known and habit.is_far(cents, ahead):
        assert habit.is_far(cents + more, ahead)
