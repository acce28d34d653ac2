"""Days add up to the charge they are parts of, and each is what the rating says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.period import Period
from dashboard.pricing.by_day import Held, share, usage_by_day, weights_by_day
from dashboard.pricing.rating import Segment, cents_of_cycle, rate_recurring
from dashboard.pricing.terms import Terms, Tier
from tests.support.rating import STEPS, charged, costs, terms

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
EDGES = [APRIL + n * DAY for n in range(31)]
units = st.one_of(st.just(Decimal(0)), st.decimals(0, 5000, places=3))
small = terms(
    amounts=st.decimals(0, 20, places=3),
    bounds=st.integers(1, 5000),
    allowances=st.sampled_from([Decimal(0), Decimal(400)]),
    currencies=st.sampled_from(["usd"]),
)
weight = st.fractions(0, 50)


@st.composite
def cycles(draw):
    """Draw up to three versions of a price and what was used of each on the same few days."""
    days = draw(st.integers(1, 8))
    of_days = st.lists(units, min_size=days, max_size=days)
    return [(draw(small), draw(of_days)) for _ in range(draw(st.integers(1, 3)))]


@given(cycles())
def test_days_of_usage_add_up_to_what_the_cycle_costs_under_each_version(used):
    whole = cents_of_cycle([(one, sum(of_days, Decimal(0))) for one, of_days in used])
    assert [sum(cents) for cents in usage_by_day(used)] == whole


@given(cycles())
def test_a_day_is_what_all_up_to_it_cost_less_what_all_before_did(used):
    found = usage_by_day(used)
    before = [0] * len(used)
    for day in range(len(used[0][1])):
        so_far = [(one, sum(of_days[: day + 1], Decimal(0))) for one, of_days in used]
        after = [charged(cost, "usd") for cost in costs(so_far)]
        of_day = [now - earlier for now, earlier in zip(after, before, strict=True)]
        assert [cents[day] for cents in found] == of_day
        before = after


def test_the_day_that_reaches_a_cheaper_tier_gives_back_what_the_dearer_one_asked():
    cheaper = (Tier(Decimal(10), Decimal(100)), Tier(None, Decimal(10)))
    volume = Terms("volume", Decimal(0), "usd", "call", tiers=cheaper)
    assert usage_by_day([(volume, [Decimal(10), Decimal(1)])]) == [[1000, -890]]


def test_a_day_may_cost_more_than_a_line_holds_where_the_whole_does_not():
    high, low = Decimal(10) ** 12, Decimal(1)
    volume = Terms(
        "volume", Decimal(0), "usd", "call", tiers=(Tier(Decimal(5000), high), Tier(None, low))
    )
    [[first, second]] = usage_by_day([(volume, [Decimal(5000), Decimal(1)])])
    assert first == 5 * 10**15
    assert first + second == 5001


@given(st.integers(-(10**9), 10**9), st.lists(weight, min_size=1), st.sampled_from(["usd", *STEPS]))
def test_shares_add_up_and_each_sum_is_the_nearest_that_can_be_charged(cents, weights, currency):
    step = STEPS.get(currency, 1)
    cents = cents // step * step
    found = share(cents, weights, currency)
    assert sum(found) == cents
    assert all(one % step == 0 for one in found)
    whole = sum(weights)
    for so_far, part in zip(accumulate(found), accumulate(weights), strict=True):
        if whole:
            assert so_far == charged(Fraction(cents) * part / whole, currency)


@given(st.integers(-(10**6), 10**6), st.lists(st.fractions(-9, 9), min_size=1))
def test_shares_add_up_where_some_weigh_less_than_nothing(cents, weights):
    found, whole = share(cents, weights, "usd"), sum(weights)
    assert sum(found) == cents
    if whole:
        for so_far, part in zip(accumulate(found), accumulate(weights), strict=True):
            assert so_far == charged(Fraction(cents) * part / whole, "usd")


instants = st.timedeltas(-2 * DAY, 32 * DAY).map(lambda since: APRIL + since)


@given(st.lists(st.tuples(instants, instants, st.fractions(0, 9)), max_size=4))
def test_a_day_weighs_the_whole_seconds_of_each_stretch_that_lie_in_it(stretches):
    found = weights_by_day([Held(*one) for one in stretches], EDGES)
    wanted = [
        sum(
            (max(int((min(end, after) - max(start, before)).total_seconds()), 0) * weight)
            for start, end, weight in stretches
        )
        for before, after in pairwise(EDGES)
    ]
    assert [one * sum(wanted) for one in found] == [one * sum(found) for one in wanted]
    assert any(found) == any(wanted)


def test_what_is_divided_among_nothing_is_nothing():
    assert share(0, [], "usd") == []
    assert share(500, [0, 0], "usd") == [500, 0]


def test_an_amount_finer_than_its_currency_still_adds_up():
    assert sum(share(150, [1, 1], "isk")) == 150


def test_a_fee_is_spread_evenly_over_the_days_it_covers_and_half_of_half_a_day():
    held = [Held(APRIL + DAY / 2, APRIL + 15 * DAY)]
    found = share(2900, weights_by_day(held, EDGES), "usd")
    assert found[:3] == [100, 200, 200]
    assert found[15:] == [0] * 15
    assert sum(found) == 2900


@given(
    st.lists(st.integers(0, 30 * 86_400), min_size=2, max_size=6, unique=True).map(sorted),
    st.lists(st.integers(0, 9), min_size=6, max_size=6),
)
def test_a_fee_whose_quantity_changes_costs_on_a_day_what_it_is_rated_up_to_it(at, quantities):
    fee = Terms("per_unit", Decimal(3100), "usd", "server")
    edges = pairwise(APRIL + timedelta(seconds=one) for one in at)
    spans = list(zip(edges, quantities, strict=False))
    segments = [Segment(*span, Decimal(held)) for span, held in spans]
    cycle = Period(EDGES[0], EDGES[-1])
    whole = rate_recurring(fee, segments, cycle).amount_cents
    weights = weights_by_day([Held(*span, Fraction(held * 3100)) for span, held in spans], EDGES)
    found = share(whole, weights, "usd")
    assert sum(found) == whole
    for day, so_far in enumerate(accumulate(found), 1):
        held = [
            Segment(one.start, min(one.end, EDGES[day]), one.quantity)
            for one in segments
            if one.start < EDGES[day]
        ]
        # Both are rounded once, from sums that differ by the rounding of the whole.
        assert abs(so_far - rate_recurring(fee, held, cycle).amount_cents) <= 1
