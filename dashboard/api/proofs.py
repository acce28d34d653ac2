"""What proves a bill, as one ZIP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, current_app

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, operation
from dashboard.audit.write import write_entry
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.transaction import checkpoint

bp = Blueprint("proofs", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.get("/proof.zip")
@permission("api.proof.read")
@operation(Operation("Download what proves an issued invoice, as a ZIP", {}))
def show(slug: str, sequence: int) -> Response:
    """Send the bundle as it is made; its README says what is in it."""
    invoice = invoice_by_sequence(caller.organization(slug), sequence)
    # Pages and the API do not know each other; the bundle is written in the words of the pages.
    bundle_of: Callable[..., Iterator[bytes]] = current_app.extensions["proof_bundle"]
    write_entry("invoice.proof_downloaded", invoice, caller.actor(), now=utc_now())
    bundle = bundle_of(invoice, checkpoint=checkpoint)
    return Response(bundle, mimetype="application/zip", headers={"Cache-Control": "no-store"})
