"""Closes are spread over a window: evenly, always the same, and never too late."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.closing_window import SAFE, minute_within, safe_window, turn_of

END = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENDS = st.integers(0, 10_000 * 24).map(lambda hours: END + hours * HOUR)
IDS = st.integers(1, 2**60)
SPANS = st.timedeltas(timedelta(), timedelta(days=4))


def test_without_a_window_all_are_issued_at_once() -> None:
    assert {minute_within(one, END, timedelta()) for one in range(100)} == {timedelta()}


def test_a_window_is_filled_evenly() -> None:
    found = Counter(minute_within(one, END, 3 * HOUR) // HOUR for one in range(3000))
    assert set(found) == {0, 1, 2}
    assert all(900 < number < 1100 for number in found.values())


def test_another_month_is_another_minute() -> None:
    window, later = 3 * HOUR, END + timedelta(days=31)
    moved = sum(minute_within(one, END, window) != minute_within(one, later, window)
                for one in range(100))  # fmt: skip
    assert moved > 90


@given(IDS, ENDS, SPANS, SPANS, SPANS)
def test_a_turn_is_after_the_grace_and_long_before_stripe_acts(
    one: int, end: datetime, window: timedelta, grace: timedelta, stripe: timedelta
) -> None:
    def turn() -> datetime:
        safe = safe_window(window, grace=grace, autofinalize=stripe)
        return turn_of(one, end, window=safe, grace=grace)

    assert turn() == turn()
    assert end + grace <= turn() <= end + grace + window
    if stripe and turn() > end + grace:
        assert turn() <= end + stripe - SAFE


@given(IDS, ENDS, SPANS, st.timedeltas(timedelta(), timedelta(days=3)))
def test_what_stripe_would_issue_soon_is_not_put_off(
    one: int, end: datetime, window: timedelta, ahead: timedelta
) -> None:
    at = end + ahead
    found = turn_of(one, end, window=window, grace=HOUR, issued_by_stripe_at=at)
    assert found <= at - SAFE


def test_the_window_is_cut_to_what_is_safe() -> None:
    assert safe_window(90 * HOUR, grace=HOUR, autofinalize=72 * HOUR) == 59 * HOUR
    assert safe_window(3 * HOUR, grace=HOUR, autofinalize=timedelta()) == 3 * HOUR
    assert safe_window(3 * HOUR, grace=HOUR, autofinalize=2 * HOUR) == timedelta()
