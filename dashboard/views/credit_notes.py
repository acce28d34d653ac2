"""Take something off an issued invoice, with what Stripe says of it before it is done."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.approvals.propose import Wanted
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_preview import open_change
from dashboard.billing.credit_notes import WantedNote, check_note, note_by_key, plan_note
from dashboard.billing.credit_room import CreditRoom, room_of
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.under_way import is_changing, under_way
from dashboard.billing.waived import items_with_cycles
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.credit_note import CreditNoteForm, name_of
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
from jobs.credit_notes import carry_out_credit_note
from jobs.watch import look_soon

bp = Blueprint("credit_notes", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.get("/credit-notes/new")
@permission("credit_note.create")
def new(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what can still be credited, and ask how much of it."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    return _page(organization, invoice, _form(invoice))


@bp.post("/credit-notes")
@permission("credit_note.create")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Show what the note does, here and at Stripe; once that is confirmed, have it issued."""
    organization = organization_by_slug(slug)
    invoice = invoice_by_sequence(organization, sequence)
    form = _form(invoice)
    if not form.validate_on_submit():
        return _page(organization, invoice, form), 422
    # A form that is sent once more is answered as it was.
    made = _made(organization, form)
    if made is not None:
        form.check_same(made)
        return _lead(made, slug)
    wanted = form.wanted()
    try:
        check_note(invoice, wanted, form.room)
    except Invalid as why:
        form.refuse(why)
        return _page(organization, invoice, form), 422
    if not form.is_confirmed(wanted):
        return _page(organization, invoice, form, wanted)
    amount = Money(-wanted.amount_cents, invoice.currency)
    need_proof_above(amount)
    if wants_second(organization, amount):
        return propose_instead(organization, _proposal(invoice, wanted, amount))
    stay_within(organization, amount, lambda: _made(organization, form) is not None)
    note = plan_note(invoice, wanted, key=form.key.data, actor=current_actor(), now=utc_now())
    carry_out_credit_note.enqueue(note.id)
    look_soon()
    return _lead(note, slug)


def _made(organization: Organization, form: CreditNoteForm) -> CreditNote | None:
    return note_by_key(organization.id, str(form.key.data))


def _form(invoice: Invoice) -> CreditNoteForm:
    return CreditNoteForm(invoice, room_of(invoice, items_with_cycles(invoice)))


def _proposal(invoice: Invoice, wanted: WantedNote, amount: Money) -> Wanted:
    told = asdict(wanted) | {"lines": sorted(wanted.lines.items()), "sequence": invoice.sequence}
    del told["reason"]
    terms = told | {"description": wanted.memo}
    return Wanted("credit_note", f"invoice:{invoice.sequence}", amount, terms, wanted.reason)


def _lead(note: CreditNote, slug: str) -> ResponseReturnValue:
    amount = money(note.amount_cents, note.invoice.currency)
    said = {
        "planned": f"The credit note of {amount} is on its way to Stripe.",
        "issued": f"The credit note of {amount} is issued.",
        "refused": f"Stripe refused the credit note of {amount}. Nothing was credited.",
        "void": f"The credit note of {amount} is void.",
    }
    flash(said[note.state])
    page = url_for("invoices.show", slug=slug, sequence=note.invoice.sequence)
    return redirect(page, code=303)


def _page(
    organization: Organization,
    invoice: Invoice,
    form: CreditNoteForm,
    wanted: WantedNote | None = None,
) -> str:
    """Return the form, with what it would do where that can be said already."""
    items = [item for item in items_with_cycles(invoice) if item.id in form.room.items]
    items.sort(key=lambda item: -form.room.items[item.id])
    previewed, two, grows_cents = None, None, 0
    form.confirmed.data = ""
    if wanted is not None:
        grows_cents = open_change(invoice, wanted.lines, now=utc_now())
        previewed = _previewed(invoice, wanted, form.room)
        two = why_two(organization, Money(wanted.amount_cents, invoice.currency))
        form.confirmed.data = name_of(wanted) if previewed.agrees else ""
    return render_template(
        "credit_notes/new.html",
        organization=organization,
        invoice=invoice,
        form=form,
        items=items,
        wanted=wanted,
        previewed=previewed,
        grows_cents=grows_cents,
        in_progress=under_way(invoice),
        is_changing=is_changing(invoice),
        why_two=two,
    )


def _previewed(invoice: Invoice, wanted: WantedNote, room: CreditRoom) -> Previewed:
    gateway: Gateway = current_app.extensions["page_gateway"]
    with calling_for("preview"):
        return preview_note(invoice, wanted, room, gateway=gateway, checkpoint=checkpoint)
