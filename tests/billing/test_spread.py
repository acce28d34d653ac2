"""An amount is spread over items without a cent lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.spread import spread, spread_in_steps

ROOMS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12)


@st.composite
def amounts(draw: st.DrawFn) -> tuple[int, list[int]]:
    rooms = draw(ROOMS)
    return draw(st.integers(0, sum(rooms))), rooms


@given(amounts())
def test_the_shares_add_up_and_none_is_more_than_its_room(given: tuple[int, list[int]]) -> None:
    cents, rooms = given
    shares = spread(cents, rooms)
    assert sum(shares) == cents
    assert all(0 <= share <= room for share, room in zip(shares, rooms, strict=True))


@given(amounts())
def test_a_share_is_within_a_unit_of_its_proportion(given: tuple[int, list[int]]) -> None:
    cents, rooms = given
    for share, room in zip(spread(cents, rooms), rooms, strict=True):
        assert abs(share * sum(rooms) - cents * room) < max(sum(rooms), 1)


@given(amounts(), st.sampled_from([10, 100]))
def test_where_a_currency_has_larger_steps_each_share_is_of_whole_ones(
    given: tuple[int, list[int]], step: int
) -> None:
    cents, rooms = given
    shares = spread_in_steps(cents * step, [room * step for room in rooms], step)
    assert sum(shares) == cents * step
    assert all(share % step == 0 for share in shares)


def test_what_is_left_over_goes_to_the_largest_fractions_and_then_to_the_first() -> None:
    assert spread(100, [1000, 1000, 1000]) == [34, 33, 33]
    assert spread(2, [100, 300, 200]) == [0, 1, 1]


@pytest.mark.parametrize(("cents", "rooms"), [(301, [100, 200]), (-1, [100]), (1, [])])
def test_more_than_there_is_cannot_be_spread(cents: int, rooms: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        spread(cents, rooms)


def test_an_amount_between_two_steps_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="multiple"):
        spread_in_steps(150, [1000], 100)
