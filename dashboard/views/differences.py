"""Correct an issued bill on which Stripe asked for something else than the ledger."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.propose import Wanted
from dashboard.billing.difference import decisions_of
from dashboard.billing.difference_decide import (
    check_decision,
    decide_difference,
    decision_by_key,
    note_of_difference,
    reason_for,
)
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.difference_preview import offered
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.reissue import PAID_PARTS, PaidPart
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.forms.difference import DifferenceForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from dashboard.views.four_eyes import propose_instead, stay_within, wants_second, why_two
from dashboard.views.proof import need_proof_above
from jobs.credit_notes import carry_out_credit_note
from jobs.watch import look_soon

bp = Blueprint("differences", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.get("/difference")
@permission("difference.decide")
def show(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what Stripe billed, what the ledger says, and what can be done, with its numbers."""
    organization = counted_organization(slug, now=utc_now())
    invoice = invoice_by_sequence(organization, sequence)
    form = DifferenceForm(formdata=None)
    return _page(organization, invoice, form)


@bp.post("/difference-decisions")
@permission("difference.decide")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Credit the difference, carry it to the next bill, or leave it."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    form = DifferenceForm()
    if not form.validate_on_submit():
        return _page(organization, invoice, form), 422
    seen, decision = form.seen_cents, str(form.decision.data)
    amount = Money(-seen, invoice.currency)
    is_made = decision_by_key(organization.id, str(form.key.data)) is not None
    need_proof_above(amount)
    if not is_made and wants_second(organization, amount):
        return _propose(organization, invoice, form, amount)
    stay_within(
        organization,
        amount,
        lambda: decision_by_key(organization.id, str(form.key.data)) is not None,
    )
    made = decide_difference(
        invoice,
        decision,
        seen_cents=seen,
        reason=form.reason.data or "",
        key=str(form.key.data),
        actor=current_actor(),
        now=utc_now(),
        paid_part=_paid_part(form),
    )
    if made.note_id is not None:
        carry_out_credit_note.enqueue(made.note_id)
    look_soon()
    flash(said_of(made, invoice.currency))
    return redirect(url_for("invoices.show", slug=slug, sequence=sequence), code=303)


def said_of(made: DifferenceDecision, currency: str) -> str:
    """Return what was decided, as a sentence."""
    amount = money(abs(made.cents), currency)
    if made.decision == "credit":
        return f"The credit note of {amount} is on its way to Stripe."
    if made.decision == "leave":
        return f"The difference of {amount} is left as it is."
    what = "credited" if made.cents > 0 else "charged"
    return f"{amount} is {what} on the current invoice."


def _propose(
    organization: Organization, invoice: Invoice, form: DifferenceForm, amount: Money
) -> ResponseReturnValue:
    """Propose the decision, if it could be taken now."""
    db.session.refresh(invoice)
    check_decision(invoice, str(form.decision.data), form.seen_cents)
    reason = (form.reason.data or "").strip() or reason_for(invoice)
    if form.decision.data == "credit":
        note_of_difference(invoice, reason, _paid_part(form))
    terms = {
        "sequence": invoice.sequence,
        "decision": form.decision.data,
        "cents": form.seen_cents,
        "paid_part": _paid_part(form),
        "description": f"Correction of {invoice.called}",
    }
    subject = f"invoice:{invoice.sequence}"
    return propose_instead(organization, Wanted("difference", subject, amount, terms, reason))


def _paid_part(form: DifferenceForm) -> PaidPart:
    return next((one for one in PAID_PARTS if one == form.paid_part.data), "refund")


def _page(organization: Organization, invoice: Invoice, form: DifferenceForm) -> str:
    db.session.refresh(invoice)
    current = current_invoice(organization)
    found = offered(invoice, current, _paid_part(form))
    form.cents.data = str(found.difference.cents)
    return render_template(
        "differences/show.html",
        organization=organization,
        invoice=invoice,
        current=current,
        form=form,
        offered=found,
        made=decisions_of(invoice),
        why_two=why_two(organization, Money(-found.difference.cents, invoice.currency)),
    )
