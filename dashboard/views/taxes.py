"""Automatic tax of an organization's bills: how it stands, and the switch with its preview."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.forms.tax import OFF, ON, TaxSwitchForm, TaxWaiverForm
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.tax_switch import location_at_stripe, plan_tax, switch_tax
from dashboard.sync.tax_waive import held_for_tax, waive_tax
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.tax_words import LOCATIONS
from jobs.syncs import enqueue_run

bp = Blueprint("taxes", __name__, url_prefix="/organizations/<slug>/tax")


@bp.get("")
@permission("tax.switch")
def show(slug: str) -> ResponseReturnValue:
    """Show whether Stripe works tax out and what switching that would do; asked to, ask Stripe."""
    organization = counted_organization(slug, now=utc_now())
    location = _location(organization) if request.args.get("location") == "ask" else None
    return _page(organization, location=location)


@bp.post("/switches")
@permission("tax.switch")
def create(slug: str) -> ResponseReturnValue:
    """Switch it; a form that is sent once more changes nothing."""
    organization, form = organization_by_slug(slug), TaxSwitchForm()
    if not form.validate_on_submit():
        return _page(organization, form), 422
    is_on = form.switch.data == ON
    plan = switch_tax(
        organization,
        is_on=is_on,
        reason=str(form.reason.data),
        seen=form.seen.data,
        actor=current_actor(),
        now=utc_now(),
    )
    if plan.is_new:
        flash(f"Automatic tax is switched {form.switch.data}. The next sync tells Stripe.")
    return redirect(url_for("taxes.show", slug=slug), code=303)


@bp.post("/waivers")
@permission("tax.switch")
def waive(slug: str) -> ResponseReturnValue:
    """Let a bill that is held for its tax go without; sent once more it changes nothing."""
    organization, form = organization_by_slug(slug), TaxWaiverForm()
    if not form.validate_on_submit():
        return _page(organization, waiver=form), 422
    invoice = invoice_by_sequence(organization, int(form.sequence.data))
    now = utc_now()
    run = waive_tax(invoice, reason=str(form.reason.data), actor=current_actor(), now=now)
    if run is not None:
        enqueue_run(run)
    flash(f"Invoice {invoice.number or invoice.sequence} goes without tax.")
    return redirect(url_for("taxes.show", slug=slug), code=303)


def _location(organization: Organization) -> str:
    gateway: Gateway = current_app.extensions["page_gateway"]
    with calling_for("preview"):
        return location_at_stripe(organization, gateway=gateway, checkpoint=checkpoint)


def _page(
    organization: Organization,
    form: TaxSwitchForm | None = None,
    *,
    location: str | None = None,
    waiver: TaxWaiverForm | None = None,
) -> str:
    plan = plan_tax(organization, is_on=not organization.automatic_tax)
    switch = ON if plan.is_on else OFF
    return render_template(
        "taxes/show.html",
        organization=organization,
        plan=plan,
        held=[(one, _waiver(one, waiver)) for one in held_for_tax(organization.id)],
        form=form or TaxSwitchForm(formdata=None, switch=switch, seen=plan.seen),
        location=None if location is None else LOCATIONS.get(location, LOCATIONS["unknown"]),
        has_product=bool(current_policy().stripe_tax_product),
    )


def _waiver(invoice: Invoice, sent: TaxWaiverForm | None) -> TaxWaiverForm:
    """Return the form of a held bill: what was sent of it, or an empty one."""
    if sent is not None and sent.sequence.data == str(invoice.sequence):
        return sent.named()
    return TaxWaiverForm.of(invoice.sequence)
