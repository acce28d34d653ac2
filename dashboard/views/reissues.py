"""Take an issued invoice back and bill its items again, with what that does before it is done."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.propose import Wanted
from dashboard.billing.credit_room import room_of
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.reissue import PAID_PARTS, PaidPart, Taking, plan_reissue, reissue_by_key
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.reissue_preview import ReissuePreview, preview_reissue
from dashboard.billing.void_listing import void_case_of
from dashboard.billing.waived import items_with_cycles
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.forms.reissue import ReissueForm, name_of, name_of_void
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.note_preview import Previewed, preview_note
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.formatting import money
from dashboard.views.four_eyes import propose_instead, stay_within, wants_second, why_two
from dashboard.views.proof import need_proof_above
from jobs.reissues import begin_reissue
from jobs.watch import look_soon

bp = Blueprint("reissues", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.get("/reissues/new")
@permission("invoice.reissue")
def new(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what is taken back, what is billed again, and by how much the two differ."""
    organization = counted_organization(slug, now=utc_now())
    invoice = invoice_by_sequence(organization, sequence)
    form = ReissueForm(formdata=None)
    try:
        preview = preview_reissue(invoice, now=utc_now())
    except BillingError as why:
        return _page(organization, invoice, form, refused=why)
    if preview.taking.note is None:
        # Nothing is left to ask, and Stripe has no preview of a void.
        form.confirmed.data = name_of(preview)
    return _page(organization, invoice, form, preview)


@bp.post("/reissues")
@permission("invoice.reissue")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Have it taken back and billed again, if that is exactly what was shown."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    form = ReissueForm()
    is_valid = form.validate_on_submit()
    # A form that is sent once more is answered as it was.
    if is_valid and _made(organization, form) is not None:
        return _lead(_planned(invoice, form, Taking(0)), slug)
    case = void_case_of(invoice)
    asked = case.asked_cents if case is not None and case.waits else None
    if is_valid and asked is not None and form.confirmed.data == name_of_void(asked):
        # Somebody voided it since it was shown: as much as was seen is billed again at once.
        return _do(organization, invoice, form, Taking(asked))
    try:
        preview = preview_reissue(invoice, now=utc_now(), paid_part=_paid_part(form))
    except BillingError as why:
        return _page(organization, invoice, form, refused=why), why.status
    if not is_valid:
        return _page(organization, invoice, form, preview), 422
    if form.is_confirmed(preview):
        return _do(organization, invoice, form, preview.taking)
    was_shown = bool(form.confirmed.data)
    told = _asked_of_stripe(invoice, preview)
    form.confirmed.data = name_of(preview) if told is None or told.agrees else ""
    return _page(organization, invoice, form, preview, told=told, is_another=was_shown)


def _do(
    organization: Organization, invoice: Invoice, form: ReissueForm, taking: Taking
) -> ResponseReturnValue:
    """Plan it, or propose it where a second person is wanted."""
    amount = Money(taking.cents, invoice.currency)
    need_proof_above(amount)
    if wants_second(organization, amount):
        terms = {"sequence": invoice.sequence, "paid_part": _paid_part(form), "description": ""}
        subject, reason = f"invoice:{invoice.sequence}", form.reason.data.strip()
        return propose_instead(organization, Wanted("reissue", subject, amount, terms, reason))
    stay_within(organization, amount, lambda: _made(organization, form) is not None)
    reissue = _planned(invoice, form, taking)
    begin_reissue(reissue)
    look_soon()
    return _lead(reissue, organization.slug)


def _planned(invoice: Invoice, form: ReissueForm, taking: Taking) -> Reissue:
    return plan_reissue(
        invoice,
        seen_cents=taking.cents,
        seen_way=taking.way,
        reason=form.reason.data,
        key=str(form.key.data),
        actor=current_actor(),
        now=utc_now(),
        paid_part=_paid_part(form),
    )


def _made(organization: Organization, form: ReissueForm) -> Reissue | None:
    return reissue_by_key(organization.id, str(form.key.data))


def _paid_part(form: ReissueForm) -> PaidPart:
    return next((one for one in PAID_PARTS if one == form.paid_part.data), "refund")


def _asked_of_stripe(invoice: Invoice, preview: ReissuePreview) -> Previewed | None:
    """Return what Stripe says of the credit note; None where it is voided instead."""
    if preview.taking.note is None:
        return None
    gateway: Gateway = current_app.extensions["page_gateway"]
    room = room_of(invoice, items_with_cycles(invoice), is_billed_anew=True)
    with calling_for("preview"):
        return preview_note(
            invoice, preview.taking.note, room, gateway=gateway, checkpoint=checkpoint
        )


def _lead(reissue: Reissue, slug: str) -> ResponseReturnValue:
    amount = money(reissue.taken_cents, reissue.invoice.currency)
    said = {
        "planned": f"{amount} is being taken back at Stripe, and billed again with that.",
        "done": f"{amount} is taken back, and what is owed of it is billed again.",
        "refused": f"{amount} could not be taken back. Nothing was changed.",
    }
    flash(said[reissue.state])
    page = url_for("invoices.show", slug=slug, sequence=reissue.invoice.sequence)
    return redirect(page, code=303)


def _page(  # noqa: PLR0913  what the page shows, each a thing of its own
    organization: Organization,
    invoice: Invoice,
    form: ReissueForm,
    preview: ReissuePreview | None = None,
    *,
    told: Previewed | None = None,
    refused: BillingError | None = None,
    is_another: bool = False,
) -> str:
    two = None
    if preview is not None:
        two = why_two(organization, Money(preview.taking.cents, invoice.currency))
    return render_template(
        "reissues/new.html",
        organization=organization,
        invoice=invoice,
        current=current_invoice(organization),
        form=form,
        preview=preview,
        told=told,
        refused=refused,
        is_another=is_another,
        why_two=two,
    )
