"""Terms at random, and a second reading of what usage under several versions of a price costs.

The reference thinks of the cycle's count as a line: a version's units are a stretch of it, and each
model asks for what lies in that stretch. It shares no arithmetic with the product.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from hypothesis import strategies as st

from dashboard.pricing.terms import Terms, Tier

FEE = Terms("per_unit", Decimal(3000), "usd", "database")

MODELS = ["flat", "per_unit", "package", "graduated", "volume"]
AMOUNTS = st.decimals(0, 10**4, places=6)
BOUNDS = st.integers(1, 10**6)
ALLOWANCES = st.sampled_from([Decimal(0), Decimal(100), Decimal("0.5")])
CURRENCIES = st.sampled_from(["usd", "jpy", "kwd", "isk"])


@st.composite
def tiers(draw: Any, bounds: Any, amounts: Any) -> tuple[Tier, ...]:
    """Draw up to four tiers and the open one."""
    ends = sorted(draw(st.sets(bounds, max_size=4)))
    steps = [Tier(Decimal(end), draw(amounts), draw(amounts)) for end in ends]
    return (*steps, Tier(None, draw(amounts), draw(amounts)))


@st.composite
def terms(
    draw: Any,
    amounts: Any = AMOUNTS,
    bounds: Any = BOUNDS,
    allowances: Any = ALLOWANCES,
    currencies: Any = CURRENCIES,
) -> Terms:
    """Draw the terms of a price version, of any model."""
    model = draw(st.sampled_from(MODELS))
    sizes = st.sampled_from([Decimal(1), Decimal(70), Decimal(1000)])
    return Terms(
        model=model,
        unit_amount=draw(amounts),
        currency=draw(currencies),
        allowance=draw(allowances),
        package_size=draw(sizes) if model == "package" else None,
        tiers=draw(tiers(bounds, amounts)) if model in ("graduated", "volume") else (),
    )


STEPS = {"isk": 100, "ugx": 100, "kwd": 10}


def charged(cost: Fraction, currency: str) -> int:
    """Return what of an exact cost is charged: the nearest step, and of two the farther from 0."""
    step = STEPS.get(currency, 1)
    below = floor(abs(cost) / step) * step
    cents = below + step if abs(cost) - below >= below + step - abs(cost) else below
    return -cents if cost < 0 else cents


def costs(used: Sequence[tuple[Terms, Decimal]]) -> list[Fraction]:
    """Return what each version's units cost, unrounded, the earliest version first."""
    whole = sum((Fraction(units) for _, units in used), Fraction(0))
    found, reached, is_asked = [], Fraction(0), False
    for one, units in used:
        free = Fraction(one.allowance)
        low, high = (max(at - free, Fraction(0)) for at in (reached, reached + Fraction(units)))
        once = _once(one, max(whole - free, Fraction(0))) if low < high and not is_asked else 0
        found.append(_stretch(one, low, high, max(whole - free, Fraction(0))) + once)
        reached += Fraction(units)
        is_asked = is_asked or once > 0
    return found


def _once(one: Terms, whole: Fraction) -> Fraction:
    """Return what is asked once for a cycle, whichever version asks it first."""
    if one.model == "flat":
        return Fraction(one.unit_amount)
    return Fraction(_tier_of(one, whole).flat_amount) if one.model == "volume" else Fraction(0)


def _stretch(one: Terms, low: Fraction, high: Fraction, whole: Fraction) -> Fraction:
    if one.model == "flat" or low == high:
        return Fraction(0)
    if one.model == "per_unit":
        return (high - low) * Fraction(one.unit_amount)
    if one.model == "volume":
        return (high - low) * Fraction(_tier_of(one, whole).unit_amount)
    if one.model == "package":
        size = Fraction(one.package_size or 1)
        begun = ceil(high / size) - ceil(low / size)  # packages that start in [low, high)
        return begun * Fraction(one.unit_amount)
    amount, bottom = Fraction(0), Fraction(0)
    for tier in one.tiers:
        top = high if tier.up_to is None else Fraction(tier.up_to)
        amount += max(min(high, top) - max(low, bottom), Fraction(0)) * Fraction(tier.unit_amount)
        amount += Fraction(tier.flat_amount) if low <= bottom < high else 0
        bottom = max(top, bottom)
    return amount


def _tier_of(one: Terms, whole: Fraction) -> Tier:
    ends = [Fraction(tier.up_to) for tier in one.tiers if tier.up_to is not None]
    return one.tiers[sum(1 for end in ends if end < whole)]
