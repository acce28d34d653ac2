"""A figure stands beside what it is held against, and says whether it is kept."""

import pytest

from benchmarks.__main__ import load
from benchmarks.registry import BENCHMARKS, Figure


@pytest.mark.parametrize(("value", "is_kept"), [(99, True), (100, True), (101, False)])
def test_a_bound_is_the_most_that_is_allowed(value: float, is_kept: bool) -> None:
    figure = Figure("calls", value, "calls", 1, bound=100)
    assert (figure.is_kept, figure.ratio) == (is_kept, value / 100)


@pytest.mark.parametrize(("value", "is_kept"), [(0.94, False), (0.95, True), (1, True)])
def test_a_share_must_reach_what_it_is_held_against(value: float, is_kept: bool) -> None:
    figure = Figure("share", value, "of the rate", 1, at_least=0.95)
    assert (figure.is_kept, figure.ratio) == (is_kept, value / 0.95)


def test_a_floor_is_only_shown() -> None:
    figure = Figure("page_ms", 30, "ms", 1, floor=10)
    assert (figure.is_kept, figure.ratio) == (True, 3)


def test_a_bound_of_zero_has_no_ratio() -> None:
    figure = Figure("refused", 1, "calls", 1, bound=0)
    assert (figure.is_kept, figure.ratio) == (False, None)


def test_the_benchmarks_of_the_sync_engine_are_found() -> None:
    load()
    assert {"restart_to_first_close_s", "starved_close_share"} <= BENCHMARKS.keys()
    assert {"sync_calls", "sync_rate_share", "plan_us_30", "close_rate_share"} <= BENCHMARKS.keys()
