"""Put a batch on the bill; an entry that would cost more than a line holds is refused by index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from dashboard.billing.metered import Usage, add_usage
from dashboard.billing.models import Invoice
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import AmountTooLarge
from dashboard.usage.entry import BatchRefused, Problem
from dashboard.usage.resolve import Fact

Facts = Mapping[int, Fact]


def bill(facts: Facts, targets: Targets, *, now: datetime) -> set[Invoice]:
    """Add the facts to their items, rated anew; return the invoices that changed, to be touched.

    Raises BatchRefused with the index of each fact whose price can not take the units.
    """
    try:
        with db.session.begin_nested():
            return _add(facts, targets, now)
    except AmountTooLarge as why:
        raise BatchRefused(list(_too_much(facts, targets, now)) or _all(facts, why)) from None


def _add(facts: Facts, targets: Targets, now: datetime) -> set[Invoice]:
    units: dict[Usage, dict[Invoice, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for fact in facts.values():
        sums = units[Usage(fact.cycle, fact.version)]
        invoice = targets.of_usage(fact.cycle)
        sums[invoice] = EXACT.add(sums[invoice], fact.entry.quantity)
    return add_usage(list(units.items()), now=now)


def _too_much(facts: Facts, targets: Targets, now: datetime) -> Iterator[Problem]:
    """Yield what is wrong with the facts that fail by themselves: those of one price and cycle."""
    counts: dict[tuple[int, int], dict[int, Fact]] = defaultdict(dict)
    for index, fact in facts.items():
        counts[fact.cycle.id, fact.version.price.id][index] = fact
    for count in counts.values():
        try:
            with db.session.begin_nested():
                _add(count, targets, now)
        except AmountTooLarge as why:
            yield from _all(count, why)


def _all(facts: Facts, why: AmountTooLarge) -> list[Problem]:
    return [Problem(index, "quantity", why.code, why.message) for index in facts]
