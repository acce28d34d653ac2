"""A void invoice opens a case: what it held was billed by nobody, and a person says what follows.

From then on it counts as billed nowhere, and credits against it are taken back: the order in which
the void, the reconciliation and later facts are told does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.locks import lock_open
from dashboard.billing.made_up_for import Family, take_back
from dashboard.billing.metered import rerate_metered, usage_of
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.recurring import recurring_services, rerate_services
from dashboard.billing.revision import touch_all
from dashboard.billing.targets import Targets
from dashboard.billing.void_models import VoidCase, VoidClaim
from dashboard.billing.waived import items_with_cycles, waived_of
from dashboard.extensions import db


def open_case(invoice: Invoice, *, now: datetime) -> VoidCase:
    """Open the case of an invoice that was just found void; its row must be locked.

    Each item claims what the invoice asked for as far as it was due. Safe to repeat.
    """
    case = db.session.get(VoidCase, invoice.id)
    if case is not None:
        return case
    db.session.flush()
    # What an invoice held concerns those after it, and these are locked in their order.
    locked = lock_open({invoice.organization_id}, after=invoice.id)
    items = items_with_cycles(invoice)
    case = VoidCase(
        invoice_id=invoice.id,
        invoice=invoice,
        organization_id=invoice.organization_id,
        state="undecided",
        cents=0,
        waived_cents=waived_of(invoice, items),
        opened_at=now,
    )
    db.session.add(case)
    family = Family.of(items)
    cause = Cause("correction", now, STRIPE, invoice.id)
    changed: set[Invoice] = set()
    for item in items:
        due = family.claim(item)
        if due:
            db.session.add(VoidClaim(item=item, case=case, claimed_cents=due, cents=due))
            case.cents += due
        changed |= take_back(item, family, locked, cause)
    db.session.flush()
    touch_all(changed | rerate_after(items, locked, cause), now=now)
    facts = {"cents": case.cents, "waived_cents": case.waived_cents}
    write_entry("invoice.void_held", invoice, STRIPE, facts, now=now)
    return case


def rerate_after(
    items: Iterable[InvoiceItem], locked: Collection[Invoice], cause: Cause
) -> set[Invoice]:
    """Rate anew what the open invoices bill of the cycles of `items`; return those that changed.

    Amounts mostly stay as they are, but no explanation may say that a void invoice billed anything.
    """
    items = list(items)
    cycles = list({item.cycle_id: item.cycle for item in items}.values())
    targets = Targets.load(locked, cycles)
    changed: set[Invoice] = set()
    for cycle in cycles:
        services = recurring_services(
            cycle.organization_id, _period(cycle), also={item.service_id for item in items}
        )
        changed |= rerate_services(services, [cycle], targets, cause)
    for usage in usage_of(items):
        first = targets.of_cycle(usage.cycle)[0]
        changed |= rerate_metered(first, [usage], cause)
    return changed


def _period(cycle: BillingCycle) -> Period:
    return Period(cycle.starts_at, cycle.ends_at)
