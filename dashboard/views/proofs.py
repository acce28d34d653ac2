"""Download what proves a bill: for a bank that asks a payment back, and for whoever checks one."""

from __future__ import annotations

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.proof_bundle import bundle_of, name_of

bp = Blueprint("proofs", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.get("/proof.zip")
@permission("proof.download")
def show(slug: str, sequence: int) -> Response:
    """Send the bundle as it is made."""
    invoice = invoice_by_sequence(organization_by_slug(slug), sequence)
    name = name_of(invoice)
    write_entry("invoice.proof_downloaded", invoice, current_actor(), now=utc_now())
    bundle = bundle_of(invoice, checkpoint=checkpoint)
    return Response(
        bundle,
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
