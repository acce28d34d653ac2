"""Figures of a day as lines: gray, to scale, and said in words."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from dashboard.trends.models import FleetSample
from dashboard.views.trends import bills_sentence, duration, line_of, trends_of

NOW = datetime(2026, 11, 26, 14, 3, tzinfo=UTC)


def taken(hours: float, **facts: object) -> FleetSample:
    """Return a sample of so many hours ago."""
    usual = {
        "organizations": 50_000, "unequal": 2, "usage_seconds": 38, "told_seconds": 252,
        "events_seconds": 1.8, "calls": 900, "calls_percent": 31, "failed_jobs": 3,
    }  # fmt: skip
    return FleetSample(at=NOW - timedelta(hours=hours), **(usual | facts))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, ("0.1", "s")), (1.84, ("1.8", "s")), (38.2, ("38", "s")), (252, ("4.2", "min")),
     (3600, ("60", "min")), (7200, ("2", "h"))],
)  # fmt: skip
def test_how_long_something_takes(seconds: float, said: tuple[str, str]) -> None:
    assert duration(seconds) == said


def test_each_figure_is_said_with_how_it_was_a_day_ago(app: Flask) -> None:
    with app.test_request_context():
        trends = trends_of([taken(24.5, usage_seconds=35, calls_percent=None), taken(0)], now=NOW)
    assert [(one.value, one.unit, one.note) for one in trends] == [
        ("99.996", "%", "99.996% yesterday"),
        ("38", "s", "35 s yesterday"),
        ("4.2", "min", "4.2 min yesterday"),
        ("1.8", "s", "1.8 s yesterday"),
        ("31", "% of limit", "no figure for yesterday yet"),
        ("3", "", "3 yesterday"),
    ]


def test_each_figure_leads_to_what_it_counts(app: Flask) -> None:
    with app.test_request_context():
        leads = {one.name: one.address for one in trends_of([taken(0)], now=NOW)}
    assert leads["Calls to Stripe"] == "/stripe-calls"
    assert leads["Failed jobs"] == "/jobs"
    assert leads["Sent to Stripe within"] == "/sync-runs"


def test_what_is_not_all_is_never_said_to_be_all(app: Flask) -> None:
    with app.test_request_context():
        [equal, *_] = trends_of([taken(0, organizations=900_000, unequal=1)], now=NOW)
    assert equal.value == "99.999"


def test_what_was_not_read_is_a_dash(app: Flask) -> None:
    with app.test_request_context():
        assert trends_of([taken(0, events_seconds=None)], now=NOW)[3].value == "–"
        assert trends_of([], now=NOW) == []


def test_a_line_begins_at_zero_and_a_share_near_all_of_it() -> None:
    assert line_of([(0, 0), (1, 10)]) == "M0.0 27.0L132.0 3.0"
    assert line_of([(0, 100), (1, 99)], is_share=True) == "M0.0 3.0L132.0 27.0"
    assert line_of([(0, 0), (1, 0)]) == "M0.0 27.0L132.0 27.0"
    assert line_of([(0, 5)]) == ""


def test_a_day_of_samples_is_at_most_48_points_each_the_worst_of_its_half_hour(app: Flask) -> None:
    every = [taken(minutes / 60) for minutes in range(1439, -1, -5)]
    with app.test_request_context():
        line = trends_of(every, now=NOW)[1].line
    assert line.count("L") == 47


@pytest.mark.parametrize(
    ("unequal", "said"),
    [(0, "All 50,000 bills are equal with Stripe, checked at 14:03 UTC."),
     (2, "49,998 of 50,000 bills are equal with Stripe, checked at 14:03 UTC.")],
)  # fmt: skip
def test_how_many_bills_are_equal(unequal: int, said: str) -> None:
    assert bills_sentence([taken(0, unequal=unequal)]) == said
    assert bills_sentence([]) == ""
