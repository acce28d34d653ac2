"""When cycles begin: of each length, in any zone, held against calendars by another way."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.period import SHORTEST, CycleRule, Period, period_containing
from dashboard.intervals import INTERVALS, MONTHS, times_in
from dashboard.zones import is_zone, zone_named, zone_names

SUNDAY = 6
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Gaps and folds in spring and in autumn, at midnight too; half hours; one that skipped a day; UTC.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
instants = st.integers(0, 60 * 365 * 86_400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
rules = st.builds(CycleRule, instants, st.sampled_from(INTERVALS), st.sampled_from(ZONES))
numbers = st.integers(-300, 300)


def at(text: str, zone: str = "UTC") -> datetime:
    """Return the instant at which the clocks of a zone show this, the first if they do twice."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shown(instant: datetime, zone: str) -> datetime:
    """Return what the clocks of a zone show then."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def is_shown(wall: datetime, zone: str) -> bool:
    """Whether the clocks of a zone ever show this."""
    return shown(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone) == wall


@given(rules, numbers)
def test_cycles_follow_each_other_without_gap_or_overlap(rule: CycleRule, k: int) -> None:
    one, following = (rule.containing(rule.boundary(number)) for number in (k, k + 1))
    assert (one.index, following.index) == (k, k + 1)
    assert one.start < one.end == following.start


@given(rules, instants)
def test_every_instant_lies_in_the_cycle_found_for_it(rule: CycleRule, instant: datetime) -> None:
    period = rule.containing(instant)
    assert period.contains(instant)
    assert (period.start, period.end) == (
        rule.boundary(period.index),
        rule.boundary(period.index + 1),
    )
    assert period.start.tzinfo is period.end.tzinfo is UTC


@given(rules)
def test_the_anchor_is_a_boundary(rule: CycleRule) -> None:
    assert rule.boundary(0) == rule.anchor


@given(rules, numbers)
def test_boundaries_are_at_the_anchors_hour_and_day_by_the_zones_calendar(
    rule: CycleRule, k: int
) -> None:
    begun = shown(rule.anchor, rule.zone)
    if rule.interval == "week":
        wanted = begun + timedelta(days=7 * k)
    else:
        years, month = divmod(begun.month - 1 + MONTHS[rule.interval] * k, 12)
        year = begun.year + years
        last = monthrange(year, month + 1)[1]
        wanted = begun.replace(year=year, month=month + 1, day=min(begun.day, last))
    boundary = rule.boundary(k)
    if is_shown(wanted, rule.zone):
        assert shown(boundary, rule.zone) == wanted
    else:
        # So much later as the clocks were put forward, or before, by which of two it is counted.
        assert abs(shown(boundary, rule.zone) - wanted) <= timedelta(days=1)


@given(instants, instants, st.sampled_from(ZONES))
def test_a_month_in_utc_is_what_it_always_was(
    anchor: datetime, instant: datetime, zone: str
) -> None:
    rule = CycleRule(anchor.astimezone(ZoneInfo(zone)))
    period = rule.containing(instant.astimezone(ZoneInfo(zone)))
    assert (period, period.index) == (
        period_containing(anchor, instant),
        period_containing(anchor, instant).index,
    )
    assert rule.following(period.start).period == period
    months = (period.start.year - anchor.year) * 12 + period.start.month - anchor.month
    assert period.index == months
    assert period.start.time() == period.end.time() == anchor.time()


@given(rules, numbers)
def test_a_cycle_that_begins_at_a_boundary_is_a_whole_one(rule: CycleRule, k: int) -> None:
    start = rule.boundary(k)
    following = rule.following(start)
    assert following.period == Period(start, rule.boundary(k + 1))
    assert following.whole_seconds == following.period.seconds


@given(rules, instants)
def test_a_cycle_that_begins_between_boundaries_ends_with_one_and_is_never_more_than_whole(
    rule: CycleRule, start: datetime
) -> None:
    following = rule.following(start)
    assert following.period.start == start
    end = rule.containing(following.period.end)
    assert end.start == following.period.end
    assert following.period.seconds >= SHORTEST.total_seconds()
    assert following.whole_seconds >= following.period.seconds
    # From there on they are whole.
    assert rule.following(following.period.end).period == end


@pytest.mark.parametrize(
    ("anchor", "k", "boundary"),
    [
        ("2026-01-29T10:00", 1, "2026-02-28T10:00"),
        ("2026-01-30T10:00", 2, "2026-03-30T10:00"),
        ("2026-01-31T00:30", 1, "2026-02-28T00:30"),
        ("2026-01-31T00:30", 2, "2026-03-31T00:30"),
        ("2026-01-31T00:30", 25, "2028-02-29T00:30"),
        # At half past two the clocks of 29 March showed half past three.
        ("2026-01-29T02:30", 2, "2026-03-29T03:30"),
        ("2026-01-29T02:30", 3, "2026-04-29T02:30"),
        # Half past two of 25 October is there twice: the first.
        ("2026-01-25T02:30", 9, "2026-10-25T02:30"),
    ],
)
def test_months_go_by_the_zones_clock(anchor: str, k: int, boundary: str) -> None:
    rule = CycleRule(at(anchor, "Europe/Berlin"), "month", "Europe/Berlin")
    assert rule.boundary(k) == at(boundary, "Europe/Berlin")


@pytest.mark.parametrize(
    ("interval", "boundaries"),
    [
        ("week", ["2024-02-29", "2024-03-07", "2024-03-14"]),
        ("quarter", ["2024-02-29", "2024-05-29", "2024-08-29", "2024-11-29", "2025-02-28"]),
        (
            "year",
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
        ),
    ],
)
def test_other_lengths_are_counted_from_the_anchor(interval: str, boundaries: list[str]) -> None:
    rule = CycleRule(at("2024-02-29"), interval)
    assert [rule.boundary(k) for k in range(len(boundaries))] == list(map(at, boundaries))


@pytest.mark.parametrize(
    ("start", "hours"), [("2026-03-26", 167), ("2026-10-22", 169), ("2026-07-01", 168)]
)
def test_a_week_has_an_hour_less_in_spring_and_one_more_in_autumn(start: str, hours: int) -> None:
    rule = CycleRule(at(start, "Europe/Berlin"), "week", "Europe/Berlin")
    assert rule.containing(rule.anchor).seconds == hours * 3600


def test_an_anchor_in_the_hour_that_comes_twice_keeps_its_own_of_the_two() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # half past two, for the second time
    rule = CycleRule(second, "year", "Europe/Berlin")
    assert rule.boundary(0) == second
    assert CycleRule(second - timedelta(hours=1), "year", "Europe/Berlin").boundary(0) == (
        second - timedelta(hours=1)
    )


@pytest.mark.parametrize("minutes", [0, 60])
def test_an_hour_that_is_left_out_is_the_one_after_it_whichever_the_anchor_is_in(
    minutes: int,
) -> None:
    anchor = datetime(2026, 10, 25, 0, 30, tzinfo=UTC) + timedelta(minutes=minutes)
    rule = CycleRule(anchor, "week", "Europe/Berlin")
    assert rule.boundary(22) == at("2027-03-28T03:30", "Europe/Berlin")


# The second of each hour that Berlin shows twice, in forty years.
doubled = st.integers(2000, 2040).map(
    lambda year: max(
        one
        for day in range(25, 32)
        if (one := datetime(year, 10, day, 1, 30, tzinfo=UTC)).weekday() == SUNDAY
    )
)


@given(st.one_of(instants, doubled), st.sampled_from(INTERVALS), st.sampled_from(ZONES), numbers)
def test_a_boundary_is_never_before_what_the_clocks_leave_out(
    anchor: datetime, interval: str, zone: str, k: int
) -> None:
    rule = CycleRule(anchor, interval, zone)
    begun = shown(anchor, zone)
    wanted = begun + rule._step(k)
    boundary = shown(rule.boundary(k), zone)
    assert boundary == wanted if is_shown(wanted, zone) else boundary > wanted


def test_less_than_a_day_to_the_next_boundary_is_no_cycle() -> None:
    rule = CycleRule(at("2026-01-01"))
    late = rule.following(at("2026-01-31T00:00:01"))
    assert (late.period.end, late.whole_seconds) == (at("2026-03-01"), late.period.seconds)
    day = rule.following(at("2026-01-31"))
    assert (day.period.end, day.whole_seconds) == (at("2026-02-01"), 31 * 86_400)


@pytest.mark.parametrize(
    ("interval", "cycle", "times"),
    [
        ("month", "month", 1),
        ("month", "quarter", 3),
        ("month", "year", 12),
        ("quarter", "year", 4),
        ("week", "week", 1),
        ("week", "month", None),
        ("month", "week", None),
        ("week", "year", None),
        ("quarter", "month", None),
        ("year", "month", None),
        ("year", "quarter", None),
        ("year", "week", None),
    ],
)
def test_a_cycle_has_a_whole_number_of_a_prices_intervals_or_does_not_fit(
    interval: str, cycle: str, times: int | None
) -> None:
    assert times_in(interval, cycle) == times


def test_zones_are_those_of_the_release() -> None:
    assert {"UTC", *ZONES} <= set(zone_names())
    assert not is_zone("Factory")
    assert not is_zone("../../etc/passwd")
    with pytest.raises(ValueError, match="There is no time zone 'Mars/Olympus'"):
        zone_named("Mars/Olympus")
    assert all(zone_named(name) is not None for name in zone_names())
