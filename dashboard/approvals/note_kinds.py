"""Moves of money by credit notes that a second person approves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.approvals.basis import Basis, over
from dashboard.approvals.models import Proposal
from dashboard.billing.adjust import PROPOSED
from dashboard.billing.credit_note_void import ask_void, note_of_invoice, why_not_voided
from dashboard.billing.credit_notes import WantedNote, check_note, plan_note
from dashboard.billing.credit_room import room_of
from dashboard.billing.locks import lock_invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.waived import items_with_cycles
from dashboard.errors import BillingError
from dashboard.extensions import db
from dashboard.organizations.models import Organization


class Crediting:
    """A credit note on an issued invoice."""

    permission = "credit_note.create"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the invoice that it is of."""
        lock_invoice(invoice_by_sequence(organization, terms["sequence"]).id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of what is still due and can still be credited."""
        invoice = invoice_by_sequence(organization, terms["sequence"])
        try:
            room = room_of(invoice, items_with_cycles(invoice))
            check_note(invoice, note_of(terms, reason="proposed"), room)
        except BillingError as why:
            return over(why.message.replace(" Nothing was changed.", ""))
        return {"cents": -sum(cents for _, cents in terms["lines"]), "due": room.due}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Plan it; the clock has it issued."""
        plan_note(
            invoice_by_sequence(organization, proposal.terms["sequence"]),
            note_of(proposal.terms, reason=proposal.reason),
            key=f"{PROPOSED}{proposal.id}",
            actor=proposal.proposer,
            now=now,
        )


class NoteVoid:
    """A credit note of an open invoice that is taken back."""

    permission = "credit_note.create"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the invoice that it is of."""
        lock_invoice(invoice_by_sequence(organization, terms["sequence"]).id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of the note as it stands."""
        invoice = invoice_by_sequence(organization, terms["sequence"])
        note = note_of_invoice(invoice, terms["note_id"])
        db.session.refresh(note)
        if note.void_asked_at is not None:
            return over("The credit note is being voided already.")
        why_not = why_not_voided(note, invoice)
        return over(why_not) if why_not else {"cents": note.amount_cents}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Ask for it; a worker voids it at Stripe."""
        invoice = invoice_by_sequence(organization, proposal.terms["sequence"])
        note = note_of_invoice(invoice, proposal.terms["note_id"])
        ask_void(note, reason=proposal.reason, actor=proposal.proposer, now=now)


def note_of(terms: dict[str, Any], *, reason: str) -> WantedNote:
    """Return the note that was proposed."""
    shares = {name: terms[name] for name in ("refund_cents", "balance_cents", "outside_cents")}
    lines = {int(item_id): int(cents) for item_id, cents in terms["lines"]}
    return WantedNote(lines, **shares, memo=terms["memo"], reason=reason)
