"""The ways to an invoice's own pages at Stripe, whose addresses end after some weeks."""

from typing import Literal

from flask import Blueprint, current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.details import links_are_fresh, renew_links
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.organizations.lookup import organization_by_slug
from dashboard.transaction import checkpoint
from dashboard.views.errors import refuse

bp = Blueprint(
    "invoice_links", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>"
)

NONE = "Stripe has no page for this invoice yet. It gets one when it is finalized."
AWAY = (
    "Stripe is not answering, and the saved link may have expired. The amount owed has not "
    "changed. Try again in a minute."
)


@bp.get("/hosted-page")
@permission("invoice.pay")
def hosted(slug: str, sequence: int) -> ResponseReturnValue:
    """Send the reader to the page where the invoice can be paid."""
    return lead(slug, sequence, "hosted_invoice_url")


@bp.get("/pdf")
@permission("invoice.view")
def pdf(slug: str, sequence: int) -> ResponseReturnValue:
    """Send the reader to the invoice as a PDF."""
    return lead(slug, sequence, "invoice_pdf_url")


def lead(
    slug: str, sequence: int, name: Literal["hosted_invoice_url", "invoice_pdf_url"]
) -> ResponseReturnValue:
    """Redirect to a link of the invoice, read again first if it may have ended."""
    invoice = invoice_by_sequence(organization_by_slug(slug), sequence)
    if getattr(invoice, name) is None:
        return stay(invoice, NONE)
    if not links_are_fresh(invoice, now=utc_now()):
        gateway: Gateway = current_app.extensions["page_gateway"]
        try:
            with calling_for("link"):
                renew_links(invoice, gateway=gateway, checkpoint=checkpoint, now=utc_now())
        except GatewayError:
            return stay(invoice, AWAY)
    return redirect(getattr(invoice, name), code=303)


def stay(invoice: Invoice, why: str) -> ResponseReturnValue:
    """Show the invoice here, and why there is no way on."""
    refuse(why)
    slug = invoice.organization.slug
    return redirect(url_for("invoices.show", slug=slug, sequence=invoice.sequence), code=303)
