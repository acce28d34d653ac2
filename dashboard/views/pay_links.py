"""The way from a mail to the page at Stripe on which its invoice is paid, without signing in."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.details import links_are_fresh, renew_links
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError, Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.links import signing_keys
from dashboard.mail.pay_link import UnknownPayLink, read_pay_token
from dashboard.transaction import checkpoint
from dashboard.views.throttle import slow_down_guesses

bp = Blueprint("pay_links", __name__, url_prefix="/pay")

AWAY = "Stripe is not answering. The amount owed has not changed. Try again in a minute."
# Nothing will come of trying again.
GONE = "Its page at Stripe is gone, and no payment was taken now. Sign in to see how it stands."
SETTLED = "Nothing is left to pay."
NO_PAGE = "Stripe has no page for it. Sign in to see how it stands."


@bp.get("")
@permission("public")
@slow_down_guesses
def show() -> ResponseReturnValue:
    """Lead to the invoice's page at Stripe as it is now; say why where there is no way on."""
    invoice_id = read_pay_token(request.args.get("secret", ""), signing_keys())
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None:
        raise UnknownPayLink("There is no such invoice. Nothing was paid.")
    if not is_to_pay(invoice):
        return _stay(invoice, SETTLED)
    if not links_are_fresh(invoice, now=utc_now()):
        gateway: Gateway = current_app.extensions["page_gateway"]
        try:
            with calling_for("link"):
                renew_links(invoice, gateway=gateway, checkpoint=checkpoint, now=utc_now())
        except Missing:
            return _stay(invoice, GONE), 410
        except GatewayError:
            return _stay(invoice, AWAY), 503
    page = invoice.hosted_invoice_url
    if page is None or not page.startswith(("https://", "http://")):
        return _stay(invoice, NO_PAGE)
    return redirect(page, code=303)


def is_to_pay(invoice: Invoice) -> bool:
    """Whether something of it can be paid at Stripe."""
    owed = invoice.amount_remaining_cents
    return invoice.status in ("open", "uncollectible") and (owed is None or owed > 0)


def _stay(invoice: Invoice, why: str) -> str:
    return render_template(
        "pay_links/show.html", invoice=invoice, organization=invoice.organization, why=why
    )
