"""Usage that is billed by something else than it was: its totals and items move along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select, tuple_

from dashboard.billing.cause import Cause
from dashboard.billing.metered import Usage, add_usage
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.revision import touch_all
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT
from dashboard.pricing.versions import load_windows_of
from dashboard.usage.shifts import Shift
from dashboard.usage.totals import TotalKey, add_totals, drop_empty_totals

# Units by cycle and price version.
Units = Mapping[tuple[int, int], Decimal]


def rebill(
    organization_id: int, shifts: Sequence[Shift], locked: Collection[Invoice], cause: Cause
) -> int:
    """Move totals and items by `shifts`; return by how many cents the open invoices changed.

    `locked` are the organization's open invoices. What lies on sealed ones is corrected on the
    current one.
    """
    if not shifts:
        return 0
    totals: dict[TotalKey, Decimal] = defaultdict(Decimal)
    units: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for shift in shifts:
        for version, service, quantity in (
            (shift.from_version, shift.from_service, -shift.quantity),
            (shift.to_version, shift.to_service, shift.quantity),
        ):
            if version is not None:
                day = TotalKey(organization_id, shift.cycle_id, version, service, shift.day)
                totals[day] = EXACT.add(totals[day], quantity)
                sums = (shift.cycle_id, version)
                units[sums] = EXACT.add(units[sums], quantity)
    add_totals(totals)
    drop_empty_totals(organization_id, {shift.cycle_id for shift in shifts})
    before = sum(invoice.total_cents for invoice in locked)
    changed = bill_units({sums: some for sums, some in units.items() if some}, locked, cause)
    _drop_empty_items(changed, units)
    touch_all(changed, now=cause.at)
    return sum(invoice.total_cents for invoice in locked) - before


def bill_units(units: Units, locked: Collection[Invoice], cause: Cause) -> set[Invoice]:
    """Add units to the items of their cycles and versions; return the invoices that changed.

    `locked` are the open invoices of all organizations that the cycles belong to. The invoices are
    not touched: call `touch_all`. Raises AmountTooLarge.
    """
    query = select(BillingCycle).where(BillingCycle.id.in_({cycle_id for cycle_id, _ in units}))
    cycles = {cycle.id: cycle for cycle in db.session.scalars(query)}
    windows = load_windows_of(version_id for _, version_id in units)
    targets = Targets.load(locked, cycles.values())
    used = []
    for (cycle_id, version_id), quantity in units.items():
        usage = Usage(cycles[cycle_id], windows[version_id])
        used.append((usage, {targets.of_usage(usage.cycle): quantity}))
    return add_usage(used, cause)


def _drop_empty_items(invoices: Collection[Invoice], units: Collection[tuple[int, int]]) -> None:
    """Remove the items of which nothing is left: they would not be there, had we known first."""
    emptied = select(InvoiceItem).where(
        InvoiceItem.invoice_id.in_([invoice.id for invoice in invoices]),
        InvoiceItem.kind == "metered",
        tuple_(InvoiceItem.cycle_id, InvoiceItem.price_version_id).in_(list(units)),
        InvoiceItem.quantity == 0,
        InvoiceItem.amount_cents == 0,
    )
    for item in db.session.scalars(emptied):
        db.session.delete(item)
