"""Changing how long an organization's cycles are and from when they count: previewed, then done."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.current import current_invoice
from dashboard.billing.fold import counted_organization
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.forms.cycle import CycleChangeForm, CycleForm
from dashboard.intervals import EVERY
from dashboard.money import Money
from dashboard.organizations.cycle import change_cycle
from dashboard.organizations.cycle_preview import CyclePreview, preview_cycle
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor
from dashboard.views.proof import need_proof_above

bp = Blueprint("cycle_changes", __name__, url_prefix="/organizations/<slug>/cycle-changes")


@bp.get("/new")
@permission("cycle.change")
def new(slug: str) -> ResponseReturnValue:
    """Ask how cycles are to be counted; with that in the address, show what it would do."""
    organization = counted_organization(slug, now=utc_now())
    if "interval" not in request.args:
        return _page(organization, CycleForm.showing(organization))
    form = CycleForm(formdata=request.args, meta={"csrf": False})
    if not form.validate():
        return _page(organization, form), 422
    try:
        preview = preview_cycle(organization, form.wanted(), now=utc_now())
    except BillingError as error:
        return _page(organization, form, refused=str(error)), 422
    return _page(organization, form, preview=preview)


@bp.post("")
@permission("cycle.change")
def create(slug: str) -> ResponseReturnValue:
    """Count the cycles so from now on; a form that is sent once more changes nothing."""
    organization, form = organization_by_slug(slug), CycleChangeForm()
    if not form.validate_on_submit():
        return _page(organization, form), 422
    wanted = form.wanted()
    if wanted.ends_early:
        invoice = current_invoice(organization)
        need_proof_above(Money(invoice.total_cents, invoice.currency))
    change_cycle(
        organization,
        wanted,
        reason=str(form.reason.data),
        seen=form.seen.data,
        actor=current_actor(),
        now=utc_now(),
    )
    flash("The cycle is changed.")
    return redirect(url_for("organizations.details", slug=slug), code=303)


def _page(
    organization: Organization,
    form: CycleForm,
    *,
    preview: CyclePreview | None = None,
    refused: str = "",
) -> str:
    return render_template(
        "cycle_changes/new.html",
        organization=organization,
        form=form,
        confirm=_confirming(form, preview),
        preview=preview,
        refused=refused,
        every=EVERY,
    )


def _confirming(form: CycleForm, preview: CyclePreview | None) -> CycleChangeForm | None:
    """Return the form that does what was previewed, or that came back."""
    if isinstance(form, CycleChangeForm):
        return form
    if preview is None:
        return None
    asked = {name: form[name].data for name in ("interval", "zone", "anchor_on", "takes_effect")}
    return CycleChangeForm(formdata=None, seen=preview.seen, **asked)
