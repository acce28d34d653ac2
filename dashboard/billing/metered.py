"""Metered items: one per price version on an invoice, rated from the usage of all its services."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dashboard.billing.chain import ChainKey, Chains, remainder
from dashboard.billing.lines import Line, add_line, change_line, metered_key
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import Rated, rate_metered
from dashboard.pricing.versions import VersionWindow, load_windows_of


@dataclass(frozen=True, slots=True)
class Usage:
    """What is metered together: the usage of one price version in one cycle."""

    cycle: BillingCycle
    version: VersionWindow

    @property
    def key(self) -> ChainKey:
        """What its items are chained by."""
        return ChainKey(self.cycle.id, self.version.version.id, None)

    @property
    def window(self) -> Period:
        """When it was used: the part of the cycle that the version is in force."""
        cycle = Period(self.cycle.starts_at, self.cycle.ends_at)
        return cycle.clip(Period(self.version.start, self.version.end)) or cycle


# How many units more each invoice bills; zero to rate an invoice anew.
Additions = Mapping[Invoice, Decimal]


def add_usage(used: Collection[tuple[Usage, Additions]], *, now: datetime) -> set[Invoice]:
    """Add units to their items and rate these, and those on later invoices, anew.

    The invoices must be locked. Returns those that changed; they are not touched: call `touch_all`.
    """
    if not used:
        return set()
    chains = Chains.load(
        "metered",
        {usage.cycle.organization_id for usage, _ in used},
        {usage.cycle.id for usage, _ in used},
    )
    changed: set[Invoice] = set()
    for usage, additions in used:
        changed |= _rerate(usage, additions, chains, now)
    return changed


def rerate_metered(invoice: Invoice, used: Collection[Usage], *, now: datetime) -> set[Invoice]:
    """Rate the items of `used` on `invoice`, and those on later invoices, anew."""
    return add_usage([(usage, {invoice: Decimal(0)}) for usage in used], now=now)


def _rerate(usage: Usage, additions: Additions, chains: Chains, now: datetime) -> set[Invoice]:
    items = {link.invoice: link.item for link in chains.of(usage.key)}
    first = min(invoice.sequence for invoice in additions)
    units = Decimal(0)
    changed: set[Invoice] = set()
    for invoice in sorted(items.keys() | additions.keys(), key=lambda one: one.sequence):
        item = items.get(invoice)
        quantity = EXACT.add(
            item.quantity if item else Decimal(0), additions.get(invoice, Decimal(0))
        )
        units = EXACT.add(units, quantity)
        if invoice.sequence >= first and invoice.is_changeable:
            rated = rate_metered(usage.version.terms, units)
            rated = remainder(rated, chains.settle(usage.key, invoice, rated.amount_cents))
            if item is None and not quantity and not rated.amount_cents:
                continue
            changed |= _write(chains, invoice, item, _line(invoice, usage, quantity, rated), now)
    return changed


def _write(
    chains: Chains, invoice: Invoice, item: InvoiceItem | None, line: Line, now: datetime
) -> set[Invoice]:
    if item is None:
        chains.put(invoice, add_line(invoice, line, now=now))
        return {invoice}
    return {invoice} if change_line(invoice, item, line, now=now) else set()


def _line(invoice: Invoice, usage: Usage, quantity: Decimal, rated: Rated) -> Line:
    is_own = invoice.cycle_id == usage.cycle.id
    own = Period(invoice.period_start, invoice.period_end).clip(usage.window) if is_own else None
    name = usage.version.price.name
    return Line(
        kind="metered",
        key=metered_key(usage.cycle.id, usage.version.version.id),
        cycle_id=usage.cycle.id,
        price_version_id=usage.version.version.id,
        description=_description(name, quantity, is_own=is_own),
        quantity=quantity,
        amount_cents=rated.amount_cents,
        period=own or usage.window,
        trace=rated.trace,
    )


def _description(name: str, quantity: Decimal, *, is_own: bool) -> str:
    if quantity < 0:
        return f"{name}, correction"
    return name if is_own else f"{name}, late usage"


def usage_of(items: Collection[InvoiceItem]) -> list[Usage]:
    """Return what the metered items among `items` bill; one query for all their versions."""
    metered = [item for item in items if item.kind == "metered"]
    windows = load_windows_of(item.price_version_id for item in metered if item.price_version_id)
    found = {Usage(item.cycle, windows[item.price_version_id or 0]) for item in metered}
    return sorted(found, key=lambda usage: usage.key)
