"""Opening the next invoice: exactly one, however often and at once it is asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.billing.cycle_rule import rule_of
from dashboard.billing.draft import open_items
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.billing.subscription import way_of
from dashboard.billing.telling import tell_opened
from dashboard.extensions import db
from dashboard.organizations.models import Organization


def open_next(invoice: Invoice, *, now: datetime) -> Invoice:
    """Return the invoice after `invoice`, made now if there is none; `invoice` must be locked.

    It covers the rest of the nominal cycle when `invoice` was cut early, else the next cycle. The
    unique `previous_invoice_id` keeps the promise even where a lock was forgotten.
    """
    following = db.session.scalar(select(Invoice).where(Invoice.previous_invoice_id == invoice.id))
    if following is not None:
        return following
    following = following_draft(invoice, now=now)
    db.session.add(following)
    db.session.flush()
    open_items(following, now=now)
    tell_opened(following, now=now)
    return following


def following_draft(invoice: Invoice, *, now: datetime) -> Invoice:
    """Return the draft that follows `invoice`, without items; it is not in the session yet."""
    cycle = invoice.cycle
    # The switch sets the current invoice too: it waits for its row, which is locked.
    taxed = select(Organization.automatic_tax).where(Organization.id == invoice.organization_id)
    if invoice.period_end >= cycle.ends_at:
        cycle = next_cycle(cycle)
    return Invoice(
        organization_id=invoice.organization_id,
        cycle_id=cycle.id,
        cycle=cycle,
        sequence=invoice.sequence + 1,
        previous_invoice_id=invoice.id,
        period_start=invoice.period_end,
        period_end=cycle.ends_at,
        currency=invoice.currency,
        status="draft",
        billed_with=way_of(invoice.organization, cycle.ends_at),
        revision=0,
        # As it is now: an older release, which runs beside, may have opened `invoice` without.
        automatic_tax=bool(db.session.scalar(taxed)),
        created_at=now,
    )


def next_cycle(cycle: BillingCycle) -> BillingCycle:
    """Return the cycle that starts where `cycle` ends, made now if there is none."""
    found = db.session.scalar(
        select(BillingCycle).where(
            BillingCycle.organization_id == cycle.organization_id,
            BillingCycle.starts_at == cycle.ends_at,
        )
    )
    if found is not None:
        return found
    rule = rule_of(cycle.organization_id)
    made = BillingCycle.made(
        cycle.organization_id,
        cycle.sequence + 1,
        rule.interval,
        rule.following(cycle.ends_at),
    )
    db.session.add(made)
    db.session.flush()
    return made
