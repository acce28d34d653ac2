"""What units are called: one of them, several, and what a price is for."""

from decimal import Decimal

import pytest

from dashboard.pricing.exact import UNCHANGED, counted, per, plural
from dashboard.pricing.terms import Terms


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("request", "requests"),
        ("API call", "API calls"),
        ("address", "addresses"),
        ("batch", "batches"),
        ("mailbox", "mailboxes"),
        ("query", "queries"),
        ("key", "keys"),
        ("GB-hour", "GB-hours"),
        ("GB month", "GB months"),
        ("million tokens", "million tokens"),
    ],
)
def test_a_word_has_its_regular_plural(one: str, several: str) -> None:
    assert plural(one) == several
    assert counted(Decimal(1), one) == f"1 {one}"
    assert counted(Decimal(0), one) == f"0 {several}"
    assert counted(Decimal("2.5"), one) == f"2.5 {several}"


@pytest.mark.parametrize(
    "unit",
    ["GB", "GiB", "kWh", "vCPU", "ms", "kg", "Mbit/s", "m2", "", "TB·month²", *sorted(UNCHANGED)],
)
def test_what_has_no_regular_plural_stays_as_it_was_given(unit: str) -> None:
    assert plural(unit) == unit


def test_a_price_is_per_unit_or_per_so_many_units() -> None:
    assert per(Decimal(1), "request") == "per request"
    assert per(Decimal(100_000), "request") == "per 100,000 requests"
    assert per(Decimal(10), "GB") == "per 10 GB"


@pytest.mark.parametrize(
    ("size", "says"),
    [
        (Decimal(100_000), "$0.50 per 100,000 requests, started or full."),
        (Decimal(1), "$0.50 per request, started or full."),
    ],
)
def test_the_catalog_says_what_a_package_holds(size: Decimal, says: str) -> None:
    terms = Terms(
        model="package", unit_amount=Decimal(50), package_size=size, currency="usd",
        unit_label="request",
    )  # fmt: skip
    assert list(terms.priced.words(terms)) == [says]


def test_the_catalog_says_what_one_costs() -> None:
    terms = Terms(model="per_unit", unit_amount=Decimal(50), currency="usd", unit_label="request")
    assert list(terms.priced.words(terms)) == ["$0.50 per request."]
