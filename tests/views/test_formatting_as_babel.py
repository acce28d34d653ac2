"""Money and quantities read as Babel writes them, which takes a hundred times as long."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from dashboard.currencies import TAKEN, minor_digits, shown_digits
from dashboard.money import Money
from dashboard.pricing.exact import MINUS
from dashboard.views.formatting import HELD_MINUS, money, quantity

BIGINT = st.integers(-(2**63), 2**63 - 1)
# NUMERIC(38,12), as the ledger holds quantities; Babel loses what is beyond 28 digits, or fails.
QUANTITIES = st.decimals(-(10**25), 10**25, allow_nan=False, allow_infinity=False, places=12)
BABELS = st.decimals(-(10**15), 10**15, allow_nan=False, allow_infinity=False, places=12)


def money_by_babel(cents: int, currency: str) -> str:
    """Return the amount as Babel writes it, with the digits that are charged."""
    amount = Money(cents, currency)
    digits = shown_digits(currency) if amount.is_chargeable else minor_digits(currency)
    pattern = f"¤#,##0.{'0' * digits}" if digits else "¤#,##0"
    text = format_currency(
        amount.major, currency.upper(), pattern, locale="en", currency_digits=False
    )
    return text.replace("-", HELD_MINUS)


@given(BIGINT, st.sampled_from(sorted(TAKEN)))
def test_money_of_every_currency_reads_as_babel_writes_it(cents: int, currency: str) -> None:
    assert money(cents, currency) == money_by_babel(cents, currency)


@pytest.mark.parametrize("currency", sorted(TAKEN))
def test_small_amounts_of_every_currency_do_too(currency: str) -> None:
    for cents in (0, 1, -1, 9, 10, 99, -100, 101, 999, 1000, -100_000, 123_456_789):
        assert money(cents, currency) == money_by_babel(cents, currency)


@given(BABELS | BIGINT.map(Decimal) | st.sampled_from(["1E+3", "1E-9", "-0.10"]).map(Decimal))
def test_quantities_read_as_babel_writes_them(value: Decimal) -> None:
    text = format_decimal(value, locale="en", decimal_quantization=False)
    assert quantity(value) == text.replace("-", MINUS)


@given(QUANTITIES)
def test_a_quantity_shows_every_digit_the_ledger_holds(value: Decimal) -> None:
    assert Decimal(quantity(value).replace(",", "").replace(MINUS, "-")) == value


@pytest.mark.parametrize("wrong", ["USD", "us", "dollar", ""])
def test_what_is_no_currency_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        money(1, wrong)
