"""Past invoices, and any one of them."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.balance import move_of
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import notes_of
from dashboard.billing.current import draft_of
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.notes import corrections_of
from dashboard.billing.overview import (
    finished_of,
    invoice_by_sequence,
)
from dashboard.billing.payment_facts import payment_of
from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_sums import refunds_of
from dashboard.billing.reissue import reissues_of
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.subscription import on_theirs
from dashboard.billing.void_listing import void_case_of
from dashboard.clock import utc_now
from dashboard.reading.items import items_of_invoice
from dashboard.reading.sync_status import status_of
from dashboard.reading.tag import digest, tag_of_invoice
from dashboard.sync.theirs import theirs_on
from dashboard.views.access import current_actor, reader
from dashboard.views.bill_items import are_asked_alone, items_of_past
from dashboard.views.exports import csv_answer, invoice_rows
from dashboard.views.hypermedia import live
from dashboard.views.listing import log_kind
from dashboard.views.payments import payment_told, shown_of
from dashboard.views.refund_words import FOR_WHAT

bp = Blueprint("invoices", __name__, url_prefix="/organizations/<slug>/invoices")
PAST = log_kind("invoices.index", "invoice", "invoices")


@bp.get("")
@permission("invoice.view")
def index(slug: str) -> ResponseReturnValue:
    """List the invoices before the current one."""
    now = utc_now()
    organization = counted_organization(slug, now=now)
    asked = PAST.asked()
    past = finished_of(organization, asked)
    return render_template(
        "invoices/index.html",
        organization=organization,
        past=PAST.listing(past, asked.sort, slug=slug),
        states={invoice.id: shown_of(invoice, now) for invoice in past.rows},
        current=draft_of(organization),
    )


@bp.get("/<int:sequence>")
@permission("invoice.view")
def show(slug: str, sequence: int) -> ResponseReturnValue:
    """Show one invoice with its lines; the current one has its own page."""
    organization = counted_organization(slug, now=utc_now())
    invoice = invoice_by_sequence(organization, sequence)
    if invoice.status == "draft":
        return redirect(url_for("organizations.show", slug=slug), code=303)
    shown = items_of_past(invoice, items_of_invoice(invoice, with_lines=reader().is_staff))
    told = {"organization": organization, "invoice": invoice, "shown": shown}
    if are_asked_alone():
        return render_template("invoices/_past_items.html", sync=status_of(invoice), **told)
    return render_template(
        "invoices/show.html",
        **told,
        state=shown_of(invoice, utc_now()),
        payment=payment_told(invoice, utc_now()),
        sync=status_of(invoice),
        void=void_case_of(invoice),
        move=move_of(invoice),
        theirs=theirs_on(invoice.id) if on_theirs(invoice) else (),
        **_after_issue(invoice, utc_now()),
    )


@bp.get("/<int:sequence>/state")
@permission("invoice.view")
def state(slug: str, sequence: int) -> ResponseReturnValue:
    """Answer the refreshes of an invoice that is on its way; a settled one asks for no more."""
    now = utc_now()
    organization = counted_organization(slug, now=now)
    invoice = invoice_by_sequence(organization, sequence)
    after = _after_issue(invoice, now)

    def render() -> str:
        return render_template(
            "invoices/_state.html",
            organization=organization,
            invoice=invoice,
            state=shown_of(invoice, now),
            payment=payment_told(invoice, now),
            sync=status_of(invoice),
            void=void_case_of(invoice),
            move=move_of(invoice),
            **after,
        )

    return live(str(after["tag"]), render)


@bp.get("/<int:sequence>.csv")
@permission("invoice.view")
def export(slug: str, sequence: int) -> Response:
    """Download an invoice's lines."""
    organization = counted_organization(slug, now=utc_now())
    invoice = invoice_by_sequence(organization, sequence)
    write_entry("invoice.exported", invoice, current_actor(), now=utc_now())
    name = f"{slug}-invoice-{sequence}-{invoice.period_start:%Y-%m-%d}.csv"
    found = items_of_invoice(invoice, with_lines=False)
    return csv_answer(name, invoice_rows(invoice, found.items))


def _after_issue(invoice: Invoice, now: datetime) -> dict[str, object]:
    """Return what became of it, and what was done about it here, with the tag of all that.

    The page shows staff those acts, too, that Stripe has not carried out yet.
    """
    notes, again, refunds = notes_of(invoice), reissues_of(invoice), refunds_of(invoice)
    return {
        "corrections": corrections_of(invoice),
        "made_here": notes,
        "reissued": again,
        "refunds": refunds,
        "refund_words": FOR_WHAT,
        "tag": _tag(invoice, notes, again, refunds, now),
    }


def _tag(
    invoice: Invoice,
    notes: Sequence[CreditNote],
    again: Sequence[Reissue],
    refunds: Sequence[Refund],
    now: datetime,
) -> str:
    tag = f"{tag_of_invoice(invoice, now=now)}-{digest(payment_of(invoice, now))}"
    told = (
        f"{note.id}{note.state[0]}{'-' if note.error is None else '!'}"
        f"{'' if note.void_asked_at is None else '?'}"
        for note in notes
    )
    reissued = (f"r{one.id}{one.state[0]}" for one in again)
    return ".".join([tag, *told, *reissued, *(f"m{one.id}{one.state[0]}" for one in refunds)])
