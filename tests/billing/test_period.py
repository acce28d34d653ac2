"""Periods and monthly boundaries."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.period import (
    Period,
    month_boundary,
    period_containing,
    second_after,
    whole_second,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
instants = st.integers(0, 100 * 365 * 86_400).map(
    lambda seconds: EPOCH + timedelta(seconds=seconds)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(instants, instants)
def test_every_instant_lies_in_the_month_found_for_it(anchor, instant):
    assert period_containing(anchor, instant).contains(instant)


@given(instants, st.integers(-600, 600))
def test_months_follow_each_other_without_gap_or_overlap(anchor, k):
    period = period_containing(anchor, month_boundary(anchor, k))
    assert (period.start, period.index) == (month_boundary(anchor, k), k)
    assert period.end == month_boundary(anchor, k + 1) > period.start


@pytest.mark.parametrize(
    ("k", "boundary"),
    [
        (1, "2026-02-28T09:00"),
        (2, "2026-03-31T09:00"),
        (3, "2026-04-30T09:00"),
        (25, "2028-02-29T09:00"),
    ],
)
def test_an_anchor_on_the_31st_is_clamped_and_comes_back(k, boundary):
    assert month_boundary(at("2026-01-31T09:00"), k) == at(boundary)


def test_the_end_belongs_to_the_next_period():
    period = Period(at("2026-01-01"), at("2026-02-01"))
    assert period.contains(period.start)
    assert not period.contains(period.end)


def test_clipping_keeps_what_two_periods_share():
    january, middle = (
        Period(at("2026-01-01"), at("2026-02-01")),
        Period(at("2026-01-20"), at("2026-02-20")),
    )
    assert january.clip(middle) == Period(at("2026-01-20"), at("2026-02-01"))
    assert january.clip(Period(january.end, january.end + timedelta(days=1))) is None


def test_a_started_second_does_not_count():
    start = at("2026-01-01")
    assert Period(start, start + timedelta(milliseconds=1999)).seconds == 1
    assert whole_second(start + timedelta(milliseconds=1999)) == start + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2)]
)
def test_what_ends_within_a_second_ends_with_it(milliseconds, seconds):
    start = at("2026-01-01")
    assert second_after(start + timedelta(milliseconds=milliseconds)) == (
        start + timedelta(seconds=seconds)
    )


LOS_ANGELES = ZoneInfo("America/Los_Angeles")


@given(
    instants, instants, st.sampled_from(["America/Los_Angeles", "Asia/Kolkata", "Europe/Dublin"])
)
def test_the_zone_an_instant_is_told_in_moves_no_month(anchor, instant, zone):
    told = period_containing(anchor.astimezone(ZoneInfo(zone)), instant.astimezone(ZoneInfo(zone)))
    wanted = period_containing(anchor, instant)
    assert (told, told.index, told.seconds) == (wanted, wanted.index, wanted.seconds)
    assert told.start.tzinfo is told.end.tzinfo is UTC


def test_an_hour_that_a_zone_repeats_is_counted():
    day = datetime(2026, 11, 1, tzinfo=LOS_ANGELES)
    assert Period(day, day + timedelta(days=1)).seconds == 25 * 3600


def test_an_instant_without_a_zone_has_no_period():
    naive = at("2026-01-01").replace(tzinfo=None)
    with pytest.raises(ValueError, match="2026-01-01 00:00:00 has no zone"):
        period_containing(at("2026-01-01"), naive)
