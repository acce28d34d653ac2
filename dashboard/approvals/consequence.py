"""What a proposal does to the totals as they are now; locks nothing."""

from __future__ import annotations

from datetime import datetime

from dashboard.approvals.models import Proposal
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_id, invoice_by_sequence
from dashboard.billing.reissue import taking_in_the_end
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.billing.reverse import adjustment_of
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.consequences import (
    Consequence,
    consequences,
    of_adjustment,
    of_credit_note,
    of_difference,
    of_refund,
    of_reissue,
    of_void,
)
from dashboard.sync.decide import added_line


def consequence_of(proposal: Proposal, organization: Organization, *, now: datetime) -> Consequence:
    """Return what carrying it out would do at `now`; only for what is not over."""
    terms, kind = proposal.terms, proposal.kind
    if kind == "adopt":
        line = added_line(organization, terms["line_id"])
        offered = consequences(line, invoice_by_id(organization, line.invoice_id))
        return next(one for one in offered if one.choice == "adopt")
    if kind == "void":
        offered = of_void(proposal.amount_cents, current_invoice(organization))
        return next(one for one in offered if one.choice == terms["decision"])
    if kind in ("credit_note", "note_void"):
        credited = invoice_by_sequence(organization, terms["sequence"])
        return of_credit_note(proposal.amount_cents, credited)
    if kind == "difference":
        billed = invoice_by_sequence(organization, terms["sequence"])
        on = current_invoice(organization)
        return of_difference(terms["decision"], terms["cents"], billed, on)
    if kind == "refund":
        return of_refund(invoice_by_sequence(organization, terms["sequence"]))
    if kind == "reissue":
        taken_back = invoice_by_sequence(organization, terms["sequence"])
        # What is under way of it delays the reissue, and not that somebody decides on it.
        taking = taking_in_the_end(taken_back, terms["paid_part"])
        return of_reissue(preview_reissue(taken_back, now=now, taking=taking))
    if kind == "reversal":
        adjustment = adjustment_of(organization, terms["adjustment_id"])
        on = db.session.get_one(Invoice, adjustment.invoice_id)
        return of_adjustment(-adjustment.amount_cents, on)
    return of_adjustment(proposal.amount_cents, current_invoice(organization))
