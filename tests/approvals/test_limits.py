"""Above which amounts a second person approves."""

from decimal import Decimal

import pytest

from dashboard.money import Money
from dashboard.settings.approvals import Limits, limits_in


def test_without_a_setting_nobody_is_asked() -> None:
    assert limits_in("") == Limits({})
    assert not limits_in("").wants_two(Money(10**12, "usd"))


@pytest.mark.parametrize(
    ("amount", "wants"),
    [
        (Money(20_000, "usd"), False),
        (Money(20_001, "usd"), True),
        (Money(-20_001, "usd"), True),
        (Money(30_000, "jpy"), False),
        (Money(30_001, "jpy"), True),
        (Money(200_001, "kwd"), True),
        (Money(200_000, "kwd"), False),
    ],
)
def test_a_limit_is_in_whole_units_of_each_currency(amount: Money, wants: bool) -> None:
    assert limits_in("200, jpy=30000").wants_two(amount) is wants


def test_currencies_that_are_not_named_have_none_without_an_amount_for_all() -> None:
    limits = limits_in("usd=0.50")
    assert limits.of("usd") == Decimal("0.50")
    assert limits.of("eur") is None


@pytest.mark.parametrize(
    "text", ["x", "200,300", "xxx=5", "usd=", "=5", "-1", "usd=1,usd=2", "NaN"]
)
def test_what_cannot_be_read_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="must be empty, or amounts"):
        limits_in(text)
