"""Take a credit note of an open invoice back: what it took off is due again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.day import undoes_own
from dashboard.approvals.propose import Wanted
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_void import ask_void, note_of_invoice, why_not_voided
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.forms.reversal import ReversalForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.consequences import of_credit_note
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from dashboard.views.four_eyes import propose_instead, stay_within, why_two
from dashboard.views.proof import need_proof_above
from jobs.credit_notes import carry_out_credit_note
from jobs.watch import look_soon

bp = Blueprint(
    "credit_note_voids",
    __name__,
    url_prefix="/organizations/<slug>/invoices/<int:sequence>/credit-notes/<int:note_id>/void",
)


@bp.get("/new")
@permission("credit_note.create")
def new(slug: str, sequence: int, note_id: int) -> ResponseReturnValue:
    """Show what is due again before anything is voided."""
    organization, invoice, note = _found(slug, sequence, note_id)
    return _page(organization, invoice, note, ReversalForm())


@bp.post("")
@permission("credit_note.create")
def create(slug: str, sequence: int, note_id: int) -> ResponseReturnValue:
    """Have it voided at Stripe; above the limit a second person approves it first."""
    organization, invoice, note = _found(slug, sequence, note_id)
    form = ReversalForm()
    if not form.validate_on_submit():
        return _page(organization, invoice, note, form), 422
    amount = Money(note.amount_cents, invoice.currency)
    reason = str(form.reason.data).strip()
    need_proof_above(amount)
    is_new = why_not_voided(note, invoice) is None and note.void_asked_at is None
    if is_new and _why_two(organization, note, amount) is not None:
        terms = {"note_id": note.id, "sequence": sequence, "description": note.memo}
        subject = f"credit_note:{note.id}"
        return propose_instead(organization, Wanted("note_void", subject, amount, terms, reason))
    if is_new and not undoes_own(note, current_actor(), now=utc_now()):
        stay_within(organization, amount, lambda: note.void_asked_at is not None)
    ask_void(note, reason=reason, actor=current_actor(), now=utc_now())
    carry_out_credit_note.enqueue(note.id)
    look_soon()
    what = "is void" if note.state == "void" else "is being voided at Stripe"
    flash(f"The credit note of {money(amount.cents, amount.currency)} {what}.")
    return redirect(url_for("invoices.show", slug=slug, sequence=sequence), code=303)


def _found(slug: str, sequence: int, note_id: int) -> tuple[Organization, Invoice, CreditNote]:
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    return organization, invoice, note_of_invoice(invoice, note_id)


def _page(
    organization: Organization, invoice: Invoice, note: CreditNote, form: ReversalForm
) -> str:
    why_not = why_not_voided(note, invoice)
    amount = Money(note.amount_cents, invoice.currency)
    return render_template(
        "credit_notes/void.html",
        organization=organization,
        invoice=invoice,
        note=note,
        form=form,
        why_not=why_not,
        consequence=None if why_not else of_credit_note(note.amount_cents, invoice),
        why_two=None if why_not else _why_two(organization, note, amount),
    )


def _why_two(organization: Organization, note: CreditNote, amount: Money) -> str | None:
    """Return why a second person approves it; what is one's own is only undone, so it adds none."""
    is_own = undoes_own(note, current_actor(), now=utc_now())
    return why_two(organization, amount, alone=is_own)
