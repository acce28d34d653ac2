"""How and when a draft is charged, by what the ledger keeps of the organization's cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from dateutil.relativedelta import relativedelta

from dashboard.billing.policy import current_policy
from dashboard.organizations.cards import there

# Which is whose name, where it is not the one that Stripe uses with a capital letter.
_BRANDS = {
    "amex": "American Express",
    "unionpay": "UnionPay",
    "jcb": "JCB",
    "diners": "Diners Club",
}
By = Literal["sent_invoice", "card", "other_method", "several_cards", "nothing"]


class Payer(Protocol):
    """An organization, as far as how it pays is concerned."""

    @property
    def collection_method(self) -> str: ...
    @property
    def payment_method(self) -> dict[str, Any] | None: ...
    @property
    def cards(self) -> dict[str, Any]: ...
    @property
    def default_card(self) -> dict[str, Any] | None: ...


class Card(NamedTuple):
    """What people recognize a card by; `ends_at` is the end of its last month, if that is known."""

    brand: str
    last4: str
    month: int
    year: int
    ends_at: datetime | None

    @property
    def called(self) -> str:
        """What people call it: Visa ending 4242."""
        return f"{self.brand} ending {self.last4}"

    @property
    def expires(self) -> str:
        """Its last month as cards have it printed: 08/28."""
        return f"{self.month:02}/{self.year % 100:02}"


@dataclass(frozen=True, slots=True)
class Charge:
    """A draft's charge at `at`, by a card or otherwise.

    `expires_before` is the first charge of the coming two that the card does not live to see.
    """

    at: datetime
    by: By
    card: Card | None = None
    expires_before: datetime | None = None

    @property
    def is_spared(self) -> bool:
        """Whether the card still holds for the next charge."""
        return self.expires_before != self.at


def charge_of(payer: Payer, period_end: datetime) -> Charge:
    """Return how the draft whose period ends then is charged, and when at the earliest."""
    at = final_at(period_end)
    if payer.collection_method == "send_invoice":
        return Charge(at, "sent_invoice")
    card = card_of(payer.payment_method)
    if card is not None:
        return Charge(at, "card", card, _expires_before(card, at))
    # Stripe told which one it charges, and nothing that people would recognize it by.
    if payer.payment_method is not None or (payer.default_card or {}).get("id"):
        return Charge(at, "other_method")
    return Charge(at, "several_cards" if there(payer.cards) else "nothing")


def final_at(period_end: datetime) -> datetime:
    """Return when nothing is added to a draft any more: after the grace for late usage."""
    return period_end + timedelta(seconds=current_policy().closing_grace_seconds)


def card_of(method: Mapping[str, Any] | None) -> Card | None:
    """Return the card of a payment method, None for one that is none: a debit, a wallet."""
    if method is None or not method.get("last4"):
        return None
    month, year = method.get("exp_month") or 0, method.get("exp_year") or 0
    brand = str(method.get("brand") or "card")
    called = _BRANDS.get(brand, "Card" if brand == "unknown" else brand.capitalize())
    return Card(called, str(method["last4"]), month, year, _ends_at(month, year))


def _ends_at(month: int, year: int) -> datetime | None:
    """Return the first instant at which a card that expires then is not good any more."""
    if not 1 <= month <= 12 or not 2000 <= year < 9999:
        return None
    return datetime(year, month, 1, tzinfo=UTC) + relativedelta(months=1)


def _expires_before(card: Card, at: datetime) -> datetime | None:
    if card.ends_at is None:
        return None
    return next((one for one in (at, at + relativedelta(months=1)) if card.ends_at <= one), None)
