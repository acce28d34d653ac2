"""What a row of a bill says: names, quantities, unit prices, shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from dashboard.billing.period import Period
from dashboard.money import round_charge
from dashboard.pricing.exact import major_text
from dashboard.pricing.price_models import PRICE_MODELS
from dashboard.pricing.terms import Terms
from dashboard.reading.groups import COUNTED, Group, Part, label_of, natural
from dashboard.reading.rows import Item
from dashboard.views.formatting import MIDNIGHT, counted, instant, period

FOLLOWING = {
    "rebilled": "from a void invoice",
    "taken_back": "credit taken back",
    "carry_over": "from an earlier invoice",
}
# So many labels are told one by one.
FEW = 3
DAY_SECONDS = 24 * 3600


class CycleOfBill(Protocol):
    """A cycle as a bill knows it."""

    @property
    def starts_at(self) -> datetime:
        """Its start."""

    @property
    def ends_at(self) -> datetime:
        """Its end."""

    @property
    def whole_seconds(self) -> int | None:
        """How long the whole cycle is that it is a part of; None: it is all of one."""


def whole_of(cycle: CycleOfBill) -> Period:
    """Return a period as long as the whole cycle that fees are a share of."""
    start, seconds = cycle.starts_at, cycle.whole_seconds
    return Period(start, start + timedelta(seconds=seconds) if seconds else cycle.ends_at)


def quantity_of(part: Part) -> str:
    """Return how much it is: 8 servers; of several kinds, how many there are."""
    if isinstance(part, Group):
        units = part.quantity
        return f"{len(part.kinds)} kinds" if units is None else counted(units, _unit(part))
    return counted(part.quantity, part.unit_label) if part.kind in COUNTED else ""


def each_of(part: Part, currency: str, cycle: Period) -> str:
    """Return what a unit costs: $36.00, by tier; $96.00 × 25/30 days of a part of the cycle.

    Nothing of what has no price, or several. The part of the cycle is told where all items are for
    the same one and it leads to the amount: a quantity may have changed within it. Of several it
    is said that there are, as the price times the quantity is not the amount.
    """
    items: Sequence[Item] = part.items if isinstance(part, Group) else (part,)
    if isinstance(part, Group) and len(part.kinds) > 1:
        return ""
    first = items[0]
    each = unit_price_of(first, currency)
    if not each or first.kind != "recurring" or not PRICE_MODELS[first.model or ""].is_per_unit:
        return each
    is_together = all(
        (one.period_start, one.period_end) == (first.period_start, first.period_end)
        for one in items
    )
    if not is_together:
        return f"{each}, each for its part of the cycle"
    return f"{each}{_part_of_cycle(first, currency, cycle)}"


def unit_price_of(item: Item, currency: str) -> str:
    """Return what a unit of the item costs, for a whole cycle; nothing of what has no price."""
    if item.kind not in COUNTED or item.unit_amount is None:
        return ""
    amount = major_text(item.unit_amount, currency)
    return PRICE_MODELS[item.model or ""].unit_price(amount, item.package_size)


def price_of(terms: Terms) -> str:
    """Return the same of the terms alone, as a sentence begins."""
    words = terms.priced.unit_price(
        major_text(terms.unit_amount, terms.currency), terms.package_size
    )
    return f"{words[:1].upper()}{words[1:]}"


def note_of(part: Part, whole: Period) -> str:
    """Return what tells it from its like: labels, and when within the bill's period it was."""
    if isinstance(part, Group):
        return labels_of(part.items) if len(part.kinds) == 1 else ""
    if part.kind == "adjustment":
        return ""
    said = [FOLLOWING.get(part.kind, ""), _when(part, whole)]
    return ", ".join(filter(None, said))


def labels_of(items: Sequence[Item]) -> str:
    """Return which services fees are for: robot-01 to robot-08; nothing if one has no label."""
    labels = sorted(map(label_of, items), key=natural)
    if not all(labels):
        return ""
    return ", ".join(labels) if len(labels) <= FEW else f"{labels[0]} to {labels[-1]}"


def percent(cents: int, of_cents: int) -> str:
    """Return a share as people read it: 25%, <1%."""
    if cents <= 0 or of_cents <= 0:
        return ""
    whole = (200 * cents + of_cents) // (2 * of_cents)
    return f"{whole}%" if whole else "<1%"


def _unit(group: Group) -> str:
    return group.items[0].unit_label


def _when(item: Item, whole: Period) -> str:
    begins, ends = item.period_start == whole.start, item.period_end == whole.end
    if begins and ends:
        return ""
    if ends:
        return f"from {_edge(item.period_start)}"
    return (
        f"until {_edge(item.period_end)}" if begins else period(item.period_start, item.period_end)
    )


def _edge(at: datetime) -> str:
    return f"{at:%-d %b}" if at.timetz().replace(tzinfo=None) == MIDNIGHT else instant(at)


def _part_of_cycle(item: Item, currency: str, cycle: Period) -> str:
    seconds = int((item.period_end - item.period_start).total_seconds())
    of_seconds = int((cycle.end - cycle.start).total_seconds())
    if seconds >= of_seconds or item.unit_amount is None:
        return ""
    share = Fraction(seconds, of_seconds)
    exact = Fraction(item.unit_amount) * Fraction(item.quantity) * share
    if round_charge(exact, currency) != item.amount_cents:
        return ""
    return f" × {_days(seconds)}/{_days(of_seconds)} days"


def _days(seconds: int) -> str:
    days, rest = divmod(seconds, DAY_SECONDS)
    return f"{Decimal(seconds) / DAY_SECONDS:.1f}" if rest else str(days)
