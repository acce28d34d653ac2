"""The charts of cycles that are weeks: all of the thirty days, and bars that are told apart."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.reading.spend.amounts import _units
from dashboard.reading.spend.read import Wanted, spend_of
from dashboard.reading.spend.rows import Cycle, SpendRows, Used
from dashboard.views.spend_axis import bar_label, is_by_year, ticks
from tests.factories import PriceFactory, make_organization, make_service
from tests.support.reading import opened_by_support

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NOW = MARCH + timedelta(days=60, hours=6)


def test_thirty_days_hold_all_the_weeks_that_are_in_them(db: SQLAlchemy) -> None:
    organization = make_organization(anchor=MARCH, now=MARCH, cycle_interval="week")
    price = PriceFactory(interval="week", version__unit_amount=Decimal(700))
    make_service(organization, price, now=MARCH, at=MARCH)
    roll_over(organization, now=NOW)
    db.session.commit()
    draft = opened_by_support(current_invoice(organization)).draft
    assert draft is not None
    assert spend_of(draft, Wanted(over="days"), now=NOW).totals == [100] * 30
    by_cycle = spend_of(draft, Wanted(over="months"), now=NOW)
    assert by_cycle.totals == [700] * 9
    labels = [tick.label for tick in ticks(by_cycle)]
    assert len(set(labels)) == len(labels)
    assert labels[0] == "1 Mar"


def test_units_of_a_day_beyond_the_cycle_are_drawn_on_its_last_day() -> None:
    days = [MARCH.date(), MARCH.date() + timedelta(days=1)]
    used = [Used(1, 2, None, MARCH.date() + timedelta(days=n), Decimal(5)) for n in range(4)]
    rows = cast(SpendRows, SimpleNamespace(used=used))
    units = _units(Cycle(1, MARCH, MARCH + timedelta(days=2)), rows, days)
    assert units[2][None] == [5, 15]


def test_years_are_told_apart_whichever_month_they_begin_in() -> None:
    starts = [datetime(year, 3, 1, tzinfo=UTC).date() for year in range(2020, 2026)]
    assert [_label(starts, start) for start in starts] == [f"Mar {n}" for n in range(2020, 2026)]
    months = [datetime(2026, month, 1, tzinfo=UTC).date() for month in (1, 2, 3)]
    assert [_label(months, start) for start in months] == ["Jan 2026", "Feb", "Mar"]
    assert _label(months[1:2], months[1]) == "Feb"


def _label(starts: list[date], start: date) -> str:
    return bar_label(start, by_month=True, by_year=is_by_year(starts))
