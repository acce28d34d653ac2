"""Numbers as people type them: plain digits, a decimal point, commas only between thousands."""

import re
from decimal import Decimal

from wtforms.validators import ValidationError

from dashboard.currencies import charge_step, minor_digits, shown_digits
from dashboard.money import Money

# Not what Decimal() reads: that takes exponents, underscores and other scripts' digits. A comma
# that does not separate thousands is the decimal point of half the world: it is never dropped.
_NUMBER = re.compile(r"-?([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+)(\.[0-9]+)?", re.ASCII)
MOST = Decimal(999_999_999)
# As many digits as the ledger's largest amount has.
_CENTS = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def read_cents(text: str | None) -> int | None:
    """Return the minor units that a page's hidden field carries; None for anything else."""
    return int(text) if text and _CENTS.fullmatch(text) else None


def read_number(text: str) -> Decimal | None:
    """Return the exact number, None when it is not written as one."""
    text = text.strip()
    return Decimal(text.replace(",", "")) if _NUMBER.fullmatch(text) else None


def read_amount(text: str, currency: str) -> Money:
    """Return an amount above zero in currency units; raise ValidationError with one sentence."""
    amount, digits = read_number(text), shown_digits(currency)
    if amount is None:
        raise ValidationError(_how_to_write(currency))
    if amount <= 0:
        raise ValidationError(f"Enter an amount above zero, such as {example(currency)}.")
    if amount > MOST:
        raise ValidationError(f"Enter at most {MOST:,}; split larger amounts.")
    # By the digits typed, not their value: 1.000 is a thousand to many who write it.
    if -int(amount.as_tuple().exponent) > digits:
        places = f"{digits} decimal places" if digits else "no decimal places"
        raise ValidationError(
            f"{currency.upper()} has {places}. Enter an amount such as {example(currency)}."
        )
    money = Money(int(amount.scaleb(minor_digits(currency))), currency)
    if not money.is_chargeable:
        step = written(Money(charge_step(currency), currency))
        raise ValidationError(
            f"{currency.upper()} is charged in steps of {step}. Enter an amount such as "
            f"{example(currency)}."
        )
    return money


def example(currency: str) -> str:
    """Return an amount as it may be typed in this currency: 25.00 usd, 2500 jpy, 25 isk."""
    return written(Money(2500, currency))


def written(money: Money, style: str = "") -> str:
    """Return an amount in currency units with the decimals that its currency is charged in."""
    return f"{money.major:{style}.{shown_digits(money.currency)}f}"


def _how_to_write(currency: str) -> str:
    point = ", with a point before the decimals" if shown_digits(currency) else ""
    step = charge_step(currency)
    grouped = written(Money(12_345_678 // step * step, currency), ",")
    return (
        f"Enter the amount in digits{point}, such as {example(currency)}. "
        f"A comma may only separate thousands, as in {grouped}."
    )
