"""Who an organization is and how it pays: changed by support, and decided where Stripe differs."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.organization import OrganizationForm
from dashboard.forms.refused import show_refusal
from dashboard.organizations.change import send_ours
from dashboard.organizations.lookup import organization_by_slug
from dashboard.sync.change_details import change_details, keep_theirs_instead
from dashboard.views.access import current_actor
from jobs.syncs import enqueue_run

bp = Blueprint("organization_details", __name__, url_prefix="/organizations/<slug>/details")

DECISIONS = {
    "send_ours": (send_ours, "The next sync sends our details to Stripe."),
    "take_theirs": (keep_theirs_instead, "The details are now those at Stripe."),
}


@bp.get("/edit")
@permission("organization.change")
def edit(slug: str) -> ResponseReturnValue:
    """Show the form that changes the details."""
    organization = organization_by_slug(slug)
    form = OrganizationForm.showing(organization)
    return render_template("organizations/edit.html", organization=organization, form=form)


@bp.post("")
@permission("organization.change")
def update(slug: str) -> ResponseReturnValue:
    """Change the details; the next sync tells Stripe."""
    organization, form = organization_by_slug(slug), OrganizationForm()
    if form.validate_on_submit():
        try:
            runs = change_details(
                organization,
                form.wanted(),
                seen=form.seen.data,
                now=utc_now(),
                actor=current_actor(),
            )
        except Invalid as error:
            show_refusal(form, error)
        else:
            for run in runs:
                enqueue_run(run)
            again = " What is held for the address is tried again." if runs else ""
            flash(f"The details are changed.{again}")
            return redirect(url_for("organizations.details", slug=slug), code=303)
    page = render_template("organizations/edit.html", organization=organization, form=form)
    return page, 422


@bp.post("/decision")
@permission("organization.change")
def decide(slug: str) -> ResponseReturnValue:
    """Decide which details hold where somebody changed Stripe's customer."""
    decision = request.form.get("decision", "")
    if decision not in DECISIONS:
        raise Invalid("That is not a decision. Nothing was changed. Choose one of the two.")
    carry_out, sentence = DECISIONS[decision]
    for run in carry_out(organization_by_slug(slug), now=utc_now(), actor=current_actor()) or ():
        enqueue_run(run)
    flash(sentence)
    return redirect(url_for("organizations.details", slug=slug), code=303)
