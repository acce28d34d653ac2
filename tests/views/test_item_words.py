"""What a row says of its unit price, its part of the cycle, its labels and its share."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.period import Period
from dashboard.pricing.terms import Terms, Tier
from dashboard.reading.groups import Group
from dashboard.reading.rows import Item
from dashboard.views.item_words import each_of, labels_of, note_of, percent, price_of, quantity_of
from tests.support.bill_items import END, START, fee, item

CYCLE = Period(START, END)
DAY = timedelta(days=1)


def each(one: Item) -> str:
    """Return the unit price that a row tells."""
    return each_of(one, "usd", CYCLE)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"model": "per_unit", "unit_amount": Decimal("0.0035")}, "$0.000035"),
        ({"model": "per_unit", "unit_amount": Decimal(3600)}, "$36.00"),
        ({"model": "package", "unit_amount": Decimal(40), "package_size": Decimal(100000)},
         "$0.40 per 100,000"),
        ({"model": "graduated", "unit_amount": Decimal(0)}, "by tier"),
        ({"model": "volume", "unit_amount": Decimal(0)}, "by tier"),
        ({"model": "flat", "unit_amount": Decimal(29900)}, "$299.00 flat"),
        ({"model": None, "unit_amount": None}, ""),
    ],
)  # fmt: skip
def test_a_unit_price_has_every_digit_it_has(terms: dict[str, object], words: str) -> None:
    assert each(item("Usage", 100, kind="metered", **terms)) == words


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms("per_unit", Decimal("0.05"), "usd"), "$0.0005"),
        (Terms("package", Decimal(40), "usd", package_size=Decimal(1000)), "$0.40 per 1,000"),
        (Terms("flat", Decimal(2), "jpy"), "¥2 flat"),
        (Terms("volume", Decimal(0), "usd", tiers=(Tier(None, Decimal(5)),)), "By tier"),
    ],
)
def test_the_details_of_an_item_say_what_its_unit_price_is_for(terms: Terms, words: str) -> None:
    assert price_of(terms) == words


def test_a_charge_of_somebody_has_none() -> None:
    assert each(item("Setup", 100, kind="adjustment")) == ""


def test_a_part_of_the_cycle_stands_beside_the_price_where_it_leads_to_the_amount() -> None:
    part = {"period_start": START + 5 * DAY, "unit_amount": Decimal(9600)}
    assert each(fee("a", 8000, **part)) == "$96.00 × 25/30 days"
    # Its quantity changed meanwhile: 3 × $96.00 × 25/30 is not what it came to.
    assert each(fee("a", 8000, quantity=Decimal(3), **part)) == "$96.00"
    hours = {"period_start": START + timedelta(hours=12), "unit_amount": Decimal(3600)}
    assert each(fee("a", 3540, **hours)) == "$36.00 × 29.5/30 days"


def test_several_that_were_attached_at_different_times_say_that_each_is_for_its_part() -> None:
    late = fee("b", 8000, period_start=START + 5 * DAY, unit_amount=Decimal(9600))
    early = fee("a", 9600, unit_amount=Decimal(9600))
    items = [early, late]
    assert each_of(Group("x", "Servers", items, [items]), "usd", CYCLE) == (
        "$96.00, each for its part of the cycle"
    )
    assert each_of(Group("x", "Servers", items, [[early], [late]]), "usd", CYCLE) == ""


def test_units_are_counted_and_kinds_where_they_are_of_several_sorts() -> None:
    both = [fee("a"), fee("b")]
    assert quantity_of(Group("x", "Servers", both, [both])) == "2 servers"
    mixed = [fee("a"), fee("b", unit_label="plan")]
    assert quantity_of(Group("x", "Servers", mixed, [[mixed[0]], [mixed[1]]])) == "2 kinds"
    assert quantity_of(item("Goodwill", -5, kind="adjustment")) == ""


def test_labels_are_told_from_the_first_to_the_last() -> None:
    assert labels_of([fee("b"), fee("a")]) == "a, b"
    many = [fee(f"robot-{number}") for number in (10, 9, 2, 1)]
    assert labels_of(many) == "robot-1 to robot-10"
    assert labels_of([fee("a"), fee("")]) == ""


def test_when_it_was_is_told_where_it_is_not_the_whole_period() -> None:
    assert note_of(fee("a"), CYCLE) == ""
    assert note_of(fee("a", period_start=START + 10 * DAY), CYCLE) == "from 11 Nov"
    assert note_of(fee("a", period_end=START + 10 * DAY), CYCLE) == "until 11 Nov"
    october = datetime(2026, 10, 1, tzinfo=UTC)
    late = item("Usage, late", 5, kind="metered", period_start=october, period_end=START)
    assert note_of(late, CYCLE) == "1 – 31 Oct 2026"


@pytest.mark.parametrize(
    ("cents", "of", "words"),
    [
        (65457, 267131, "25%"),
        (1, 10**6, "<1%"),
        (5, 1000, "1%"),
        (0, 5, ""),
        (-5, 5, ""),
        (5, 0, ""),
    ],
)
def test_a_share_is_rounded_and_never_nothing(cents: int, of: int, words: str) -> None:
    assert percent(cents, of) == words


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=30))
def test_shares_of_all_that_is_charged_are_never_above_the_whole(amounts: list[int]) -> None:
    shares = [percent(one, sum(amounts)).strip("<%") for one in amounts]
    assert all(0 < int(share) <= 100 for share in shares)
