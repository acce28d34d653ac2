"""The differences between two bills add up to the whole, to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.reading.billed_parts import Part
from dashboard.reading.comparison import MOST, OF, compared
from dashboard.reading.differences import by_price, differences, share_out, shared_out
from dashboard.reading.movers import day_since
from dashboard.reading.used_by import UsedBy
from dashboard.views.mover_words import WIDTH, bars
from tests.factories import APRIL

ZERO = Decimal(0)


def part(item_id: int = 1, cents: int = 100, **more: object) -> Part:
    """Return an item, of usage of a price unless told otherwise."""
    facts = {
        "cycle_id": 1,
        "sequence": 1,
        "item_id": item_id,
        "kind": "metered",
        "of_cycle_id": 1,
        "price_version_id": 1,
        "price_id": 1,
        "price": "Data transfer",
        "product": "Data transfer",
        "unit_label": "GB",
        "service_id": None,
        "service": None,
        "attached_at": None,
        "detached_at": None,
        "changed_at": None,
        "description": "Data transfer",
        "quantity": Decimal(1),
        "cents": cents,
        "created_at": APRIL,
    }
    return Part(**{**facts, **more})  # type: ignore[arg-type]


kinds = st.sampled_from(["recurring", "metered", "adjustment", "carry_over", "rebilled"])


@st.composite
def parts(draw: st.DrawFn) -> Part:
    price_id = draw(st.sampled_from([None, 1, 2, 3, 4, 5, 6]))
    return part(
        draw(st.integers(1, 50)),
        draw(st.integers(-(10**15), 10**15)),
        kind=draw(kinds),
        of_cycle_id=draw(st.integers(1, 2)),
        price_id=price_id,
        price=f"price {price_id}",
        product=f"product {(price_id or 0) % 3}",
        service_id=draw(st.sampled_from([None, 1, 2, 3])),
        description=draw(st.sampled_from(["one", "two"])),
    )


bills = st.lists(parts(), max_size=30)
totals = st.decimals(0, 10**12, places=12)
usage = st.lists(
    st.builds(
        UsedBy,
        st.integers(1, 2), st.integers(1, 6), st.just(1), st.sampled_from([None, 1, 2, 3]),
        st.just("one"), totals, totals, totals,
    ),
    max_size=10,
)  # fmt: skip


@given(bills, bills, usage, st.sampled_from(sorted(OF)))
def test_the_rows_add_up_to_both_bills(
    before: list[Part], after: list[Part], used: list[UsedBy], way: str
) -> None:
    found = compared(before, after, used, way, None)
    every = [*found.rows, found.rest]
    assert sum(one.before_cents for one in every) == sum(one.cents for one in before)
    assert sum(one.after_cents for one in every) == sum(one.cents for one in after)
    assert sum(one.cents for one in every) == found.cents


def test_what_is_beyond_the_rows_shown_is_one_row() -> None:
    found = compared(
        [],
        [part(at, at, kind="adjustment", price_id=None) for at in range(1, 251)],
        [],
        "item",
        None,
    )
    assert len(found.rows) == MOST
    assert (found.rest.cents, found.cents) == (sum(range(51)), sum(range(251)))


def test_one_price_alone_can_be_compared() -> None:
    found = compared([part(1, 100)], [part(2, 150), part(3, 99, price_id=2)], [], "item", 1)
    assert [(one.name, one.cents) for one in found.rows] == [("Data transfer", 50)]


def test_the_largest_difference_comes_first_whichever_way_it_goes() -> None:
    before = [part(1, 500, price_id=1, price="Less"), part(2, 100, price_id=2, price="Same")]
    after = [part(3, 100, price_id=2, price="Same"), part(4, 300, price_id=3, price="More")]
    assert [(one.name, one.cents) for one in differences(before, after, by_price)] == [
        ("Less", -500), ("More", 300), ("Same", 0),
    ]  # fmt: skip


def test_usage_is_shared_out_among_the_services_that_used_it() -> None:
    used = [
        UsedBy(1, 1, 1, 1, "east", Decimal(2), ZERO, ZERO),
        UsedBy(1, 1, 1, 2, "west", ZERO, Decimal(1), ZERO),
    ]
    shares = shared_out([part(cents=100), part(9, 7, kind="adjustment", price_id=None)], used)
    assert [(one.service, one.cents) for one in shares] == [("east", 67), ("west", 33), (None, 7)]


@given(st.integers(-(10**15), 10**15), st.lists(totals, min_size=1, max_size=20))
def test_shares_add_up_and_nobody_has_more_than_a_cent_too_much(
    cents: int, weights: list[Decimal]
) -> None:
    shares = share_out(cents, weights)
    assert sum(shares) == cents
    whole = sum(weights)
    if whole:
        for share, weight in zip(shares, weights, strict=True):
            assert abs(Decimal(share) - cents * weight / whole) < Decimal("1.001")


@pytest.mark.parametrize(
    ("before", "after", "day"),
    [
        ([5, 5, 5, 5], [5, 5, 9, 9], 2),
        ([5, 5, 5, 5], [5, 5, 1, 1], 2),
        ([5, 5, 5, 5], [9, 9, 9, 9], None),
        ([5, 5, 5, 5], [5, 5, 5, 5], None),
        ([5, 6, 4, 5], [4, 6, 5, 30], 2),
        ([], [], None),
    ],
)
def test_a_difference_is_dated_from_when_all_of_it_came(
    before: list[int], after: list[int], day: int | None
) -> None:
    assert day_since([Decimal(one) for one in before], [Decimal(one) for one in after]) == day


@given(st.lists(st.integers(-(10**15), 10**15), max_size=5))
def test_bars_stay_in_the_drawing_and_share_one_zero(cents: list[int]) -> None:
    drawn = bars(cents)
    assert len({one.zero for one in drawn}) <= 1
    for one, value in zip(drawn, cents, strict=True):
        assert float(one.x) >= 0
        assert float(one.x) + float(one.width) <= WIDTH
        assert one.is_less is (value < 0)
