"""Undo: a charge or a credit that is not sealed is reversed by an equal opposite entry."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.day import undoes_own
from dashboard.approvals.propose import Wanted
from dashboard.billing.models import Adjustment
from dashboard.billing.overview import invoice_by_id
from dashboard.billing.reverse import (
    adjustment_of,
    may_reverse,
    reversal_of,
    reverse_adjustment,
    why_it_stays,
)
from dashboard.clock import utc_now
from dashboard.forms.reversal import ReversalForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.consequences import of_adjustment
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from dashboard.views.four_eyes import propose_instead, stay_within, why_two
from dashboard.views.proof import need_proof_above
from jobs.watch import look_soon

bp = Blueprint(
    "reversals",
    __name__,
    url_prefix="/organizations/<slug>/adjustments/<int:adjustment_id>/reversals",
)


@bp.get("/new")
@permission("adjustment.create")
def new(slug: str, adjustment_id: int) -> ResponseReturnValue:
    """Show the new total before anything is reversed."""
    organization = organization_by_slug(slug)
    return _page(organization, adjustment_of(organization, adjustment_id), ReversalForm())


@bp.post("")
@permission("adjustment.create")
def create(slug: str, adjustment_id: int) -> ResponseReturnValue:
    """Put the opposite on the same invoice; above the limit a second person approves it first."""
    organization, form = organization_by_slug(slug), ReversalForm()
    adjustment = adjustment_of(organization, adjustment_id)
    if not form.validate_on_submit():
        return _page(organization, adjustment, form), 422
    amount = -Money(adjustment.amount_cents, organization.currency)
    reason = str(form.reason.data).strip()
    need_proof_above(amount)
    may_propose = _can_be_reversed(organization, adjustment)
    if may_propose and _why_two(organization, adjustment) is not None:
        terms = {"adjustment_id": adjustment.id, "description": adjustment.description}
        subject = f"adjustment:{adjustment.id}"
        return propose_instead(organization, Wanted("reversal", subject, amount, terms, reason))
    if not undoes_own(adjustment, current_actor(), now=utc_now()):
        stay_within(organization, amount, lambda: reversal_of(adjustment) is not None)
    reverse_adjustment(adjustment, reason=reason, actor=current_actor(), now=utc_now())
    look_soon()
    what = "credit" if adjustment.amount_cents < 0 else "charge"
    flash(f"The {what} of {money(abs(amount.cents), amount.currency)} is reversed. Both stay.")
    return redirect(url_for("adjustments.index", slug=slug), code=303)


def _can_be_reversed(organization: Organization, adjustment: Adjustment) -> bool:
    invoice = invoice_by_id(organization, adjustment.invoice_id)
    return may_reverse(adjustment, invoice) and reversal_of(adjustment) is None


def _page(organization: Organization, adjustment: Adjustment, form: ReversalForm) -> str:
    invoice = invoice_by_id(organization, adjustment.invoice_id)
    made = reversal_of(adjustment)
    stands = made is None and may_reverse(adjustment, invoice)
    return render_template(
        "adjustments/reverse.html",
        organization=organization,
        adjustment=adjustment,
        made=made,
        invoice=invoice,
        form=form,
        consequence=of_adjustment(-adjustment.amount_cents, invoice) if stands else None,
        why_not=why_it_stays(adjustment, invoice),
        why_two=_why_two(organization, adjustment),
    )


def _why_two(organization: Organization, adjustment: Adjustment) -> str | None:
    """Return why a second person approves it; what is one's own is only undone, so it adds none."""
    amount = Money(adjustment.amount_cents, organization.currency)
    is_own = undoes_own(adjustment, current_actor(), now=utc_now())
    return why_two(organization, amount, alone=is_own)
