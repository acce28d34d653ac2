"""Give a paid invoice's money back outside a credit note, with what that does before it is done."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.propose import Wanted
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_room import NotRefundable, refund_room_of
from dashboard.billing.refunds import WantedRefund, check_refund, plan_refund, refund_by_key
from dashboard.billing.under_way import is_changing
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.refund import RefundForm, name_of
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.refund_preview import RefundPreview, preview_refund
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from dashboard.views.four_eyes import propose_instead, stay_within, wants_second, why_two
from dashboard.views.proof import need_proof_above
from jobs.refunds import carry_out_refund
from jobs.watch import look_soon

bp = Blueprint("refunds", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.get("/refunds/new")
@permission("refund.create")
def new(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what paid the invoice and how much of it can still go back, and ask how much does."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    try:
        form = RefundForm(refund_room_of(invoice))
    except NotRefundable as why:
        return _refused(organization, invoice, why)
    return _page(organization, invoice, form)


@bp.post("/refunds")
@permission("refund.create")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what the refund does, here and at Stripe; once that is confirmed, have it made."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    try:
        form = RefundForm(refund_room_of(invoice))
    except NotRefundable as why:
        return _refused(organization, invoice, why), why.status
    if not form.validate_on_submit():
        return _page(organization, invoice, form), 422
    # A form that is sent once more is answered as it was.
    made = _made(organization, form)
    if made is not None:
        form.check_same(made)
        return _lead(made, slug)
    wanted = form.wanted()
    try:
        check_refund(wanted, form.room)
    except Invalid as why:
        form.refuse(why)
        return _page(organization, invoice, form), 422
    if not form.is_confirmed(wanted):
        return _page(organization, invoice, form, wanted)
    return _do(organization, invoice, form, wanted)


def _do(
    organization: Organization, invoice: Invoice, form: RefundForm, wanted: WantedRefund
) -> ResponseReturnValue:
    """Plan it, or propose it where a second person is wanted."""
    amount = Money(-wanted.amount_cents, invoice.currency)
    need_proof_above(amount)
    if wants_second(organization, amount):
        return propose_instead(organization, _proposal(invoice, wanted, amount))
    stay_within(organization, amount, lambda: _made(organization, form) is not None)
    key = str(form.key.data)
    refund = plan_refund(invoice, wanted, key=key, actor=current_actor(), now=utc_now())
    carry_out_refund.enqueue(refund.id)
    look_soon()
    return _lead(refund, organization.slug)


def _proposal(invoice: Invoice, wanted: WantedRefund, amount: Money) -> Wanted:
    terms = {
        "sequence": invoice.sequence,
        "payment": wanted.payment,
        "cents": wanted.amount_cents,
        "purpose": wanted.purpose,
        "description": "",
    }
    return Wanted("refund", f"invoice:{invoice.sequence}", amount, terms, wanted.reason)


def _made(organization: Organization, form: RefundForm) -> Refund | None:
    return refund_by_key(organization.id, str(form.key.data))


def _lead(refund: Refund, slug: str) -> ResponseReturnValue:
    amount = money(refund.amount_cents, refund.invoice.currency)
    said = {
        "planned": f"The refund of {amount} is on its way to Stripe.",
        "made": f"The refund of {amount} is made.",
        "refused": f"The refund of {amount} was refused. Nothing was refunded.",
    }
    flash(said[refund.state])
    page = url_for("invoices.show", slug=slug, sequence=refund.invoice.sequence)
    return redirect(page, code=303)


def _refused(organization: Organization, invoice: Invoice, why: NotRefundable) -> str:
    return render_template(
        "refunds/new.html", organization=organization, invoice=invoice, refused=why, form=None
    )


def _page(
    organization: Organization,
    invoice: Invoice,
    form: RefundForm,
    wanted: WantedRefund | None = None,
) -> str:
    """Return the form, with what it would do where that can be said already."""
    previewed, two = None, None
    form.confirmed.data = ""
    if wanted is not None:
        previewed = _previewed(form, wanted)
        two = why_two(organization, Money(wanted.amount_cents, invoice.currency))
        form.confirmed.data = name_of(wanted, form.room) if previewed.agrees else ""
    return render_template(
        "refunds/new.html",
        organization=organization,
        invoice=invoice,
        refused=None,
        form=form,
        previewed=previewed,
        is_changing=is_changing(invoice),
        why_two=two,
    )


def _previewed(form: RefundForm, wanted: WantedRefund) -> RefundPreview:
    gateway: Gateway = current_app.extensions["page_gateway"]
    with calling_for("preview"):
        return preview_refund(wanted, form.room, gateway=gateway, checkpoint=checkpoint)
