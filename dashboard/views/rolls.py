"""Rolling a cycle early: previewed, typed, done once."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_id
from dashboard.billing.roll import AlreadyRolled, roll_early, was_rolled_by
from dashboard.billing.roll_preview import preview_roll
from dashboard.clock import utc_now
from dashboard.closing.held import closings_held
from dashboard.forms.roll import RollForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.reading.sync_status import status_of
from dashboard.sync.request import Request, request_sync
from dashboard.views.access import current_actor
from dashboard.views.proof import need_proof_above
from jobs.syncs import enqueue_run
from jobs.watch import look_soon

bp = Blueprint("rolls", __name__, url_prefix="/organizations/<slug>/rolls")


@bp.get("/new")
@permission("cycle.roll")
def new(slug: str) -> ResponseReturnValue:
    """Show what rolling now would close and open."""
    organization = counted_organization(slug, now=utc_now())
    invoice = current_invoice(organization)
    return _page(organization, invoice, RollForm(organization.name))


@bp.post("")
@permission("cycle.roll")
def create(slug: str) -> ResponseReturnValue:
    """Close the previewed invoice now, open the next, and start the final sync.

    A form that is sent once more is answered as it was.
    """
    organization, now = organization_by_slug(slug), utc_now()
    form = RollForm(organization.name)
    if not form.validate_on_submit():
        return _page(organization, current_invoice(organization), form), 422
    closed_id = int(form.invoice_id.data)
    closing = current_invoice(organization)
    need_proof_above(Money(closing.total_cents, closing.currency))
    reason, by = str(form.reason.data), current_actor()
    try:
        roll_early(organization, reason=reason, actor=by, now=now, invoice_id=closed_id)
    except AlreadyRolled:
        closed = invoice_by_id(organization, closed_id)
        if not was_rolled_by(closed.id, reason=reason, actor=by):
            raise
        return _rolled(closed)
    closed = invoice_by_id(organization, closed_id)
    enqueue_run(request_sync(closed, Request("final", by, verify=True), now=now))
    # A proposal about what is sealed now can no longer be approved.
    look_soon()
    return _rolled(closed)


def _rolled(closed: Invoice) -> ResponseReturnValue:
    held = closings_held(now=utc_now())
    what = "checked and finalized at Stripe"
    flash(
        f"The cycle is rolled. The closed invoice is now {what}."
        if held is None
        else f"The cycle is rolled. The closed invoice is {what} once closings are resumed."
    )
    slug = closed.organization.slug
    return redirect(url_for("invoices.show", slug=slug, sequence=closed.sequence), code=303)


def _page(organization: Organization, invoice: Invoice, form: RollForm) -> str:
    # The one that is shown, also when the form came back wrong.
    form.invoice_id.data = str(invoice.id)
    return render_template(
        "rolls/new.html",
        organization=organization,
        invoice=invoice,
        sync=status_of(invoice),
        preview=preview_roll(organization, now=utc_now()),
        form=form,
    )
