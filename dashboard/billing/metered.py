"""Metered items: one per price version on an invoice, rated from the usage of all its services.

The versions of a price share one count in a cycle, so units of one move what the others cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from dashboard.billing.cause import Cause
from dashboard.billing.chain import ChainKey, Chains, remainder
from dashboard.billing.lines import Line, add_line, change_line, metered_key
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import Rated, rate_cycle
from dashboard.pricing.versions import VersionWindow, load_windows_of


class Count(NamedTuple):
    """What is counted from its first unit to its last: one price in one cycle, all versions."""

    cycle: BillingCycle
    price_id: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one price version in one cycle."""

    cycle: BillingCycle
    version: VersionWindow

    @property
    def key(self) -> ChainKey:
        """What its items are chained by."""
        return ChainKey(self.cycle.id, self.version.version.id, None)

    @property
    def count(self) -> Count:
        """What it is a part of."""
        return Count(self.cycle, self.version.version.price_id)

    @property
    def window(self) -> Period:
        """When it was used: the part of the cycle that the version is in force."""
        cycle = Period(self.cycle.starts_at, self.cycle.ends_at)
        return cycle.clip(Period(self.version.start, self.version.end)) or cycle


# How many units more each invoice bills; zero to rate an invoice anew.
Additions = Mapping[Invoice, Decimal]


def add_usage(used: Collection[tuple[Usage, Additions]], cause: Cause) -> set[Invoice]:
    """Add units to their items and rate these, and all others of the same counts, anew.

    The invoices must be locked. Returns those that changed; they are not touched: call `touch_all`.
    """
    if not used:
        return set()
    counts: dict[Count, dict[ChainKey, Additions]] = defaultdict(dict)
    versions: dict[Count, VersionWindow] = {}
    for usage, additions in used:
        counts[usage.count][usage.key] = additions
        versions[usage.count] = usage.version
    chains = Chains.load(
        "metered",
        {count.cycle.organization_id for count in counts},
        {count.cycle.id for count in counts},
    )
    changed: set[Invoice] = set()
    for count, added in counts.items():
        usages = [Usage(count.cycle, window) for window in versions[count].all]
        parts = [_Part(one, chains, added.get(one.key, {})) for one in usages]
        changed |= _rerate([part for part in parts if part.invoices], cause)
    return changed


def rerate_metered(invoice: Invoice, used: Collection[Usage], cause: Cause) -> set[Invoice]:
    """Rate the items of `used` on `invoice`, and those on later invoices, anew."""
    return add_usage([(usage, {invoice: Decimal(0)}) for usage in used], cause)


class _Part:
    """One version's part of a count, followed from invoice to invoice."""

    def __init__(self, usage: Usage, chains: Chains, added: Additions) -> None:
        self.usage, self.added, self._chains = usage, added, chains
        self._quantities = {link.invoice: link.item.quantity for link in chains.of(usage.key)}
        for invoice, quantity in added.items():
            self._quantities[invoice] = EXACT.add(self._on(invoice), quantity)
        self.units = Decimal(0)

    @property
    def invoices(self) -> Collection[Invoice]:
        """The invoices that bill it, or shall."""
        return self._quantities.keys()

    def count(self, invoice: Invoice) -> None:
        """Count the units that `invoice` bills."""
        self.units = EXACT.add(self.units, self._on(invoice))

    def write(self, invoice: Invoice, rated: Rated, cause: Cause) -> bool:
        """Make `invoice` bill what is left of `rated`; return whether that changed an item.

        Without units of its own it gets an item only when others moved the amount.
        """
        key, quantity = self.usage.key, self._on(invoice)
        left = remainder(rated, self._chains.settle(key, invoice, rated.amount_cents))
        line = _line(invoice, self.usage, quantity, left)
        item = self._chains.on(key, invoice)
        if item is not None:
            return change_line(invoice, item, line, cause)
        if not quantity and not left.amount_cents:
            return False
        self._chains.put(invoice, add_line(invoice, line, cause))
        return True

    def _on(self, invoice: Invoice) -> Decimal:
        return self._quantities.get(invoice, Decimal(0))


def _rerate(parts: Sequence[_Part], cause: Cause) -> set[Invoice]:
    """Rate the parts of a count, the earliest version first, on every invoice that may change.

    Each invoice bills what everything so far costs less what the invoices before it billed.
    """
    invoices = sorted(set().union(*(part.invoices for part in parts)), key=_sequence)
    first = min(invoice.sequence for part in parts for invoice in part.added)
    changed: set[Invoice] = set()
    for invoice in invoices:
        for part in parts:
            part.count(invoice)
        if invoice.sequence >= first and invoice.is_changeable:
            rated = rate_cycle([(part.usage.version.terms, part.units) for part in parts])
            for part, everything in zip(parts, rated, strict=True):
                if part.write(invoice, everything, cause):
                    changed.add(invoice)
    return changed


def _sequence(invoice: Invoice) -> int:
    return invoice.sequence


def _line(invoice: Invoice, usage: Usage, quantity: Decimal, rated: Rated) -> Line:
    is_own = invoice.cycle_id == usage.cycle.id
    own = Period(invoice.period_start, invoice.period_end).clip(usage.window) if is_own else None
    # Without units of its own it is there because others' moved what these cost.
    is_correction = quantity < 0 or (not quantity and rated.amount_cents != 0)
    name = usage.version.price.name
    return Line(
        kind="metered",
        key=metered_key(usage.cycle.id, usage.version.version.id),
        cycle_id=usage.cycle.id,
        price_version_id=usage.version.version.id,
        description=_description(name, is_own=is_own, is_correction=is_correction),
        quantity=quantity,
        amount_cents=rated.amount_cents,
        period=own or usage.window,
        trace=rated.trace,
    )


def _description(name: str, *, is_own: bool, is_correction: bool) -> str:
    if is_correction:
        return f"{name}, correction"
    return name if is_own else f"{name}, late usage"


def usage_of(items: Collection[InvoiceItem]) -> list[Usage]:
    """Return what the metered items among `items` bill; one query for all their versions."""
    metered = [item for item in items if item.kind == "metered"]
    windows = load_windows_of(item.price_version_id for item in metered if item.price_version_id)
    found = {Usage(item.cycle, windows[item.price_version_id or 0]) for item in metered}
    return sorted(found, key=lambda usage: usage.key)


def counted_together(cycle: BillingCycle, items: Collection[InvoiceItem]) -> list[list[Usage]]:
    """Return, for each price that metered `items` of `cycle` bill, its versions in force then.

    The earliest first, also those without an item; one query.
    """
    windows = load_windows_of({item.price_version_id for item in items if item.price_version_id})
    counts: dict[int, list[Usage]] = defaultdict(list)
    for window in windows.values():
        if window.start < cycle.ends_at and window.end > cycle.starts_at:
            counts[window.version.price_id].append(Usage(cycle, window))
    return list(counts.values())
