"""What becomes of what a void invoice held."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.void_decide import decide_void, outcome_words
from dashboard.clock import utc_now
from dashboard.forms.void_decision import VoidDecisionForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.views.access import current_actor
from dashboard.views.proof import need_proof_above

bp = Blueprint(
    "void_decisions", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>"
)


@bp.post("/void-decisions")
@permission("void.decide")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Bill it on the current invoice, or write it off."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    form = VoidDecisionForm()
    seen = form.seen(invoice.currency)
    need_proof_above(seen)
    case = decide_void(
        invoice,
        form.decision.data or "",
        seen=seen,
        reason=form.why(),
        actor=current_actor(),
        now=utc_now(),
    )
    flash(f"Decided: {outcome_words(case)}.")
    return redirect(url_for("invoices.show", slug=slug, sequence=sequence), code=303)
