"""How much more of a price is used until the end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.habit import EVEN, Habit
from dashboard.billing.pace import DAY_SECONDS, HABIT_DAYS, doubt, pace_of, seconds_by_weekday

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
instants = st.integers(0, 365 * DAY_SECONDS).map(lambda one: MONDAY + timedelta(seconds=one))


def days(count: float, start: datetime = MONDAY) -> tuple[int, ...]:
    return seconds_by_weekday(start, start + DAY * count)


def test_seconds_are_told_by_weekday() -> None:
    noon = MONDAY + timedelta(hours=12)
    assert seconds_by_weekday(noon, noon + DAY * 8) == (
        DAY_SECONDS + DAY_SECONDS // 2, DAY_SECONDS + DAY_SECONDS // 2, *[DAY_SECONDS] * 5
    )  # fmt: skip


@given(instants, st.integers(0, 40 * DAY_SECONDS))
def test_the_weekdays_of_a_time_add_up_to_it(start: datetime, seconds: int) -> None:
    end = start + timedelta(seconds=seconds)
    assert sum(seconds_by_weekday(start, end)) == seconds


@given(instants, st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_times_in_a_row_are_one(start: datetime, first: int, second: int) -> None:
    middle, end = start + timedelta(seconds=first), start + timedelta(seconds=first + second)
    halves = zip(seconds_by_weekday(start, middle), seconds_by_weekday(middle, end), strict=True)
    assert tuple(map(sum, halves)) == seconds_by_weekday(start, end)


def test_without_a_habit_it_goes_on_as_it_went() -> None:
    pace = pace_of(Decimal(100), days(10), days(20), None)
    assert pace is not None
    assert pace.in_period(days(20)) == 200


def test_at_the_start_only_the_habit_counts() -> None:
    pace = pace_of(Decimal(0), days(0), days(30), Habit(Decimal(7), 1))
    assert pace is not None
    assert pace.in_period(days(30)) == 210


def test_seconds_of_a_burst_do_not_outweigh_the_habit() -> None:
    # A day's usage in the first minute: without a habit this would be 1,440 times as much.
    pace = pace_of(
        Decimal(10),
        seconds_by_weekday(MONDAY, MONDAY + timedelta(minutes=1)),
        days(30),
        Habit(Decimal(10), 1),
    )
    assert pace is not None
    assert pace.in_period(days(30)) < 30 * 10 * (HABIT_DAYS + 1) / HABIT_DAYS + 1


def test_the_habit_counts_less_the_more_is_seen() -> None:
    habit = Habit(Decimal(100), 1)
    after = []
    for seen in (1, 5, 15, 25):
        pace = pace_of(Decimal(10 * seen), days(seen), days(30 - seen), habit)
        assert pace is not None
        after.append(pace.in_period(days(1)))
    assert after == sorted(after, reverse=True)
    assert 10 < after[-1] < 25


def test_nothing_seen_and_no_habit_tells_nothing() -> None:
    assert pace_of(Decimal(0), days(0), days(30), None) is None


def test_a_weekend_to_come_is_a_weekend() -> None:
    habit = Habit(Decimal(10), 1, (1400, 1400, 1400, 1400, 1400, 0, 0))
    pace = pace_of(Decimal(70), days(5), days(2), habit)
    assert pace is not None
    assert pace.in_period(days(2, MONDAY + DAY * 5)) == 0


def test_doubt_grows_with_what_is_to_come_and_with_a_habit_that_is_wrong() -> None:
    habit = Habit(Decimal(10), 1, EVEN, 200)
    as_ever = doubt(Decimal(150), days(15), days(15), habit)
    assert doubt(Decimal(450), days(15), days(15), habit) > as_ever
    assert doubt(Decimal(150), days(15), days(15), Habit(Decimal(10), 1, EVEN, 900)) > as_ever
    assert doubt(Decimal(30), days(3), days(27), habit) > as_ever
    assert doubt(Decimal(300), days(30), days(0), habit) == 0


def test_what_rises_goes_on_rising() -> None:
    paces = [
        pace_of(Decimal(100), days(10), days(20), Habit(Decimal(10), 1, EVEN, 0, trend, trend))
        for trend in (-200, 0, 200)
    ]
    units = [pace.in_period(days(20)) for pace in paces if pace]
    assert units[1] == 200
    assert units[0] < 200 < units[2]


def test_what_falls_does_not_fall_below_nothing() -> None:
    pace = pace_of(Decimal(10), days(1), days(29), Habit(Decimal(10), 1, EVEN, 0, -900, -900))
    assert pace is not None
    assert pace.in_period(days(29)) > 0
