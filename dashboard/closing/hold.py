"""Hold a bill back until a person releases it: before its cycle ends, or before it is issued."""

from __future__ import annotations

from datetime import datetime

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.closing.bill_models import IssueHold
from dashboard.closing.people import open_hold
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db


def hold_bill(invoice: Invoice, *, reason: str, actor: Actor, now: datetime) -> IssueHold:
    """Hold a bill back; one that is held already stays held for the first reason.

    Usage still counts and its changes are sent; what waits is the issue. The final run finds the
    hold, puts the invoice on hold by it and switches Stripe's own schedule off. One whose
    finalization is at Stripe this moment is issued. Raises `Conflict` for an issued bill.
    """
    if not reason.strip():
        raise Invalid("Holding a bill needs a reason. Nothing was held. Say why.", field="reason")
    invoice = lock_invoice(invoice.id)
    if invoice.status in FINALIZED:
        raise Conflict(
            f"I{invoice.called[1:]} is already issued. Nothing was held. Credit it, or void it."
        )
    held = open_hold(invoice.id)
    if held is not None:
        return held
    row = IssueHold(invoice_id=invoice.id, reason=reason.strip(), held_at=now, held_by=actor.label)
    db.session.add(row)
    facts = {"sequence": invoice.sequence}
    write_entry("invoice.issue_held", invoice, actor, facts, reason=reason.strip(), now=now)
    db.session.flush()
    return row


def end_hold(invoice: Invoice, *, reason: str | None, actor: Actor, now: datetime) -> bool:
    """End a person's hold of a locked invoice; return whether there was one."""
    held = open_hold(invoice.id)
    if held is None:
        return False
    held.released_at, held.released_by = now, actor.label
    facts = {"sequence": invoice.sequence, "held_by": held.held_by}
    write_entry("invoice.issue_released", invoice, actor, facts, reason=reason, now=now)
    db.session.flush()
    return True
