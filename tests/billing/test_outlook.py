"""What usage comes to at the end of a cycle, and how surely."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.chain import ChainKey
from dashboard.billing.forecast import extrapolate
from dashboard.billing.habit import MILLE, Habit, LastCycle
from dashboard.billing.outlook import Attached, Count, Outlook, Seen, Share, SoFar, outlook
from dashboard.billing.pace import doubt, pace_of, pro_rata, seconds_by_weekday
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import cents_of_usage
from dashboard.pricing.terms import Terms, Tier
from tests.factories import APRIL

MAY = APRIL + timedelta(days=30)
NOW = APRIL + timedelta(days=12, hours=7)
TIERS = (
    Tier(Decimal(100), Decimal(9)),
    Tier(Decimal(1000), Decimal(7)),
    Tier(None, Decimal("4.5")),
)
TERMS = [
    Terms("per_unit", Decimal("2.5"), "usd"),
    Terms("per_unit", Decimal("2.5"), "usd", allowance=Decimal(500)),
    Terms("package", Decimal(40), "usd", package_size=Decimal(10), allowance=Decimal(50)),
    Terms("graduated", Decimal(0), "usd", tiers=TIERS, allowance=Decimal(50)),
    Terms("volume", Decimal(0), "usd", tiers=TIERS),
    Terms("flat", Decimal(900), "usd", allowance=Decimal(50)),
]


def count(terms: Terms, price_id: int = 1) -> Count:
    """Return a price in force and used in all of April."""
    share = Share(ChainKey(1, price_id, None), Period(APRIL, MAY), terms)
    return Count(price_id, [share], Attached(APRIL, is_going_on=True))


def expected(counts: list[Count], units: Decimal, habits: dict[int, Habit]) -> Outlook:
    """Return the outlook where so many units of each were used by now."""
    so_far = SoFar({one.shares[0].key: units for one in counts}, 0, lambda _key, _cents: 0)
    return outlook(counts, so_far, Seen(APRIL, APRIL, NOW, MAY), habits)


@given(
    st.sampled_from(TERMS),
    st.decimals(0, 5000, places=3),
    st.none() | st.decimals(0, 200, places=3).map(lambda pace: Habit(pace, 1, spread=300)),
)
def test_the_bounds_are_what_rating_says_of_them(
    terms: Terms, used: Decimal, habit: Habit | None
) -> None:
    past, rest = seconds_by_weekday(APRIL, NOW), seconds_by_weekday(NOW, MAY)
    pace = pace_of(used, past, rest, habit)
    assert pace is not None
    more, off = pace.in_period(rest), doubt(used, past, rest, habit)
    low, likely, high = (
        cents_of_usage(terms, EXACT.add(used, one))
        for one in (pro_rata(more, MILLE, MILLE + off), more, pro_rata(more, MILLE + off, MILLE))
    )
    found = expected([count(terms)], used, {1: habit} if habit else {})
    # A started package is charged whole, which the short way does not know.
    # Otherwise each of the three amounts, and their difference, is rounded.
    near = 41 if terms.model == "package" else 3
    assert found.likely == likely
    assert abs(found.below - max(likely - min(low, high), 0)) <= near
    assert abs(found.above - max(max(low, high) - likely, 0)) <= near


def test_prices_together_are_surer_than_each_by_itself() -> None:
    one = expected([count(TERMS[0])], Decimal(1000), {})
    two = expected([count(TERMS[0]), count(TERMS[0], 2)], Decimal(1000), {})
    assert two.likely == 2 * one.likely
    assert one.above < two.above < 2 * one.above


def test_what_is_not_used_yet_may_come_or_not() -> None:
    found = expected([], Decimal(0), {7: Habit(Decimal(10), 3000)})
    assert 0 < found.likely < 3000
    assert found.below == found.likely


@dataclass(frozen=True)
class DinarDraft:
    """An invoice in a currency that is charged in tens of its thousandths."""

    status: str = "draft"
    currency: str = "kwd"
    total_cents: int = 500
    period_end: datetime = MAY


def test_a_forecast_is_what_its_currency_can_be_charged_in() -> None:
    seen = Seen(APRIL, APRIL, NOW, MAY)
    for cents in range(3000, 3010):
        # What may come or not is a share of so many thousandths, whatever that makes.
        last = LastCycle(habits={7: Habit(Decimal(10), cents)})
        nothing = SoFar({}, 0, lambda _key, _cents: 0)
        told = extrapolate(DinarDraft(), seen, [], nothing, last)
        found = (told.likely_cents, told.low_cents, told.high_cents)
        assert all(one % 10 == 0 for one in found), found


@given(st.sampled_from(TERMS), st.decimals(0, 10**9, places=3))
def test_at_the_end_nothing_is_estimated(terms: Terms, used: Decimal) -> None:
    so_far = SoFar({ChainKey(1, 1, None): used}, 0, lambda _key, _cents: 0)
    found = outlook([count(terms)], so_far, Seen(APRIL, APRIL, MAY, MAY), {})
    assert found == Outlook(cents_of_usage(terms, used))
