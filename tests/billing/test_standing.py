"""How claims are cut to what is owed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.standing import Standing, fit, within

signed = st.integers(-1000, 1000)


@pytest.mark.parametrize(
    ("claims", "owed", "kept"),
    [
        ([], 5, []),
        ([300, 200], 500, [300, 200]),
        ([300, 200], 900, [300, 200]),
        ([300, 200], 400, [300, 100]),  # the newest goes first
        ([300, 200], 100, [100, 0]),
        ([300, 200], 0, [0, 0]),
        ([300, 200], -100, [0, 0]),
        ([-300, -200], -400, [-300, -100]),
        ([-300], 100, [0]),
    ],
)
def test_claims_are_cut_to_what_is_owed_the_newest_first(claims, owed, kept):
    assert fit(claims, owed) == kept


@given(st.lists(st.integers(0, 1000)), signed)
def test_together_they_are_no_more_than_is_owed_and_none_is_more_than_it_was(claims, owed):
    kept = fit(claims, owed)
    assert sum(kept) == min(sum(claims), max(owed, 0))
    assert all(0 <= now <= before for now, before in zip(kept, claims, strict=True))


@given(signed, signed)
def test_within_a_bound_is_between_zero_and_it(cents, bound):
    assert within(cents, bound) == sorted([cents, 0, bound])[1]


def test_what_is_accounted_for_is_all_of_it():
    assert Standing(1, 20, 300, 4000).cents == 4321
    assert Standing().cents == 0
