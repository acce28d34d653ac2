"""How an estimate reads."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.views.estimates import about, about_range, last_day


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (358012, "usd", "$3,580"),
        (358512, "usd", "$3,590"),
        (15649, "usd", "$156"),
        (9949, "usd", "$99.49"),
        (0, "usd", "$0.00"),
        (-358012, "usd", "−\u2060$3,580"),
        (123456789, "usd", "$1,230,000"),
        (45678, "jpy", "¥45,700"),
        (678, "jpy", "¥678"),
        (1234560, "kwd", "KWD1,230"),
    ],
)
def test_an_estimate_has_three_digits(cents: int, currency: str, text: str) -> None:
    assert about(cents, currency) == text


def test_a_range_is_rounded_outward() -> None:
    assert about_range(341201, 376801, "usd") == "$3,410 – $3,770"
    assert about_range(99100, 100100, "usd") == "$990 – $1,010"


def test_no_forecast_reads_as_less_than_what_is_owed_already() -> None:
    assert about(194_478, "usd") == "$1,940"
    assert about(194_478, "usd", 194_473) == "$1,950"
    assert about_range(194_475, 194_490, "usd", 194_473) == "$1,944.73 – $1,950"
    # What is expected to sink below it is said as it is.
    assert about(190_000, "usd", 194_473) == "$1,900"
    assert about_range(190_000, 194_490, "usd", 194_473) == "$1,900 – $1,950"


def test_bounds_that_read_the_same_are_one_amount() -> None:
    assert about_range(340000, 340000, "usd") == "$3,400"


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**12))
def test_what_lies_in_a_range_lies_in_the_range_that_is_read(low: int, wide: int) -> None:
    def read(text: str) -> int:
        return round(float(text.replace("−\u2060", "-").replace("$", "").replace(",", "")) * 100)

    bounds = [read(text) for text in about_range(low, low + wide, "usd").split(" – ")]
    assert bounds[0] <= low
    assert low + wide <= bounds[-1]


def test_a_period_that_ends_at_midnight_ends_with_the_day_before() -> None:
    assert last_day(datetime(2026, 12, 6, tzinfo=UTC)) == "5 Dec"
    assert last_day(datetime(2026, 12, 6, 10, 30, tzinfo=UTC)) == "6 Dec"
