"""Amounts as people type them."""

import pytest
from wtforms.validators import ValidationError

from dashboard.forms.amounts import example, read_amount, read_number
from dashboard.money import Money


@pytest.mark.parametrize(
    ("text", "currency", "cents"),
    [
        ("12.50", "usd", 1250),
        (" 12.5 ", "usd", 1250),
        ("1,234.50", "usd", 123450),
        ("1,234,567", "usd", 123456700),
        ("1234567.89", "usd", 123456789),
        ("007", "usd", 700),
        ("2500", "jpy", 2500),
        ("1.23", "kwd", 1230),
        ("1.230", "kwd", 1230),
        ("1,234", "isk", 123400),
        ("999,999,999", "usd", 99999999900),
    ],
)
def test_plain_amounts_are_read_exactly(text: str, currency: str, cents: int) -> None:
    assert read_amount(text, currency) == Money(cents, currency)


@pytest.mark.parametrize(
    "text",
    [
        "12,50", "1,5", ",5", "1,00,0", "12,500,00", "1234,567", "0,123", "1,234,5", "1.5,000",
        "1.234,50", "1 234.50", "1'234.50", "1e3", "1E3", "1_000", "\u0663", "\uff11", "\u00b2",
        "+5", "--5", "5.", ".5", "5.5.5", "$5", "5 usd", "NaN", "Infinity", "0x10", "", " ", "1\n2",
    ],
)  # fmt: skip
def test_what_could_mean_something_else_is_refused(text: str) -> None:
    assert read_number(text) is None
    with pytest.raises(ValidationError, match="in digits, with a point before the decimals"):
        read_amount(text, "usd")


@pytest.mark.parametrize(
    ("text", "currency", "words"),
    [
        ("0.00", "usd", "above zero, such as 25.00"),
        ("-5", "usd", "above zero"),
        ("999999999.01", "usd", "at most 999,999,999"),
        ("9" * 4000, "usd", "at most 999,999,999"),
        ("1.000", "usd", "USD has 2 decimal places. Enter an amount such as 25.00"),
        ("25.00", "isk", "ISK has no decimal places. Enter an amount such as 25"),
        ("1.234", "kwd", "KWD is charged in steps of 0.010. Enter an amount such as 2.500"),
        ("12,50", "ugx", "in digits, such as 25. A comma may only .* 123,456"),
        ("25.00", "jpy", "JPY has no decimal places. Enter an amount such as 2500"),
        ("12,50", "jpy", "in digits, such as 2500. A comma may only .* 12,345,678"),
    ],
)
def test_each_mistake_has_its_own_sentence(text: str, currency: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        read_amount(text, currency)


@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd", "isk", "ugx"])
def test_the_example_is_itself_accepted(currency: str) -> None:
    assert read_amount(example(currency), currency) == Money(2500, currency)
