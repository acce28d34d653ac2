"""What is odd of a bill before it closes, and in which night a day is rehearsed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard.close_rehearsal.anomalies import Meter, anomalies
from dashboard.close_rehearsal.rounds import night_before
from dashboard.reading.rehearsals import seconds_at_rate

TODAY = date(2026, 4, 30)
REPORTS = Meter(days_before=30, length_before=31, days=29, last_day=TODAY)


@pytest.mark.parametrize(
    ("expected", "before", "found"),
    [
        (5000, 5000, []),
        (5000, None, []),
        (0, 5000, ["zero"]),
        (0, 0, []),
        (0, None, []),
        (20_000, 5000, []),
        (20_001, 5000, ["jump"]),
        (9999, 0, []),
        (-1, 5000, ["negative"]),
        (-1, None, ["negative"]),
    ],
)
def test_what_it_comes_to(expected: int, before: int | None, found: list[str]) -> None:
    assert anomalies(expected, before, [REPORTS], today=TODAY) == found


@pytest.mark.parametrize(
    ("meter", "found"),
    [
        (REPORTS, []),
        (REPORTS._replace(days=0, last_day=date(2026, 3, 31)), ["silent"]),
        (REPORTS._replace(days=26, last_day=TODAY - timedelta(days=2)), []),
        (REPORTS._replace(days=26, last_day=TODAY - timedelta(days=3)), ["quiet"]),
        # One that reports now and then, or had a short cycle, may well be silent.
        (Meter(20, 31, 0, None), []),
        (Meter(6, 6, 0, None), []),
    ],
)
def test_what_its_meters_report(meter: Meter, found: list[str]) -> None:
    assert anomalies(5000, 5000, [REPORTS, meter], today=TODAY) == found


def test_the_largest_day_is_rehearsed_in_the_night_before_it() -> None:
    first, other = date(2026, 5, 1), date(2026, 4, 30)
    ends = {first: 20_000, other: 12}
    assert night_before(ends, datetime(2026, 4, 30, 12, 1, tzinfo=UTC)) == first
    assert night_before(ends, datetime(2026, 4, 30, 11, 59, tzinfo=UTC)) is None
    assert night_before(ends, datetime(2026, 4, 29, 18, tzinfo=UTC)) is None
    assert night_before(ends, datetime(2026, 5, 1, 0, 0, tzinfo=UTC)) is None
    assert night_before({}, datetime(2026, 4, 30, 18, tzinfo=UTC)) is None


def test_of_two_days_as_large_the_first_is_rehearsed() -> None:
    ends = {date(2026, 5, 2): 5, date(2026, 5, 1): 5}
    assert night_before(ends, datetime(2026, 4, 30, 18, tzinfo=UTC)) == date(2026, 5, 1)


def test_the_time_at_the_rate_is_that_of_what_binds() -> None:
    assert seconds_at_rate(4000, 2000, account=100, endpoint=25) == 80
    assert seconds_at_rate(20_000, 2000, account=100, endpoint=25) == 200
