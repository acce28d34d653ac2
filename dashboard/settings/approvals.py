"""Above which amounts a second person approves, out of APPROVE_ABOVE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from dashboard.currencies import TAKEN
from dashboard.money import Money

FORMS = "must be empty, or amounts such as 200,jpy=30000: the first for every currency not named"


@dataclass(frozen=True, slots=True)
class Limits:
    """Amounts in whole units of their currency; `others` is None where no limit holds for it."""

    by_currency: Mapping[str, Decimal]
    others: Decimal | None = None

    def wants_two(self, amount: Money) -> bool:
        """Whether `amount` is moved only when a second person approves it."""
        limit = self.of(amount.currency)
        return limit is not None and abs(amount.major) > limit

    def of(self, currency: str) -> Decimal | None:
        """Return above which amount of a currency a second person approves; None for never."""
        return self.by_currency.get(currency, self.others)


class ApprovalSettings(BaseSettings):
    """The settings of four eyes; without them each person decides alone."""

    approve_above: str = ""
    approve_within_hours: int = Field(72, ge=1, le=24 * 30)

    @field_validator("approve_above")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        limits_in(text)
        return text

    @property
    def approval_limits(self) -> Limits:
        """The amounts above which a second person approves."""
        return limits_in(self.approve_above)

    @property
    def approval_ends_after(self) -> timedelta:
        """How long a second person has for it."""
        return timedelta(hours=self.approve_within_hours)


def limits_in(text: str) -> Limits:
    """Return the limits that a setting names; raise ValueError for text that names none."""
    named: dict[str, Decimal] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        currency, equals, amount = part.rpartition("=")
        if bool(equals) != bool(currency) or (currency and currency.lower() not in TAKEN):
            raise ValueError(FORMS)
        if currency.lower() in named:
            raise ValueError(FORMS)
        named[currency.lower()] = _amount(amount)
    return Limits({name: one for name, one in named.items() if name}, named.get(""))


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(FORMS) from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(FORMS)
    return amount
