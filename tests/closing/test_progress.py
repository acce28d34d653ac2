"""How far the close is: what is counted, what it waits for, and how long it goes on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.closing.held import Held
from dashboard.closing.progress import Counts, Means, progress

NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
RATE = Means(per_second=12.5, workers=4)
# 20,000 to close, of which a good part is done; 82 a minute were issued of late.
MIDWAY = Counts(sealed=6839, on_hold=41, done=13_120, recent=410, recent_seconds=300.0)


def test_the_close_of_the_month_in_a_sentence() -> None:
    told = progress(MIDWAY, RATE, now=NOW)
    assert (told.total, told.done, told.on_hold) == (20_000, 13_120, 41)
    assert (told.minutes_left, told.limit, told.percent) == (84, "pace", 65)


def test_without_a_pace_it_goes_by_stripes_rate() -> None:
    told = progress(Counts(sealed=7500), RATE, now=NOW)
    assert (told.minutes_left, told.limit, told.per_minute) == (10, "rate", 750)


def test_a_pace_near_stripes_rate_is_that_rate() -> None:
    counts = replace(MIDWAY, recent=3000)
    assert progress(counts, RATE, now=NOW).limit == "rate"


@pytest.mark.parametrize(
    ("counts", "means", "limit"),
    [
        (Counts(), RATE, "idle"),
        (Counts(done=5), RATE, "done"),
        (Counts(sealed=9000, spread=8990), RATE, "spread"),
        (Counts(sealed=9000, spread=4000), RATE, "rate"),
        (Counts(done=5, on_hold=2), RATE, "holds"),
        (MIDWAY, replace(RATE, held=Held("Wait.", NOW + HOUR)), "held"),
        (MIDWAY, replace(RATE, away_seconds=30), "away"),
        (MIDWAY, replace(RATE, workers=0), "workers"),
        (Counts(closing=9, grace_ends=NOW + HOUR), RATE, "grace"),
        (Counts(sealed=9), RATE, "supply"),
        (Counts(sealed=40, ended=900, recent=90, recent_seconds=300.0), RATE, "supply"),
        (Counts(sealed=9, trying=9), RATE, "trying"),
    ],
)
def test_what_it_waits_for_is_named(counts: Counts, means: Means, limit: str) -> None:
    assert progress(counts, means, now=NOW).limit == limit


def test_a_pause_is_waited_for_and_then_the_work_is_done() -> None:
    means = replace(RATE, held=Held("Wait.", NOW + HOUR))
    assert progress(Counts(sealed=7500), means, now=NOW).minutes_left == 70


def test_what_is_held_without_an_end_has_none() -> None:
    means = replace(RATE, held=Held("Restored.", None))
    assert progress(MIDWAY, means, now=NOW).minutes_left is None


def test_it_ends_no_sooner_than_the_grace() -> None:
    grace = Counts(closing=750, grace_ends=NOW + HOUR)
    assert progress(grace, RATE, now=NOW).minutes_left == 61


def test_all_is_done_only_when_all_is() -> None:
    assert progress(Counts(sealed=1, done=19_999), RATE, now=NOW).percent == 99
    assert progress(Counts(done=20_000), RATE, now=NOW).percent == 100
    assert progress(Counts(), RATE, now=NOW).percent == 100


number = st.integers(0, 10**6)


@given(
    counts=st.builds(
        Counts, number, number, number, number, number, number, number,
        st.floats(0, 600, allow_nan=False),
    ),
    more=number,
    seconds=st.integers(0, 10**6),
)  # fmt: skip
def test_more_to_do_never_takes_less_and_everything_is_counted_once(
    counts: Counts, more: int, seconds: int
) -> None:
    means = replace(RATE, held=Held("Wait.", NOW + timedelta(seconds=seconds)))
    told = progress(counts, means, now=NOW)
    longer = progress(replace(counts, sealed=counts.sealed + more), means, now=NOW)
    assert told.total == told.done + told.left + told.on_hold
    assert told.seconds_left is not None
    assert longer.seconds_left is not None
    assert 0 <= told.seconds_left <= longer.seconds_left
    assert 0 <= told.percent <= 100
