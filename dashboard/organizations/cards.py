"""Which card an organization pays with: Stripe's default, or the only one there is.

Each card and the choice of the default is kept in its own order, whatever order it is told in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.gateway.customer_records import RemoteCard
from dashboard.organizations.models import Organization

# Of one second: a card is attached before it is changed, and gone after that.
ATTACHED, CHANGED, GONE = 0, 1, 2
SHOWN = ("brand", "last4", "exp_month", "exp_year")


def keep_card(organization: Organization, card: RemoteCard, *, at: datetime, step: int) -> None:
    """Keep what Stripe told of a card at `at`; an older fact changes nothing."""
    known = organization.cards.get(card.id)
    if known is not None and (known.get("at", 0), known.get("step", 0)) > (at.timestamp(), step):
        return
    shown = {name: getattr(card, name) for name in SHOWN}
    told = {"id": card.id, **shown, "at": at.timestamp(), "step": step}
    organization.cards = organization.cards | {card.id: told}
    choose(organization)


def is_default_told(organization: Organization, card_id: str | None, at: datetime) -> bool | None:
    """Whether something newer than `at` is known of the default; None when nobody can say."""
    known = organization.default_card
    if known is None or known["at"] < at.timestamp():
        return False
    return None if known["at"] == at.timestamp() and known["id"] != card_id else True


def keep_default(organization: Organization, card_id: str | None, *, at: datetime) -> None:
    """Keep which card Stripe charges by default."""
    organization.default_card = {"id": card_id, "at": at.timestamp()}
    choose(organization)


def forget_cards(organization: Organization) -> None:
    """Forget all of them: the customer who had them is gone."""
    organization.cards = {}
    organization.default_card = None
    organization.payment_method = None


def choose(organization: Organization) -> None:
    """Show the default card; without one the only card; of several nobody knows."""
    cards = organization.cards
    held = there(cards)
    default = (organization.default_card or {}).get("id")
    chosen = None if default is None else held.get(default)
    # A default that was not told of yet is another card than the only one here.
    if chosen is None and len(held) == 1 and (default is None or default in cards):
        [chosen] = held.values()
    organization.payment_method = None if chosen is None else dict(chosen)


def there(cards: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of all cards ever told of that were not taken away."""
    return {name: card for name, card in cards.items() if card.get("step", 0) != GONE}
