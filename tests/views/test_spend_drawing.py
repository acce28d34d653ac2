"""The drawing of a spend chart stays inside its panels, whatever the money does."""

import itertools
import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.currencies import charge_step
from dashboard.reading.spend.groups import Group, fold
from dashboard.reading.spend.model import Proof, Prospect, Running, Spend
from dashboard.views.formatting import money
from dashboard.views.spend_axis import Tick, ticks
from dashboard.views.spend_drawing import BARS, BASE, READOUT, Drawing, draw
from dashboard.views.spend_running import LINES
from dashboard.views.spend_scale import LABEL_HEIGHT, Scale, apart, axis_money
from dashboard.views.spend_words import proof_terms, readings

FIRST = date(2026, 11, 6)
cents = st.integers(-(10**7), 10**9)


def spend(
    *series: list[int],
    expected: list[int] | None = None,
    last: list[int | None] | None = None,
    today: int | None = None,
    ahead: Prospect | None = None,
    currency: str = "usd",
) -> Spend:
    """Return a chart of as many days as the series have."""
    count = len(series[0]) if series else 1
    groups = [Group(f"Product {number}", one) for number, one in enumerate(series)]
    sums = [sum(of_day) for of_day in zip(*series, strict=True)] or [0]
    present = count - 1 if today is None else today
    return Spend(
        currency=currency,
        starts=[FIRST + timedelta(days=n) for n in range(count)],
        groups=groups,
        series=fold(groups, [sum(one) for one in series]),
        expected=expected or [0] * count,
        last=last or [None] * count,
        today=present,
        elapsed=0.5,
        running=Running([sum(sums[:n]) for n in range(present + 2)], []),
        ahead=ahead,
    )


def reach(tick: Tick, panel: int = 258) -> tuple[float, float]:
    """Return from where to where a label of the axis stands on a narrow screen, in pixels."""
    at, wide = panel * tick.x / 100, 64 if tick.is_now else 36
    start = {"start": at, "middle": at - wide / 2, "end": at - wide}[tick.anchor]
    return start, start + wide


@pytest.mark.parametrize("count", [28, 30, 31])
def test_on_a_narrow_screen_no_label_of_the_axis_is_over_another(count: int) -> None:
    for today in range(count):
        found = ticks(spend([100] * count, today=today))
        shown = [reach(one) for one in found if one.is_now or not one.is_spare]
        for (_, end), (start, _) in itertools.pairwise(shown):
            assert end < start, today


def corners(drawing: Drawing) -> list[int]:
    """Return the y of every edge of the bars, from the top of their panel."""
    found = []
    for path in drawing.paths:
        for y, height in re.findall(r"M\d+ (-?\d+)h\d+v(\d+)", path):
            found += [int(y), int(y) + int(height)]
    return found


def rows_of(days: int) -> st.SearchStrategy[list[list[int]]]:
    """Draw several series of so many days."""
    return st.lists(st.lists(cents, min_size=days, max_size=days), min_size=1, max_size=8)


@given(st.integers(1, 31).flatmap(rows_of))
def test_every_bar_is_inside_the_panel_and_has_a_readable_place(series: list[list[int]]) -> None:
    drawing = draw(spend(*series))
    assert all(0 <= y <= BARS for y in corners(drawing))
    assert [slot.x < 100 for slot in drawing.slots] == [True] * len(series[0])
    assert (2 if any(map(any, series)) else 1) <= len(drawing.lines) <= 4
    assert any(line.is_base for line in drawing.lines)
    assert len(drawing.paths) <= 6


def test_bars_stand_upon_each_other_with_a_pixel_between() -> None:
    drawing = draw(spend([100], [200]))
    assert drawing.paths == ["M47 136h6v67h-6z", "M47 0h6v135h-6z"]


def test_a_small_credit_beside_large_amounts_takes_no_step_of_its_own() -> None:
    scale = Scale.of([-500, 57_000], "usd", top=22, height=204)
    assert list(scale.lines) == [0, 20_000, 40_000, 60_000]
    assert scale.y(0) < scale.y(-500) <= 226


def test_a_day_below_zero_hangs_from_the_line_of_zero() -> None:
    drawing = draw(spend([300, -100], [100, 50]))
    [zero] = [line.y - READOUT for line in drawing.lines if line.is_base]
    assert max(corners(drawing)) > zero > min(corners(drawing))


def test_nothing_at_all_is_a_frame_with_a_line_of_zero() -> None:
    empty = spend()
    drawing = draw(empty)
    assert empty.is_empty
    assert [line.label for line in drawing.lines] == ["$0"]
    assert drawing.running is not None
    assert drawing.running.amounts == ["$0"]
    assert drawing.paths == []


def test_one_day_alone_is_no_wall() -> None:
    [path] = draw(spend([100])).paths
    assert "h6v" in path


def test_what_is_expected_stands_on_what_is_there() -> None:
    drawing = draw(spend([100, 0], expected=[50, 150], today=0))
    first, second = drawing.expected
    assert first.y == second.y
    assert (second.y + second.height, first.y + first.height < BASE) == (BASE, True)


def test_the_last_cycle_is_a_stepped_line_that_breaks_where_there_was_no_day() -> None:
    drawing = draw(spend([100, 100, 100], last=[100, 0, None]))
    assert drawing.ghost == "M0 0H100V204H200"


@given(st.lists(st.integers(-(10**12), 10**12)), st.sampled_from(["usd", "jpy", "isk", "kwd"]))
def test_a_scale_shows_all_amounts_with_few_round_lines(amounts: list[int], currency: str) -> None:
    scale = Scale.of(amounts, currency, top=22, height=204)
    assert all(22 <= scale.y(one) <= 226 for one in (*amounts, 0))
    assert (2 if any(amounts) else 1) <= len(scale.lines) <= 4
    assert 0 in scale.lines
    steps = {"isk": 100, "kwd": 10}
    assert scale.step % steps.get(currency, 1) == 0
    assert re.fullmatch(r"(1|2|25|5)0*", str(scale.step))


def test_an_axis_has_no_decimals_where_it_is_whole() -> None:
    assert [axis_money(one, "usd") for one in (0, 5000, 250)] == ["$0", "$50", "$2.50"]
    assert [axis_money(one, "jpy") for one in (0, 100)] == ["¥0", "¥100"]


@pytest.mark.parametrize(
    ("currency", "amounts", "labels"),
    [
        ("usd", [3], ["$0", "$0.01", "$0.02", "$0.03"]),
        ("usd", [100], ["$0", "$0.50", "$1.00"]),
        ("usd", [-2, 1], ["-$0.02", "-$0.01", "$0", "$0.01"]),
        ("jpy", [2], ["¥0", "¥1", "¥2"]),
        ("kwd", [25], ["KWD0", "KWD0.010", "KWD0.020", "KWD0.030"]),
    ],
)
def test_an_axis_of_a_few_cents_says_each_of_them(
    currency: str, amounts: list[int], labels: list[str]
) -> None:
    scale = Scale.of(amounts, currency, top=READOUT, height=BARS)
    minus = money(-1, "usd").partition("$")[0]
    assert [scale.label(one).replace(minus, "-") for one in scale.lines] == labels


@given(st.lists(st.integers(-60, 60)), st.sampled_from(["usd", "jpy", "kwd", "isk"]))
def test_no_two_lines_of_an_axis_say_the_same_or_lie_on_each_other(
    amounts: list[int], currency: str
) -> None:
    charged = [one * charge_step(currency) for one in amounts]
    scale = Scale.of(charged, currency, top=READOUT, height=LINES)
    labels = [scale.label(one) for one in scale.lines]
    assert len(set(labels)) == len(labels)
    places = [scale.y(one) for one in scale.lines]
    assert all(above - below >= LABEL_HEIGHT for above, below in itertools.pairwise(places))


@given(st.lists(st.integers(0, 132), max_size=5))
def test_labels_beside_each_other_never_lie_on_each_other(places: list[int]) -> None:
    found = sorted(apart(places, 0, 132))
    assert all(b - a >= LABEL_HEIGHT for a, b in itertools.pairwise(found))


@pytest.mark.parametrize("today", [0, 1, 14, 28, 29])
def test_now_is_named_and_no_label_lies_on_another(today: int) -> None:
    ticks = draw(spend([100] * 30, today=today)).ticks
    assert [tick.label.endswith(", now") for tick in ticks].count(True) == 1
    places = sorted(tick.x for tick in ticks)
    assert all(b - a > 6 for a, b in itertools.pairwise(places))
    assert len(ticks) <= 9


def test_the_budget_is_a_line_with_a_ring_where_it_will_be_crossed() -> None:
    ahead = Prospect(likely=4000, low=3500, high=4500, budget=3000)
    running = draw(spend([1000, 1000, 0, 0], today=1, ahead=ahead)).running
    assert running is not None
    assert running.cross is not None
    assert 37.5 < running.cross.x < 100
    assert running.cross.y == running.budget
    assert running.reach.endswith("z")


def test_a_budget_far_above_is_said_and_does_not_flatten_the_line() -> None:
    ahead = Prospect(likely=None, low=None, high=None, budget=10**9)
    running = draw(spend([1000, 1000], ahead=ahead)).running
    assert running is not None
    assert running.budget is None
    assert running.budget_above


def test_a_line_tells_what_the_bar_is_made_of() -> None:
    past, today, later = readings(
        spend([100, 50, 0], [200, 0, 0], expected=[0, 25, 75], last=[90, 90, 90], today=1)
    )
    assert (past.title, past.total) == ("Fri 6 Nov", "$3.00")
    assert past.parts == [
        ("Product 0", "$1.00"), ("Product 1", "$2.00"), ("Last cycle", "$0.90"),
        ("Running total", "$3.00"),
    ]  # fmt: skip
    assert today.total == "$0.50 so far"
    assert ("Expected", "$0.25 more") in today.parts
    assert later.total == "$0.75 expected"


def test_the_sum_names_only_what_is_there_with_its_sign() -> None:
    said = [
        f"{one.sign}{one.amount} {one.words}"
        for one in proof_terms(Proof(237419, 29712, 0, 0, -2500, 0, 264631), "usd")
    ]
    assert " ".join(said) == (
        "$2,374.19 in these days + $297.12 of fees for the days to come "
        "\N{MINUS SIGN} $25.00 of credits"
    )
    [alone] = proof_terms(Proof(0, 0, 0, 0, 0, 0, 0), "usd")
    assert alone.amount == "$0.00"
