"""Usage follows the services: what a change of them for times gone by does to counted usage.

Usage is billed by the service that was attached when it was recorded. So an end that lies before
usage that is counted takes it off, and an attachment that covers it puts it back: the bill is the
one it would have been, had the service's change been known first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, tuple_

from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.billing.metered import Usage, add_usage
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.revision import touch_all
from dashboard.billing.targets import Targets
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT, plain, total
from dashboard.pricing.versions import load_windows_of
from dashboard.services.models import Service
from dashboard.usage.shifts import Shift, count_ambiguous, drop_empty_totals, shift_usage
from dashboard.usage.store import TotalKey, add_totals
from dashboard.usage.taken_off import Tally


class UsageCounted(Conflict):
    """Usage that named no service is counted already, and two prices would count it."""

    code = "usage_counted"


def refuse_ambiguity(service: Service, *, since: datetime) -> None:
    """Raise UsageCounted if the service would make counted usage that named none ambiguous."""
    count, newest = count_ambiguous(service, since=since)
    if newest is not None:
        records = f"{count} record{'' if count == 1 else 's'} of {service.price.meter}"
        raise UsageCounted(
            f"{records}, up to {newest.isoformat()}, named no service and count by another price. "
            "Nothing was attached. Attach it from after then on, and name the service from now on.",
            field="at",
        )


def reassign_usage(
    service: Service,
    locked: Collection[Invoice],
    *,
    since: datetime,
    now: datetime,
    actor: Actor,
) -> Tally | None:
    """Bill usage recorded from `since` on as the services are now; return what was taken off.

    `locked` are the organization's open invoices. What lies on sealed ones is corrected on the
    current invoice. None for a recurring service.
    """
    if service.price.meter is None:
        return None
    shifts = shift_usage(service, since=since, now=now)
    cents = _rebill(service.organization_id, shifts, locked, now)
    off = [one for one in shifts if one.to_version is None]
    back = [one for one in shifts if one.from_version is None]
    for action, some in (("usage.taken_off", off), ("usage.put_back", back)):
        if some:
            _record(action, service, some, cents, actor, now)
    return _tally(off, service, cents)


def _rebill(
    organization_id: int, shifts: Sequence[Shift], locked: Collection[Invoice], now: datetime
) -> int:
    """Move totals and items; return by how many cents the open invoices changed."""
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
    cycles = {shift.cycle_id for shift in shifts}
    drop_empty_totals(organization_id, cycles)
    return _rate(units, cycles, locked, now)


def _rate(
    units: dict[tuple[int, int], Decimal],
    cycle_ids: Collection[int],
    locked: Collection[Invoice],
    now: datetime,
) -> int:
    query = select(BillingCycle).where(BillingCycle.id.in_(cycle_ids))
    cycles = {cycle.id: cycle for cycle in db.session.scalars(query)}
    windows = load_windows_of(version_id for _, version_id in units)
    targets = Targets.load(locked, cycles.values())
    used = []
    for (cycle_id, version_id), quantity in units.items():
        if quantity:
            usage = Usage(cycles[cycle_id], windows[version_id])
            used.append((usage, {targets.of_usage(usage.cycle): quantity}))
    before = sum(invoice.total_cents for invoice in locked)
    changed = add_usage(used, now=now)
    _drop_empty_items(changed, units)
    touch_all(changed, now=now)
    return sum(invoice.total_cents for invoice in locked) - before


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


def _tally(shifts: Sequence[Shift], service: Service, cents: int) -> Tally:
    return Tally(
        sum(shift.records for shift in shifts),
        total(shift.quantity for shift in shifts),
        str(service.price.meter),
        cents,
    )


def _record(
    action: str,
    service: Service,
    shifts: Sequence[Shift],
    cents: int,
    actor: Actor,
    now: datetime,
) -> None:
    tally = _tally(shifts, service, cents)
    facts = {
        "records": tally.records,
        "quantity": plain(tally.quantity),
        "meter": tally.meter,
        "cents": cents,
        "currency": service.price.currency,
    }
    record(action, service, actor, facts, now=now)
