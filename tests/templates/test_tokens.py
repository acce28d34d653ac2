"""What is written in a color can be read on what it stands on, in both themes."""

import re
from itertools import product

import pytest

from tests.support.environment import ROOT

PAIR = re.compile(r"--([\w-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);")
COLORS = {
    name: (light, dark)
    for name, light, dark in PAIR.findall((ROOT / "static/css/tokens.css").read_text())
}
SURFACES = ("page", "surface", "sunken")
# Text, and what it is written on.
WRITTEN = [
    *product(("ink", "ink-2", "ink-3", "accent"), SURFACES),
    *product(("ink", "ink-2"), ("accent-soft", "notice-soft", "bad-soft")),
    *(("notice", on) for on in (*SURFACES, "notice-soft")),
    *(("bad", on) for on in (*SURFACES, "bad-soft")),
]
# Drawn rather than written: a check mark, the border of a field, the bars of products.
DRAWN = [
    *(("ok", "surface"), ("field-line", "surface"), ("field-line", "page")),
    *((f"series-{number}", "surface") for number in range(1, 7)),
]


def luminance(color: str) -> float:
    """Return how bright a color is, as WCAG counts it."""
    shares = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return by how much two colors differ: 21 is black on white."""
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "on"), WRITTEN, ids="-".join)
def test_text_can_be_read_on_what_it_stands_on(text: str, on: str, theme: int) -> None:
    assert contrast(COLORS[text][theme], COLORS[on][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "on"), DRAWN, ids="-".join)
def test_what_is_drawn_can_be_seen(mark: str, on: str, theme: int) -> None:
    assert contrast(COLORS[mark][theme], COLORS[on][theme]) >= 3


def test_black_on_white_differs_by_twenty_one() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
