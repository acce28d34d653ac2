"""The kinds of moves of money that a second person approves, each in one class.

A kind knows what its consequence depends on, whom it has to hold before that is looked at, and how
it is carried out. Usage moves a bill all day long and is no part of what is approved: so a basis is
of the facts that the move itself depends on, never of the bill's total.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import func, select

from dashboard.approvals.basis import Basis, over
from dashboard.approvals.difference_kind import Correcting
from dashboard.approvals.models import Proposal
from dashboard.approvals.note_kinds import Crediting, NoteVoid
from dashboard.approvals.refund_kind import Refunding
from dashboard.approvals.reissue_kind import Reissuing
from dashboard.billing.adjust import PROPOSED, add_adjustment
from dashboard.billing.difference import corrected_by
from dashboard.billing.draft import current_invoice
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import FINALIZED, Adjustment, Invoice
from dashboard.billing.overview import invoice_by_id, invoice_by_sequence
from dashboard.billing.reverse import adjustment_of, reversal_of, reverse_adjustment
from dashboard.billing.void_decide import decide_void, outcome_words
from dashboard.billing.void_listing import void_case_of
from dashboard.billing.void_models import VoidCase
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.sync.decide import FINAL, Seen, added_line, choices, decide_line
from dashboard.sync.decided import decided_on
from dashboard.sync.models import AddedLine, SyncRun
from dashboard.sync.request import Request, request_sync


class NothingLeft(Conflict):
    """What it is about was decided in another way, has another amount, or is gone."""

    code = "nothing_left"


class Kind(Protocol):
    """One kind of move of money; `is_on_current`: it goes on whichever invoice is current."""

    permission: str
    is_on_current: bool

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock what `basis` reads, in the order of docs/decisions/lock-order.md."""

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Return what the consequence depends on as it is now; `over` where there is none."""

    def carry_out(
        self, proposal: Proposal, organization: Organization, *, now: datetime
    ) -> SyncRun | None:
        """Move the money in the proposer's name; return the sync that follows, if one does."""


class OneOff:
    """A charge or a credit on the current invoice."""

    permission = "adjustment.create"
    is_on_current = True

    def hold(self, organization: Organization, _terms: dict[str, Any]) -> None:
        """Lock the bill that it goes to."""
        lock_open([organization.id])

    def basis(self, organization: Organization, _terms: dict[str, Any]) -> Basis:
        """Of another charge or credit that may have been added since for the same thing."""
        invoice = current_invoice(organization)
        others = select(func.count(), func.coalesce(func.sum(Adjustment.amount_cents), 0))
        number, cents = db.session.execute(others.where(Adjustment.invoice_id == invoice.id)).one()
        return {"invoice": invoice.sequence, "others": number, "others_cents": int(cents)}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Add it; its key is the proposal's, so it is added once."""
        add_adjustment(
            current_invoice(organization),
            Money(proposal.amount_cents, proposal.currency),
            reason=proposal.reason,
            description=proposal.terms["description"],
            actor=proposal.proposer,
            now=now,
            key=f"{PROPOSED}{proposal.id}",
        )


class Adoption:
    """A line added at Stripe that becomes a charge or a credit here."""

    permission = "added_line.decide"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the invoice that Stripe's draft is of."""
        lock_invoice(added_line(organization, terms["line_id"]).invoice_id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of the line as it is at Stripe, and of what was decided about it."""
        query = select(AddedLine).where(AddedLine.id == terms["line_id"])
        line = db.session.scalar(query, execution_options={"populate_existing": True})
        decided = decided_on(organization, terms["line_id"])
        if line is None:
            return over(decided.sentence if decided else "The line is no longer on Stripe's draft.")
        invoice = invoice_by_id(organization, line.invoice_id)
        if "adopt" not in choices(line, invoice):
            is_decided = decided is not None and line.decision in FINAL
            return over(decided.sentence if decided and is_decided else _why_not(invoice))
        return {"cents": line.amount_cents, "decision": line.decision, "invoice": invoice.sequence}

    def carry_out(
        self, proposal: Proposal, organization: Organization, *, now: datetime
    ) -> SyncRun:
        """Adopt it, and have a sync mark the line as ours."""
        line = added_line(organization, proposal.terms["line_id"])
        invoice = decide_line(
            line,
            "adopt",
            seen=Seen(line.decision, proposal.amount_cents),
            reason=proposal.reason,
            actor=proposal.proposer,
            now=now,
        )
        return request_sync(invoice, Request("support", proposal.proposer, verify=True), now=now)


class VoidDecision:
    """What a void invoice held: billed on the current one, or written off."""

    permission = "void.decide"
    is_on_current = True

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the void invoice, and then the open ones, as the decision itself does."""
        invoice = lock_invoice(invoice_by_sequence(organization, terms["sequence"]).id)
        lock_open([organization.id], after=invoice.id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of what is still asked for it, and of the invoice on which it would be billed."""
        case = void_case_of(invoice_by_sequence(organization, terms["sequence"]))
        if case is None:
            return over("The invoice is not void, or held nothing.")
        db.session.refresh(case)
        if not case.waits:
            return over(_what_became_of(case))
        on = current_invoice(organization).sequence if terms["decision"] == "bill" else None
        return {"cents": case.asked_cents, "invoice": on}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Decide so, on the amount that was proposed and approved."""
        decide_void(
            invoice_by_sequence(organization, proposal.terms["sequence"]),
            proposal.terms["decision"],
            seen=Money(proposal.amount_cents, proposal.currency),
            reason=proposal.reason,
            actor=proposal.proposer,
            now=now,
        )


class Reversal:
    """The opposite of a charge or a credit that is not sealed yet."""

    permission = "adjustment.create"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the invoice that it is on, after the older one that it corrects, if it does."""
        adjustment = adjustment_of(organization, terms["adjustment_id"])
        corrected = corrected_by(adjustment)
        if corrected is not None:
            lock_invoice(corrected.invoice_id)
        lock_invoice(adjustment.invoice_id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of the invoice that it is on, as long as that can change."""
        adjustment = adjustment_of(organization, terms["adjustment_id"])
        invoice = db.session.get_one(Invoice, adjustment.invoice_id, populate_existing=True)
        made = reversal_of(adjustment)
        if made is not None:
            return over(f"{made.actor_label} reversed it on {_instant(made.created_at)}.")
        if not invoice.is_changeable:
            return over(_why_not(invoice))
        return {"invoice": invoice.sequence, "cents": -adjustment.amount_cents}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Put the opposite on its invoice."""
        reverse_adjustment(
            adjustment_of(organization, proposal.terms["adjustment_id"]),
            reason=proposal.reason,
            actor=proposal.proposer,
            now=now,
        )


def _why_not(invoice: Invoice) -> str:
    if invoice.is_changeable:
        return "Its amount cannot be billed here."
    state = "issued" if invoice.status in FINALIZED else "sealed"
    return f"Its invoice is {state} and can no longer change."


def _what_became_of(case: VoidCase) -> str:
    if case.decided_at is None:
        return "Nothing of the void invoice is left to decide on."
    return f"{case.decided_by} decided on {_instant(case.decided_at)}: {outcome_words(case)}."


def _instant(at: datetime) -> str:
    return f"{at:%-d %b, %H:%M} UTC"


KINDS: dict[str, Kind] = {
    "adjustment": OneOff(),
    "adopt": Adoption(),
    "void": VoidDecision(),
    "reversal": Reversal(),
    "credit_note": Crediting(),
    "note_void": NoteVoid(),
    "reissue": Reissuing(),
    "difference": Correcting(),
    "refund": Refunding(),
}
