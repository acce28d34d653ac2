"""Rating, held against an independent reading of each model and against arithmetic laws."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.billing.period import Period
from dashboard.money import round_minor
from dashboard.pricing.rating import (
    MAX_CENTS,
    AmountTooLarge,
    Segment,
    rate_cycle,
    rate_metered,
    rate_recurring,
)
from dashboard.pricing.terms import Terms, Tier
from tests.support.rating import charged, costs, terms

START = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY = Period(START, datetime(2026, 2, 1, tzinfo=UTC))

quantities = st.decimals(0, 10**9, places=6)
# On a busy machine a first call may take any time.
unhurried = settings(deadline=None)


def expected(terms: Terms, units: Decimal) -> Fraction:
    """What `units` of a whole cycle cost under one version."""
    return costs([(terms, units)])[0]


@unhurried
@given(terms(), quantities)
def test_usage_costs_what_its_model_says_rounded_once(terms, units):
    assert rate_metered(terms, units).amount_cents == charged(
        expected(terms, units), terms.currency
    )


@unhurried
@given(st.lists(st.tuples(terms(currencies=st.just("usd")), quantities), max_size=4))
def test_each_version_costs_what_lies_in_its_stretch_of_the_count_rounded_once(used):
    rated = [one.amount_cents for one in rate_cycle(used)]
    assert rated == [charged(cost, "usd") for cost in costs(used)]


@unhurried
@given(terms(), st.lists(quantities, min_size=1, max_size=4))
def test_a_version_that_changes_nothing_changes_no_cost(terms, parts):
    rated = rate_cycle([(terms, units) for units in parts])
    together = sum((Fraction(step["amount"]) for one in rated for step in one.trace["steps"]), 0)
    assert together == expected(terms, sum(parts, Decimal(0)))


@unhurried
@given(st.lists(st.tuples(terms(currencies=st.just("usd")), quantities), min_size=1, max_size=4))
def test_the_trace_of_a_version_leads_from_the_cost_before_it_to_the_cost_up_to_it(used):
    reached = Decimal(0)
    for (_, units), rated in zip(used, rate_cycle(used), strict=True):
        trace = rated.trace
        between = Fraction(trace["cost_up_to"]) - Fraction(trace["cost_before"])
        assert between == Fraction(trace["unrounded"])
        assert (Decimal(trace["before"]), Decimal(trace["units"])) == (reached, units)
        reached += units


@unhurried
@given(terms(), st.lists(st.tuples(st.integers(0, 31 * 86_400), quantities), max_size=5))
def test_a_fee_is_the_sum_of_its_segments_shares_rounded_once(terms, cuts):
    edges = sorted({offset for offset, _ in cuts})
    held = dict(cuts)
    segments = [
        Segment(START + timedelta(seconds=a), START + timedelta(seconds=b), held[a])
        for a, b in pairwise(edges)
    ]
    exact = sum(
        (expected(terms, part.quantity) * part.seconds / JANUARY.seconds for part in segments),
        Fraction(0),
    )
    assert rate_recurring(terms, segments, JANUARY).amount_cents == charged(exact, terms.currency)


@unhurried
@given(terms(), st.integers(1, 100), st.integers(1, JANUARY.seconds - 1))
def test_cutting_a_segment_in_two_changes_nothing(terms, quantity, cut):
    middle = START + timedelta(seconds=cut)
    whole = [Segment(START, JANUARY.end, Decimal(quantity))]
    halves = [
        Segment(START, middle, Decimal(quantity)),
        Segment(middle, JANUARY.end, Decimal(quantity)),
    ]
    assert (
        rate_recurring(terms, whole, JANUARY).amount_cents
        == rate_recurring(terms, halves, JANUARY).amount_cents
    )


@unhurried
@given(terms(), quantities)
def test_the_trace_is_json_and_adds_up(terms, units):
    rated = rate_metered(terms, units)
    trace = json.loads(json.dumps(rated.trace))
    assert trace["amount_cents"] == rated.amount_cents
    assert sum(Fraction(step["amount"]) for step in trace["steps"]) == Fraction(trace["unrounded"])
    assert all(isinstance(words, str) and words.endswith(".") for words in trace["words"])


@pytest.mark.parametrize(
    ("unit_amount", "cents"), [("0.5", 1), ("1.5", 2), ("0.49", 0), ("2.5", 3)]
)
def test_half_a_cent_is_rounded_away_from_zero(unit_amount, cents):
    assert (
        rate_metered(Terms("per_unit", Decimal(unit_amount), "usd"), Decimal(1)).amount_cents
        == cents
    )


def test_a_negative_half_is_rounded_away_from_zero():
    assert [round_minor(Decimal(text)) for text in ("-0.5", "-1.5", "-0.4")] == [-1, -2, 0]


def test_usage_and_fees_come_to_what_the_currency_can_be_charged_in():
    krona = Terms("per_unit", Decimal(1250), "isk")  # 12.50, of which only whole ones are charged
    whole = [Segment(START, JANUARY.end, Decimal(1))]
    assert rate_metered(krona, Decimal(1)).amount_cents == 1300
    assert rate_recurring(krona, whole, JANUARY).amount_cents == 1300


def test_thirty_eight_digits_are_not_lost():
    tiny = Terms("per_unit", Decimal("0.000000000001"), "usd")
    assert (
        rate_metered(tiny, Decimal("12345678901234567890123456.5")).amount_cents == 12345678901235
    )


@pytest.mark.parametrize(("units", "cents"), [("1000", 10_000), ("1000.001", 5000)])
def test_a_volume_tier_ends_with_its_last_unit(units, cents):
    tiers = (Tier(Decimal(1000), Decimal(10)), Tier(None, Decimal(5)))
    terms = Terms("volume", Decimal(0), "usd", tiers=tiers)
    assert rate_metered(terms, Decimal(units)).amount_cents == cents


@pytest.mark.parametrize(("units", "cents"), [("0.1", 300), ("100", 300), ("100.001", 600)])
def test_a_started_package_is_charged_whole(units, cents):
    terms = Terms("package", Decimal(300), "usd", package_size=Decimal(100))
    assert rate_metered(terms, Decimal(units)).amount_cents == cents


def test_an_amount_beyond_a_line_is_refused_by_name():
    with pytest.raises(AmountTooLarge, match="Nothing was recorded"):
        rate_metered(Terms("per_unit", Decimal(10**9), "usd"), Decimal(10**9))


@pytest.mark.parametrize("cents", [MAX_CENTS, MAX_CENTS + 1])
def test_a_line_holds_its_highest_amount_and_nothing_above(cents):
    terms = Terms("per_unit", Decimal(1), "usd")
    if cents <= MAX_CENTS:
        assert rate_metered(terms, Decimal(cents)).amount_cents == 10**15
        return
    with pytest.raises(AmountTooLarge) as refused:
        rate_metered(terms, Decimal(cents))
    assert refused.value.code == "amount_too_large"


def test_a_trace_explains_tiers_and_allowance_in_words():
    graduated = Terms(
        "graduated", Decimal(0), "usd", "request", Decimal(1000),
        tiers=(Tier(Decimal(1000), Decimal("0.1")), Tier(None, Decimal("0.05"), Decimal(100))),
    )  # fmt: skip
    assert rate_metered(graduated, Decimal("3234.5")).trace["words"] == [
        "3,234.5 requests used, 1,000 of 1,000 included, 2,234.5 charged.",
        "1,000 requests at $0.001 each, tier up to 1,000: $1.00.",
        "1,234.5 requests at $0.0005 each, last tier, plus $1.00: $1.61725.",
        "Together $2.61725, rounded half away from zero: $2.62.",
    ]


def test_the_amounts_of_the_steps_can_be_added_up_to_the_amount():
    graduated = Terms(
        "graduated", Decimal(0), "usd", "GB",
        tiers=(Tier(Decimal(1000), Decimal(9)), Tier(None, Decimal(7))),
    )  # fmt: skip
    assert rate_metered(graduated, Decimal(1600)).trace["words"] == [
        "1,600 GB used.",
        "1,000 GB at $0.09 each, tier up to 1,000: $90.00.",
        "600 GB at $0.07 each, last tier: $42.00.",
        "Together $132.00.",
    ]


def test_a_trace_explains_a_part_of_a_cycle_in_words():
    fee = Terms("per_unit", Decimal(1500), "usd", "seat")
    segments = [Segment(START + timedelta(days=24), JANUARY.end, Decimal(2))]
    assert rate_recurring(fee, segments, JANUARY).trace["words"] == [
        "2 seats at $15.00 each: $30.00.",
        (
            "2 seats for 7 days of 31 days: 604,800 / 2,678,400 seconds of $30.00 "
            "is $6.774193548387…."
        ),
        "$6.774193548387…, rounded half away from zero: $6.77.",
    ]
