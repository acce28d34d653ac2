"""Money: integer minor units with a currency, and the one rounding rule."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dashboard.currencies import charge_step, minor_digits

# The smallest card charge in minor units, by the currency it settles in; others as the dollar.
_MINIMUM_CHARGES = {
    "gbp": 30, "sek": 300, "nok": 300, "dkk": 250, "jpy": 50, "pln": 200, "ron": 200, "czk": 1500,
    "huf": 17500, "hkd": 400, "mxn": 1000, "aed": 200, "myr": 200, "thb": 1000,
}  # fmt: skip
_MINIMUM_OF_OTHERS = 50


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were combined."""


def minimum_charge(currency: str) -> int:
    """Return the smallest amount Stripe charges in `currency`, in minor units."""
    return _MINIMUM_CHARGES.get(currency, _MINIMUM_OF_OTHERS)


def round_minor(amount: Decimal | Fraction | int) -> int:
    """Round an exact amount of minor units to a whole one, half away from zero, at any size."""
    return nearest(*amount.as_integer_ratio())


def round_charge(amount: Decimal | Fraction | int, currency: str) -> int:
    """Round an exact amount of minor units to what can be charged, half away from zero.

    So what the ledger says is what Stripe's draft says and what is asked for: whole hundreds for
    the króna and the Uganda shilling, tens for currencies with thousandths.
    """
    parts, of = amount.as_integer_ratio()
    step = charge_step(currency)
    return nearest(parts, of * step) * step


def nearest(parts: int, of: int) -> int:
    """Return the whole number that is next to `parts` / `of`, half away from zero; `of` is above 0.

    In whole numbers: a fraction of fractions looks for common divisors at every step.
    """
    whole, rest = divmod(abs(parts), of)
    found = whole + (1 if 2 * rest >= of else 0)
    return -found if parts < 0 else found


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in minor units of a currency; negative is a credit."""

    cents: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.cents, int) or isinstance(self.cents, bool):
            raise TypeError(f"Money needs whole minor units, not {self.cents!r}")
        if self.currency != self.currency.lower() or len(self.currency) != 3:
            raise ValueError(f"{self.currency!r} is not a lower-case ISO currency code")

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.cents - other.cents, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __bool__(self) -> bool:
        return self.cents != 0

    @property
    def is_chargeable(self) -> bool:
        """Whether it can be charged or credited as it is."""
        return self.cents % charge_step(self.currency) == 0

    @property
    def major(self) -> Decimal:
        """The amount in currency units, exact: 1999 usd is 19.99, 1999 jpy is 1999."""
        return Decimal(self.cents).scaleb(-minor_digits(self.currency))

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")
