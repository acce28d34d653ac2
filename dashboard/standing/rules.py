"""What the standing of an organization is, from the rules, what it owes and the time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from dashboard.money import Money

Standing = Literal["good", "warned", "suspended"]
# From the best to the worst.
STANDINGS: tuple[Standing, ...] = ("good", "warned", "suspended")
MOST_DAYS = 3650


class Debt(NamedTuple):
    """An invoice that should have been paid by now: since when, and what is left of it."""

    late_since: datetime
    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Rules:
    """After how many days past due an organization is warned, and suspended; None: never.

    `minimums` are the least that must be that late, in whole units of each currency; `minimum` is
    for those not named.
    """

    warn_after_days: int | None = None
    suspend_after_days: int | None = None
    minimum: Decimal = Decimal(0)
    minimums: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def are_off(self) -> bool:
        """Whether no organization is ever anything but good by them."""
        return self.warn_after_days is None and self.suspend_after_days is None

    def least(self, currency: str) -> Decimal:
        """Return how much must be late before anything follows."""
        return self.minimums.get(currency, self.minimum)


class Override(NamedTuple):
    """What a person set it to, until when."""

    standing: Standing
    until: datetime


def by_rules(rules: Rules, debts: Iterable[Debt], now: datetime) -> Standing:
    """Return the standing that the rules give: the worst whose days and amount are both reached."""
    owed = list(debts)
    if _reached(rules, owed, rules.suspend_after_days, now):
        return "suspended"
    return "warned" if _reached(rules, owed, rules.warn_after_days, now) else "good"


def standing_of(computed: Standing, override: Override | None, now: datetime) -> Standing:
    """Return what holds: what a person set, until its end; then what the rules give."""
    return computed if override is None or override.until <= now else override.standing


def _reached(rules: Rules, debts: list[Debt], days: int | None, now: datetime) -> bool:
    if days is None:
        return False
    since = now - timedelta(days=days)
    late: dict[str, int] = {}
    for one in debts:
        # Amounts of two currencies are never added up.
        if one.late_since <= since and one.cents > 0:
            late[one.currency] = late.get(one.currency, 0) + one.cents
    return any(Money(cents, name).major >= rules.least(name) for name, cents in late.items())
