"""Settle a refund that failed, or a dispute that was lost, in another way than at Stripe."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.correction_models import Correction
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.settle import correction_of, settle
from dashboard.clock import utc_now
from dashboard.forms.refund import SettleForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor
from jobs.watch import look_soon

bp = Blueprint(
    "settlements",
    __name__,
    url_prefix="/organizations/<slug>/invoices/<int:sequence>/corrections/<int:correction_id>",
)


@bp.get("/settlements/new")
@permission("correction.settle")
def new(slug: str, sequence: int, correction_id: int) -> ResponseReturnValue:
    """Ask how it was settled."""
    organization = organization_by_slug(slug)
    one = correction_of(invoice_by_sequence(organization, sequence), correction_id)
    return _page(organization, one, SettleForm(one.kind))


@bp.post("/settlements")
@permission("correction.settle")
def create(slug: str, sequence: int, correction_id: int) -> ResponseReturnValue:
    """Note that it is settled; it needs nobody any more."""
    organization = organization_by_slug(slug)
    one = correction_of(invoice_by_sequence(organization, sequence), correction_id)
    form = SettleForm(one.kind)
    if not form.validate_on_submit():
        return _page(organization, one, form), 422
    settle(one, how=form.chosen, reason=form.reason.data, actor=current_actor(), now=utc_now())
    look_soon()
    flash("Settled. It no longer needs a person.")
    return redirect(url_for("invoices.show", slug=slug, sequence=sequence), code=303)


def _page(organization: Organization, one: Correction, form: SettleForm) -> str:
    return render_template(
        "settlements/new.html",
        organization=organization,
        invoice=one.invoice,
        one=one,
        form=form,
    )
