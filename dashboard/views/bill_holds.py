"""Whether a bill may be issued: held and released by a person, approved above the limit."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.closing.hold import hold_bill
from dashboard.closing.people import APPROVAL_WANTED, approvals_of, open_hold, wanted_of
from dashboard.extensions import current_config
from dashboard.forms.base import Form
from dashboard.forms.bill_holds import ApprovalForm, HoldForm, ReleaseForm
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.let_issue import approve_bill, release_bill
from dashboard.views.access import current_actor
from dashboard.views.proof import need_proof_above
from jobs.syncs import enqueue_run
from jobs.watch import look_soon

APPROVED = "Approved. It is issued as soon as its turn comes."
bp = Blueprint(
    "bill_holds", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/issue"
)


@bp.get("")
@permission("closing.view")
def show(slug: str, sequence: int) -> ResponseReturnValue:
    """Show whether people let the bill be issued, and what they can do."""
    organization = counted_organization(slug, now=utc_now())
    return _page(organization, invoice_by_sequence(organization, sequence))


@bp.post("/approvals")
@permission("closing.approve")
def approve(slug: str, sequence: int) -> ResponseReturnValue:
    """Let it be issued at the total that was seen; sent once more it changes nothing."""
    organization = organization_by_slug(slug)
    invoice, form = invoice_by_sequence(organization, sequence), ApprovalForm()
    if not form.validate_on_submit():
        return _page(organization, invoice, approval=form), 422
    seen = Money(form.seen(), invoice.currency)
    need_proof_above(seen)
    run = approve_bill(
        invoice,
        total_cents=seen.cents,
        reason=str(form.reason.data),
        actor=current_actor(),
        now=utc_now(),
        four_eyes=has_four_eyes(invoice),
    )
    if run is not None:
        enqueue_run(run)
    look_soon()
    flash(APPROVED if run is not None else "It was approved at that total before.")
    return _back(slug, sequence)


@bp.post("/holds")
@permission("closing.hold")
def hold(slug: str, sequence: int) -> ResponseReturnValue:
    """Hold it until it is released; one that is held stays so."""
    organization = organization_by_slug(slug)
    invoice, form = invoice_by_sequence(organization, sequence), HoldForm()
    if not form.validate_on_submit():
        return _page(organization, invoice, holding=form), 422
    hold_bill(invoice, reason=str(form.reason.data), actor=current_actor(), now=utc_now())
    flash("Held. It is not issued until it is released.")
    return _back(slug, sequence)


@bp.post("/releases")
@permission("closing.hold")
def release(slug: str, sequence: int) -> ResponseReturnValue:
    """Release it; one that is not held stays as it is."""
    organization = organization_by_slug(slug)
    invoice, form = invoice_by_sequence(organization, sequence), ReleaseForm()
    if not form.validate_on_submit():
        return _page(organization, invoice, releasing=form), 422
    note = (form.note.data or "").strip() or None
    run = release_bill(invoice, reason=note, actor=current_actor(), now=utc_now())
    if run is not None:
        enqueue_run(run)
    look_soon()
    flash("Released. It is issued like any other.")
    return _back(slug, sequence)


def has_four_eyes(invoice: Invoice) -> bool:
    """Whether a second person approves what one moves in the bill's currency."""
    return current_config().approval_limits.of(invoice.currency) is not None


def _back(slug: str, sequence: int) -> ResponseReturnValue:
    return redirect(url_for("bill_holds.show", slug=slug, sequence=sequence), code=303)


def _page(organization: Organization, invoice: Invoice, **sent: Form) -> str:
    total = str(invoice.total_cents)
    return render_template(
        "bill_holds/show.html",
        organization=organization,
        invoice=invoice,
        is_issued=invoice.status in FINALIZED,
        waits=invoice.status == "sealed" and invoice.parked_code == APPROVAL_WANTED,
        wanted=wanted_of(invoice),
        held=open_hold(invoice.id),
        approvals=approvals_of(invoice.id),
        four_eyes=has_four_eyes(invoice),
        approval=sent.get("approval") or ApprovalForm(formdata=None, total=total),
        holding=sent.get("holding") or HoldForm(formdata=None),
        releasing=sent.get("releasing") or ReleaseForm(formdata=None),
    )
