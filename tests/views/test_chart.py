"""Bars by day."""

from datetime import date
from decimal import Decimal

import pytest

from dashboard.reading.breakdown import DayTotal
from dashboard.views.chart import bar_chart, nice_ceiling


@pytest.mark.parametrize(
    ("value", "ceiling"),
    [("0", "1"), ("7", "8"), ("10", "10"), ("118000", "120000"), ("0.03", "0.03")],
)
def test_the_scale_ends_at_a_round_number(value: str, ceiling: str) -> None:
    assert nice_ceiling(Decimal(value)) == Decimal(ceiling)


def test_days_without_usage_are_empty_bars() -> None:
    totals = [DayTotal(date(2026, 11, 2), Decimal(5))]
    chart = bar_chart(totals, date(2026, 11, 1), date(2026, 11, 3))
    assert [bar.quantity for bar in chart.bars] == [0, 5, 0]
    assert [bar.height > 0 for bar in chart.bars] == [False, True, False]


def test_a_correction_below_zero_draws_nothing() -> None:
    totals = [DayTotal(date(2026, 11, 1), Decimal(-5))]
    assert bar_chart(totals, date(2026, 11, 1), date(2026, 11, 1)).bars[0].height == 0
