"""The explanation of an amount as JSON: what the page, the API and the export read, key by key."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.billing.period import Period
from dashboard.pricing.rating import Segment, rate_cycle, rate_metered, rate_recurring
from dashboard.pricing.terms import Terms, Tier

START = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY = Period(START, datetime(2026, 2, 1, tzinfo=UTC))
NOON_OF_THE_SECOND = START + timedelta(days=1, hours=12)


def test_the_trace_of_usage_under_the_second_version_of_a_price_has_every_number():
    # 9 cents a GB up to 1,000 and 0.75 beyond; 100 are included; 600 were counted before.
    tiers = (Tier(Decimal(1000), Decimal(9), Decimal(50)), Tier(None, Decimal("0.75")))
    terms = Terms("graduated", Decimal(0), "usd", "GB", Decimal(100), tiers=tiers)
    _, second = rate_cycle([(terms, Decimal(600)), (terms, Decimal("501.5"))])
    trace = json.loads(json.dumps(second.trace))
    assert trace.pop("words")[-1] == "Together $45.01125, rounded half away from zero: $45.01."
    rest_of_the_first = {
        "kind": "tier", "quantity": "500", "unit_amount": "9", "flat_amount": "0",
        "up_to": "1000", "amount": "4500",
    }  # fmt: skip
    begin_of_the_last = {
        "kind": "tier", "quantity": "1.5", "unit_amount": "0.75", "flat_amount": "0",
        "up_to": None, "amount": "1.125",
    }  # fmt: skip
    assert trace == {
        "model": "graduated", "unit_label": "GB", "currency": "usd",
        "units": "501.5", "before": "600", "whole": "1101.5", "allowance": "100",
        "billable": "501.5", "cost_before": "4550", "cost_up_to": "9051.125",
        "steps": [rest_of_the_first, begin_of_the_last],
        "unrounded": "4501.125", "rounding": "half away from zero", "amount_cents": 4501,
    }  # fmt: skip


def test_the_trace_of_a_fee_has_every_number_of_each_segment():
    # 10.00 a seat beyond the first: one for 36 hours of January, then three.
    terms = Terms("per_unit", Decimal(1000), "usd", "seat", Decimal(1))
    segments = [
        Segment(START, NOON_OF_THE_SECOND, Decimal(2)),
        Segment(NOON_OF_THE_SECOND, JANUARY.end, Decimal(4)),
    ]
    trace = json.loads(json.dumps(rate_recurring(terms, segments, JANUARY).trace))
    seats = {"kind": "units", "unit_amount": "1000", "flat_amount": "0", "up_to": None}
    assert trace == {
        "model": "per_unit", "unit_label": "seat", "currency": "usd", "allowance": "1",
        "cycle_seconds": 2_678_400,
        "segments": [
            {
                "start": "2026-01-01T00:00:00+00:00", "end": "2026-01-02T12:00:00+00:00",
                "seconds": 129_600, "quantity": "2", "cycle_fee": "1000",
                "amount": "48.387096774193…",
                "steps": [seats | {"quantity": "1", "amount": "1000"}],
            },
            {
                "start": "2026-01-02T12:00:00+00:00", "end": "2026-02-01T00:00:00+00:00",
                "seconds": 2_548_800, "quantity": "4", "cycle_fee": "3000",
                "amount": "2854.838709677419…",
                "steps": [seats | {"quantity": "3", "amount": "3000"}],
            },
        ],
        "unrounded": "2903.225806451612…", "rounding": "half away from zero", "amount_cents": 2903,
        "words": [
            "1 seat at $10.00 each: $10.00.",
            ("2 seats for 1 day 12:00:00 of 31 days: 129,600 / 2,678,400 seconds of $10.00 "
            "is $0.483870967741…."),
            "3 seats at $10.00 each: $30.00.",
            ("4 seats for 29 days 12:00:00 of 31 days: 2,548,800 / 2,678,400 seconds of $30.00 "
            "is $28.548387096774…."),
            "Together $29.032258064516…, rounded half away from zero: $29.03.",
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ([], ["Not attached in this period."]),
        (
            [Segment(START, JANUARY.end, Decimal(1))],
            ["1 license for the whole cycle: $10.00."],
        ),
        (
            [Segment(START, START + timedelta(seconds=1), Decimal(2))],
            [
                (
                    "2 licenses for 0:00:01 of 31 days: 1 / 2,678,400 seconds of $10.00 "
                    "is $0.000003733572…."
                ),
                "$0.000003733572…, rounded half away from zero: $0.00.",
            ],
        ),
        (
            [Segment(START, START, Decimal(2))],
            ["2 licenses for 0 days of 31 days: 0 / 2,678,400 seconds of $10.00 is $0.00."],
        ),
    ],
)
def test_a_flat_fee_is_said_in_one_sentence_for_each_segment(segments, words):
    flat = Terms("flat", Decimal(1000), "usd", "license")
    assert rate_recurring(flat, segments, JANUARY).trace["words"] == words


@pytest.mark.parametrize(
    ("terms", "units", "words"),
    [
        (
            Terms("flat", Decimal(2000), "usd", "request"), 3,
            ["3 requests used.", "Flat amount: $20.00."],
        ),
        (
            Terms("package", Decimal(300), "usd", "GB", package_size=Decimal(100)), 250,
            ["250 GB used.", "3 packages of 100 GB at $3.00 each: $9.00."],
        ),
        (
            Terms("per_unit", Decimal(5), "usd", "requests", Decimal(10)), 10,
            ["10 requests used, 10 of 10 included, 0 charged."],
        ),
        (
            Terms("volume", Decimal(0), "usd", "unit", tiers=(Tier(None, Decimal(5)),)), 1,
            ["1 unit used.", "1 unit at $0.05 each, last tier: $0.05."],
        ),
        (Terms("per_unit", Decimal(5), "usd"), 0, ["0 units used."]),
        (
            Terms("per_unit", Decimal(5), "usd", "TiB"), 2,
            ["2 TiB used.", "2 TiB at $0.05 each: $0.10."],
        ),
    ],
)  # fmt: skip
def test_usage_under_one_version_says_nothing_of_others(terms, units, words):
    assert rate_metered(terms, Decimal(units)).trace["words"] == words


def test_words_count_the_tiers_that_were_used_up_before_and_the_packages_begun():
    tiers = (
        Tier(Decimal(500), Decimal(20)), Tier(Decimal(600), Decimal(10)), Tier(None, Decimal(1)),
    )  # fmt: skip
    graduated = Terms("graduated", Decimal(0), "usd", "request", tiers=tiers)
    _, second = rate_cycle([(graduated, Decimal(600)), (graduated, Decimal(1))])
    assert second.trace["words"] == [
        "1 request used, after 600 under earlier versions of the price.",
        "The 2 tiers up to 600 were used up earlier.",
        "1 request at $0.01 each, last tier: $0.01.",
        (
            "On these terms all 601 requests so far cost $110.01, the 600 before $110.00: "
            "the difference is charged."
        ),
    ]

    package = Terms(
        "package", Decimal(300), "usd", "request", Decimal(50), package_size=Decimal(100)
    )
    _, second = rate_cycle([(package, Decimal(80)), (package, Decimal(70))])
    assert second.trace["words"] == [
        (
            "70 requests used, after 80 under earlier versions of the price, "
            "none of 50 included were left, 70 charged."
        ),
        "70 of them fit into the package started under an earlier version.",
        (
            "On these terms all 150 requests so far cost $3.00, the 80 before $3.00: "
            "the difference is charged."
        ),
    ]
    _, full = rate_cycle([(package, Decimal(150)), (package, Decimal(100))])
    assert full.trace["words"][1:2] == ["1 package of 100 requests at $3.00 each: $3.00."]


def test_the_cost_up_to_a_version_of_a_volume_price_is_by_the_tier_of_the_whole_count():
    tiers = (Tier(Decimal(1000), Decimal(10)), Tier(None, Decimal(5), Decimal(100)))
    volume = Terms("volume", Decimal(0), "usd", "request", tiers=tiers)
    first, second = (
        rated.trace for rated in rate_cycle([(volume, Decimal(600)), (volume, Decimal(600))])
    )
    # 1,200 decide: all at 5, and 100 once. The first 600 alone would be at 10.
    assert (first["cost_before"], first["cost_up_to"]) == ("0", "3100")
    assert (second["cost_before"], second["cost_up_to"]) == ("3100", "6100")
    small = rate_metered(volume, Decimal(1000)).trace
    assert [step["up_to"] for step in (*small["steps"], *first["steps"])] == ["1000", None]


def test_a_version_whose_units_are_all_included_says_no_difference():
    included = Terms("per_unit", Decimal(10), "usd", "request", Decimal(1000))
    _, second = rate_cycle([(included, Decimal(400)), (included, Decimal(100))])
    assert second.trace["words"] == [
        (
            "100 requests used, after 400 under earlier versions of the price, "
            "600 of 1,000 included were left, 0 charged."
        ),
    ]
