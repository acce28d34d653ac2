"""One-off charges and credits, each with a reason and an author."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.listing import waiting_proposals
from dashboard.approvals.propose import Wanted
from dashboard.billing.adjust import add_adjustment, adjustment_by_key
from dashboard.billing.draft import current_invoice
from dashboard.billing.overview import adjustments_of
from dashboard.billing.reverse import links_of, reversible_among
from dashboard.billing.roll import roll_over
from dashboard.clock import utc_now
from dashboard.forms.adjustment import AdjustmentForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.consequences import of_adjustment
from dashboard.views.access import current_actor, reader
from dashboard.views.formatting import money
from dashboard.views.four_eyes import (
    limit_words,
    propose_instead,
    stay_within,
    wants_second,
    why_two,
)
from dashboard.views.listing import log_kind
from dashboard.views.proof import need_proof_above
from dashboard.views.proposal_words import title_of

bp = Blueprint("adjustments", __name__, url_prefix="/organizations/<slug>/adjustments")
ADJUSTMENTS = log_kind("adjustments.index", "charge or credit", "charges and credits")


@bp.get("")
@permission("organization.view")
def index(slug: str) -> ResponseReturnValue:
    """List charges and credits, newest first."""
    organization = organization_by_slug(slug)
    asked = ADJUSTMENTS.asked()
    found = ADJUSTMENTS.listing(adjustments_of(organization, asked), asked.sort, slug=slug)
    return render_template(
        "adjustments/index.html",
        organization=organization,
        found=found,
        links=links_of(found.rows),
        reversible=reversible_among(found.rows),
        title_of=title_of,
        waiting=waiting_proposals(organization.id) if reader().is_staff else (),
    )


@bp.get("/new")
@permission("adjustment.create")
def new(slug: str) -> ResponseReturnValue:
    """Show the form for a charge or a credit."""
    organization = organization_by_slug(slug)
    return _page(organization, AdjustmentForm(organization.currency))


@bp.post("")
@permission("adjustment.create")
def create(slug: str) -> ResponseReturnValue:
    """Show what a charge or a credit would do; once that is confirmed, do it."""
    organization = organization_by_slug(slug)
    form = AdjustmentForm(organization.currency)
    if not form.validate_on_submit():
        return _page(organization, form), 422
    if not form.is_confirmed:
        return _page(organization, form)
    amount, now = form.money(), utc_now()
    need_proof_above(amount)
    # A form that is sent once more is answered as it was.
    if not _is_done(organization, form) and wants_second(organization, amount):
        terms = {"description": form.description.data}
        subject, reason = f"form:{form.key.data}", form.reason.data
        return propose_instead(organization, Wanted("adjustment", subject, amount, terms, reason))
    stay_within(organization, amount, lambda: _is_done(organization, form))
    add_adjustment(
        roll_over(organization, now=now),
        amount,
        reason=form.reason.data,
        description=form.description.data,
        key=form.key.data,
        actor=current_actor(),
        now=now,
    )
    word = "credit" if amount.cents < 0 else "charge"
    flash(f"The {word} of {money(abs(amount.cents), amount.currency)} is on the current invoice.")
    return redirect(url_for("organizations.show", slug=slug), code=303)


def _page(organization: Organization, form: AdjustmentForm) -> str:
    """Return the form, with what it would do where that can be said already."""
    amount = form.amount_so_far()
    form.confirmed.data = str(amount.cents) if amount else ""
    return render_template(
        "adjustments/new.html",
        organization=organization,
        form=form,
        amount=amount,
        consequence=of_adjustment(amount.cents, current_invoice(organization)) if amount else None,
        limit=limit_words(organization.currency),
        why_two=why_two(organization, amount) if amount else None,
    )


def _is_done(organization: Organization, form: AdjustmentForm) -> bool:
    return adjustment_by_key(organization.id, str(form.key.data)) is not None
