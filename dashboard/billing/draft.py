"""The current invoice: opening it, and rating what is on it. The names other parts use are here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.billing.cause import Cause
from dashboard.billing.chain import Chains
from dashboard.billing.current import current_invoice
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.metered import rerate_metered, usage_of
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.period import Cycle, CycleRule, Period
from dashboard.billing.recurring import recurring_services, rerate_services
from dashboard.billing.revision import schedule_sync, touch
from dashboard.billing.targets import Targets
from dashboard.billing.telling import tell_opened
from dashboard.extensions import db
from dashboard.organizations.models import Organization

__all__ = [
    "current_invoice",
    "lock_invoice",
    "lock_open",
    "open_first",
    "open_items",
    "rate_invoice",
    "rerate_recurring",
    "schedule_sync",
    "touch",
]


def open_first(organization: Organization, *, now: datetime) -> Invoice:
    """Open the cycle that contains `now`, and its draft, for a new organization."""
    interval = organization.cycle_interval
    rule = CycleRule(organization.cycle_anchor_at, interval, organization.cycle_zone)
    period = rule.containing(now)
    cycle = BillingCycle.made(organization.id, 1, interval, Cycle(period, period.seconds))
    db.session.add(cycle)
    db.session.flush()
    invoice = Invoice(
        organization_id=organization.id,
        cycle_id=cycle.id,
        sequence=1,
        period_start=period.start,
        period_end=period.end,
        currency=organization.currency,
        status="draft",
        automatic_tax=organization.automatic_tax,
        created_at=now,
    )
    db.session.add(invoice)
    db.session.flush()
    tell_opened(invoice, now=now)
    return invoice


def open_items(invoice: Invoice, *, now: datetime) -> None:
    """Put the fees of the attached services on an invoice that was just opened, and touch it."""
    if rerate_recurring(invoice, Cause.cycle(now)):
        touch(invoice, now=now)


def rate_invoice(invoice: Invoice, *, now: datetime, by: Actor = SYSTEM) -> None:
    """Rate every recurring and metered item of the invoice anew, and touch it if one changed.

    For a period whose end moved (an early roll): fees run to the new end, tiers and allowances over
    the nominal cycle as before. The invoice must be locked, and be the last of its cycle.
    """
    cause = Cause.cycle(now, by)
    changed = rerate_recurring(invoice, cause)
    changed |= invoice in rerate_metered(invoice, usage_of(_metered_items(invoice)), cause)
    if changed:
        touch(invoice, now=now)


def rerate_recurring(invoice: Invoice, cause: Cause, *, chains: Chains | None = None) -> bool:
    """Rate the fees of the invoice's own cycle on it; return whether an item changed.

    `chains` are what was billed of the cycle so far, read here unless the caller has them.
    """
    cycle = invoice.cycle
    services = recurring_services(invoice.organization_id, Period(cycle.starts_at, cycle.ends_at))
    return bool(rerate_services(services, [cycle], Targets.only(invoice), cause, chains=chains))


def _metered_items(invoice: Invoice) -> list[InvoiceItem]:
    query = (
        select(InvoiceItem)
        .where(InvoiceItem.invoice_id == invoice.id, InvoiceItem.kind == "metered")
        .options(joinedload(InvoiceItem.cycle))
    )
    return list(db.session.scalars(query))
