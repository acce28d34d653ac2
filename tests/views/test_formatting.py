"""How money, quantities and instants read."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.views.formatting import (
    bounds,
    counted,
    day,
    instant,
    middle,
    money,
    period,
    quantity,
)


def at(*parts: int) -> datetime:
    """Return an instant in UTC."""
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (229285, "usd", "$2,292.85"),
        (-500, "usd", "−\u2060$5.00"),
        (0, "eur", "€0.00"),
        (1234, "jpy", "¥1,234"),
        (105000, "isk", "ISK1,050"),
        (105050, "isk", "ISK1,050.50"),
        (-1230, "kwd", "−\u2060KWD1.230"),
        # By custom these are written without decimals, but Stripe charges them with two.
        (1055, "rsd", "RSD10.55"),
        (None, "usd", "–"),
    ],
)
def test_money_is_in_the_currency_s_own_digits(cents: int | None, currency: str, text: str) -> None:
    assert money(cents, currency) == text


def test_quantities_lose_only_their_trailing_zeros() -> None:
    assert quantity(Decimal("1234567.500000000000")) == "1,234,567.5"
    assert quantity(Decimal("1E+3")) == "1,000"


def test_units_are_counted_in_words() -> None:
    assert counted(1, "server") == "1 server"
    assert counted(40, "address") == "40 addresses"
    assert counted(Decimal("2.5"), "server") == "2.5 servers"
    assert counted(2, "GB") == "2 GB"


def test_a_period_names_its_first_and_last_day() -> None:
    assert period(at(2026, 11, 1), at(2026, 12, 1)) == "1 – 30 Nov 2026"
    assert period(at(2026, 11, 15), at(2026, 12, 15)) == "15 Nov – 14 Dec 2026"
    assert period(at(2026, 12, 15), at(2027, 1, 15)) == "15 Dec 2026 – 14 Jan 2027"


def test_boundaries_within_a_day_show_their_time() -> None:
    shown = period(at(2026, 11, 1, 10, 3), at(2026, 12, 1))
    assert shown == "1 Nov 2026, 10:03 – 1 Dec 2026, 00:00 UTC"


def test_long_ids_lose_their_middle() -> None:
    assert middle("in_1") == "in_1"
    assert middle("in_d14b1234567890ea05e45") == "in_d14b…ea05e45"


def test_nothing_is_a_dash() -> None:
    assert instant(None) == "–"


def test_a_page_says_utc_of_what_is_utc() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    start, end = at(2026, 10, 31, 2).astimezone(zone), at(2026, 12, 1, 2).astimezone(zone)
    assert period(start, end) == "31 Oct 2026, 02:00 – 1 Dec 2026, 02:00 UTC"
    assert (day(start), day(end)) == ("31 Oct 2026", "1 Dec 2026")
    midnights = [at(2026, 11, 1).astimezone(zone), at(2026, 12, 1).astimezone(zone)]
    assert bounds(*midnights) == "Days in UTC, both included"
