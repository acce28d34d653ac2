"""What becomes of what a void invoice held."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.propose import Wanted
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.void_decide import decide_void, outcome_words
from dashboard.billing.void_listing import void_case_of
from dashboard.clock import utc_now
from dashboard.errors import Stale
from dashboard.extensions import db
from dashboard.forms.void_decision import VoidDecisionForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.consequences import of_void
from dashboard.views.access import current_actor
from dashboard.views.four_eyes import propose_instead, stay_within, wants_second, why_two
from dashboard.views.proof import need_proof_above
from jobs.watch import look_soon

bp = Blueprint(
    "void_decisions", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>"
)


@bp.get("/void-decisions/new")
@permission("void.decide")
def new(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what billing its money, or writing it off, would do; nothing is chosen."""
    organization = organization_by_slug(slug)
    return _page(organization, invoice_by_sequence(organization, sequence), None)


@bp.post("/void-decisions")
@permission("void.decide")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Bill it on the current invoice, or write it off."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    form = VoidDecisionForm()
    if not form.validate_on_submit():
        return _page(organization, invoice, form), 422
    seen = form.seen(invoice.currency)
    need_proof_above(seen)
    if not _is_decided(invoice) and wants_second(organization, seen):
        return _propose(organization, invoice, form, seen)
    stay_within(organization, seen, lambda: _is_decided(invoice))
    case = decide_void(
        invoice,
        form.decision.data,
        seen=seen,
        reason=form.reason.data,
        actor=current_actor(),
        now=utc_now(),
    )
    look_soon()
    flash(f"Decided: {outcome_words(case)}.")
    return redirect(url_for("invoices.show", slug=slug, sequence=sequence), code=303)


def _propose(
    organization: Organization, invoice: Invoice, form: VoidDecisionForm, seen: Money
) -> ResponseReturnValue:
    """Propose the decision, if as much is asked as was seen."""
    case = void_case_of(invoice)
    if case is None or not case.waits or case.asked_cents != seen.cents:
        raise Stale(
            "The amount has changed, or it is decided. Nothing was changed. Look at it again."
        )
    terms = {"sequence": invoice.sequence, "decision": form.decision.data}
    subject = f"invoice:{invoice.sequence}"
    return propose_instead(
        organization, Wanted("void", subject, seen, terms, form.reason.data.strip())
    )


def _page(organization: Organization, invoice: Invoice, sent: VoidDecisionForm | None) -> str:
    case = void_case_of(invoice)
    asked = case.asked_cents if case and case.waits else 0
    return render_template(
        "void_decisions/new.html",
        organization=organization,
        invoice=invoice,
        asked_cents=asked,
        form=sent or VoidDecisionForm(cents=str(asked)),
        consequences=of_void(asked, current_invoice(organization)) if asked else [],
        why_two=why_two(organization, Money(asked, invoice.currency)),
    )


def _is_decided(invoice: Invoice) -> bool:
    case = void_case_of(invoice)
    if case is not None:
        db.session.refresh(case)
    return case is not None and not case.waits
