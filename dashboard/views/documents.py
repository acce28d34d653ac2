"""An invoice as a document: a page that prints, and a PDF of our own."""

from __future__ import annotations

import re

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.notes import issued_notes
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.extensions import current_config
from dashboard.reading.items import items_of_invoice
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.paper import Paper, paper_of
from dashboard.views.paper_pdf import pdf_of

bp = Blueprint("documents", __name__, url_prefix="/organizations/<slug>/invoices")


@bp.get("/<int:sequence>/document")
@permission("invoice.view")
def show(slug: str, sequence: int) -> ResponseReturnValue:
    """Show an invoice as it is printed; of one that is not issued, a draft that says so."""
    invoice = _invoice(slug, sequence)
    return render_template(
        "documents/show.html",
        organization=invoice.organization,
        invoice=invoice,
        paper=_paper(invoice),
    )


@bp.get("/<int:sequence>.pdf")
@permission("invoice.view")
def pdf(slug: str, sequence: int) -> Response:
    """Download it as a PDF."""
    invoice = _invoice(slug, sequence)
    paper = _paper(invoice)
    write_entry("invoice.printed", invoice, current_actor(), now=utc_now())
    # A large one takes a second, or waits for others: not with a transaction.
    checkpoint()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{slug}-{paper.title.lower()}-{paper.called}")
    return Response(
        pdf_of(paper),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'},
    )


def _invoice(slug: str, sequence: int) -> Invoice:
    return invoice_by_sequence(counted_organization(slug, now=utc_now()), sequence)


def _paper(invoice: Invoice) -> Paper:
    found = items_of_invoice(invoice, with_lines=False)
    seller = current_config().seller
    issued = issued_notes(invoice)
    return paper_of(invoice, found, seller, credits_since=issued, now=utc_now())
