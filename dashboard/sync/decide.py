"""What becomes of a foreign line: take ours, adopt theirs, or leave. Support decides, not code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.errors import Invalid, InvoiceIsFrozen, NotFound
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.sync.models import ForeignLine, SyncedLine

DECISIONS = ("take_ours", "adopt", "leave")


def foreign_line(organization: Organization, line_id: int) -> ForeignLine:
    """Return the organization's foreign line; raises `NotFound`."""
    query = select(ForeignLine).where(
        ForeignLine.id == line_id, ForeignLine.organization_id == organization.id
    )
    line = db.session.scalar(query)
    if line is None:
        raise NotFound("That line is no longer on Stripe's draft. Nothing was changed.")
    return line


def decide_line(line: ForeignLine, decision: str, *, actor: Actor, now: datetime) -> Invoice:
    """Record the decision and return the invoice, whose next verifying sync carries it out.

    Adopting makes the line an adjustment of ours, so it can only be done while items may change.
    """
    if decision not in DECISIONS:
        raise Invalid(f"{decision!r} is no decision. Nothing was changed. Choose one of the three.")
    invoice = lock_invoice(line.invoice_id)
    if invoice.status in FINALIZED:
        raise InvoiceIsFrozen("The invoice is finalized. Nothing was changed. Credit it instead.")
    line.decision = decision
    line.decided_at = now
    line.decided_by = actor.label
    if decision == "adopt":
        adopt(line, invoice, actor=actor, now=now)
    invoice.needs_verification = decision != "leave"
    facts = {
        "decision": decision,
        "stripe_line_id": line.stripe_line_id,
        "description": line.description,
        "amount_cents": line.amount_cents,
    }
    record("foreign_line.decided", invoice, actor, facts, now=now)
    return invoice


def adopt(line: ForeignLine, invoice: Invoice, *, actor: Actor, now: datetime) -> None:
    """Make the line an adjustment, agreed with Stripe already; the sync only marks it as ours."""
    adjustment = add_adjustment(
        invoice,
        Money(line.amount_cents, invoice.currency),
        reason="Adopted from Stripe's draft",
        description=line.description or "Adopted line",
        actor=actor,
        now=now,
        key=f"adopted:{line.stripe_line_id}",
    )
    db.session.add(
        SyncedLine(
            organization_id=invoice.organization_id,
            invoice_id=invoice.id,
            key=f"adjustment:{adjustment.id}",
            stripe_line_id=line.stripe_line_id,
            amount_cents=line.amount_cents,
            description=line.description,
            period_start=now,
            period_end=now,
        )
    )
