"""An invoice's lines in the ledger, as last agreed, and at Stripe; Stripe is read by a button."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.gateway.errors import GatewayError, Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.ids import read_id
from dashboard.organizations.models import Organization
from dashboard.reading.three_way import SHOWS, three_way
from dashboard.sync.readings import keep_reading
from dashboard.transaction import commit
from dashboard.views.access import current_actor
from dashboard.views.errors import refuse
from dashboard.views.stripe_state import stripe_state

bp = Blueprint("at_stripe", __name__, url_prefix="/organizations/<slug>/at-stripe")
log = structlog.get_logger("dashboard.views.at_stripe")

AWAY = (
    "Stripe does not answer now. Nothing was changed; below is what was last read. Try again in "
    "a minute."
)
GONE = (
    "Stripe no longer has this invoice. Nothing was changed. “Verify” looks after it, and makes "
    "the draft again where it is owed."
)
NOT_THERE = "This invoice is not at Stripe yet, so there is nothing to read. Sync it first."


@bp.get("")
@permission("sync.view")
def show(slug: str) -> ResponseReturnValue:
    """Compare the three sides; Stripe's is what was last read."""
    organization = counted_organization(slug, now=utc_now())
    invoice = _invoice(organization)
    asked = request.args.get("show", "all")
    return render_template(
        "at_stripe/show.html",
        organization=organization,
        invoice=invoice,
        is_current="invoice" not in request.args,
        sides=three_way(invoice),
        show=asked if asked in SHOWS else "all",
        stripe=stripe_state(),
    )


@bp.post("/readings")
@permission("sync.run")
def create(slug: str) -> ResponseReturnValue:
    """Read the lines at Stripe, a hundred a call, and compare with them."""
    invoice = _invoice(counted_organization(slug, now=utc_now()))
    kept: dict[str, Any] = {
        name: request.args[name] for name in ("invoice",) if name in request.args
    }
    back = redirect(url_for("at_stripe.show", slug=slug, **kept), code=303)
    stripe_id = invoice.stripe_invoice_id
    if stripe_id is None:
        refuse(NOT_THERE)
        return back
    gateway: Gateway = current_app.extensions["page_gateway"]
    # No transaction is held open while Stripe is asked.
    commit()
    try:
        with calling_for("reading"):
            lines = gateway.lines(stripe_id)
    except Missing:
        refuse(GONE)
        return back
    except GatewayError as error:
        log.warning("reading_failed", reason=error.message)
        refuse(AWAY)
        return back
    keep_reading(invoice, stripe_id, lines, actor=current_actor(), now=utc_now())
    flash(f"Read {len(lines)} line{'s' if len(lines) != 1 else ''} at Stripe.")
    return back


def _invoice(organization: Organization) -> Invoice:
    sequence = read_id(request.args.get("invoice", ""))
    if sequence is None:
        return current_invoice(organization)
    return invoice_by_sequence(organization, sequence)
