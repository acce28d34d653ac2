"""Credit notes: planned by a person, issued by a worker or refused, told by Stripe."""

from __future__ import annotations

from dashboard.approvals.propose import Wanted
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_preview import open_change
from dashboard.billing.credit_note_void import ask_void
from dashboard.billing.credit_notes import WantedNote, plan_note
from dashboard.billing.credit_room import room_of
from dashboard.billing.models import Invoice
from dashboard.gateway.note_records import NoteDraft, NoteLine
from dashboard.installation import this_installation
from dashboard.money import Money
from dashboard.sync.issue_notes import carry_out_note
from dashboard.transaction import checkpoint
from dashboard.webhooks.process import process
from tests.factories import SUPPORT
from tests.locks.four_eyes import approved
from tests.locks.stage import Stage
from tests.locks.told import arrived, issue


def credit(stage: Stage) -> CreditNote:
    """Credit an issued invoice, and have that issued."""
    return _issue(stage, _planned(stage, issue(stage)))


def credit_in_vain(stage: Stage) -> None:
    """Credit what somebody has credited at Stripe meanwhile."""
    invoice = issue(stage)
    note = _planned(stage, invoice)
    line = NoteLine(None, "Everything", invoice.amount_remaining_cents or 1)
    theirs = NoteDraft(str(invoice.stripe_invoice_id), "0", "another", (line,), 0, 0, 0, "")
    checkpoint()
    stage.gateway.create_credit_note(theirs, key=f"somebody-{stage.number()}")
    _issue(stage, note)


def show_note(stage: Stage) -> None:
    """Look at what a note does to the bill that follows."""
    invoice = issue(stage)
    open_change(invoice, _wanted(invoice).lines, now=stage.now())


def void_a_note(stage: Stage) -> CreditNote:
    """Credit an issued invoice, and take that back."""
    note = credit(stage)
    checkpoint()
    ask_void(note, reason="Asked", actor=SUPPORT, now=stage.now())
    checkpoint()
    return _issue(stage, note)


def approve_a_void_of_a_note(stage: Stage) -> None:
    """Approve that a credit note is taken back."""
    note = credit(stage)
    terms = {"note_id": note.id, "sequence": note.invoice.sequence, "description": ""}
    wanted = Wanted("note_void", f"credit_note:{note.id}", Money(1, "usd"), terms, "Asked")
    approved(stage, wanted)


def hear_of_a_note(stage: Stage) -> None:
    """Let Stripe tell of a note before its worker does."""
    invoice = issue(stage)
    note = _planned(stage, invoice)
    facts = {
        "id": f"cn_{stage.number()}",
        "object": "credit_note",
        "invoice": invoice.stripe_invoice_id,
        "number": "F-CN-01",
        "status": "issued",
        "total": note.amount_cents,
        "pre_payment_amount": note.amount_cents,
        "post_payment_amount": 0,
        "metadata": {
            "dashboard_installation": this_installation().identity,
            "dashboard_credit_note": str(note.id),
        },
    }
    event_id = arrived(stage, "credit_note.created", facts, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def approve_a_note(stage: Stage) -> None:
    """Approve that an issued invoice is credited."""
    invoice = issue(stage)
    wanted = _wanted(invoice)
    terms = {
        "sequence": invoice.sequence,
        "lines": sorted(wanted.lines.items()),
        "refund_cents": 0,
        "balance_cents": 0,
        "outside_cents": 0,
        "memo": "",
    }
    subject, amount = f"invoice:{invoice.sequence}", Money(-wanted.amount_cents, "usd")
    approved(stage, Wanted("credit_note", subject, amount, terms, "Asked"))


def _planned(stage: Stage, invoice: Invoice) -> CreditNote:
    key = f"note-{stage.number()}"
    note = plan_note(invoice, _wanted(invoice), key=key, actor=SUPPORT, now=stage.now())
    checkpoint()
    return note


def _wanted(invoice: Invoice) -> WantedNote:
    """Return a note over a cent of the first item that has one left."""
    item = next(iter(room_of(invoice, invoice.items).items))
    return WantedNote({item: 1}, reason="Asked")


def _issue(stage: Stage, note: CreditNote) -> CreditNote:
    with stage.work_on(note.invoice) as work:
        carry_out_note(note, work)
    return note
