"""The way to Stripe's own pages, where people keep their cards and pay."""

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.current import draft_of
from dashboard.billing.fold import count_now
from dashboard.billing.overview import unfinished_of
from dashboard.billing.subscription import waits
from dashboard.clock import utc_now
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.links import address
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, request_sync
from dashboard.views.access import current_actor
from dashboard.views.errors import refuse
from jobs.syncs import enqueue_run

bp = Blueprint("portal_sessions", __name__, url_prefix="/organizations/<slug>/portal-sessions")

AWAY = (
    "Stripe is not answering, so its page could not be opened. The amount owed has not changed, "
    "and the latest charges go to Stripe automatically. Try again in a minute."
)
STRANDED = (
    "Stripe's portal does not show this invoice, because the customer it was issued to was "
    "deleted. Pay it on its own page."
)
UNKNOWN = "This organization is being created at Stripe. Try again in a few seconds."


@bp.post("")
@permission("portal.open")
def create(slug: str) -> ResponseReturnValue:
    """Send the reader to Stripe's portal; the latest charges follow by a sync of their own."""
    organization = organization_by_slug(slug)
    _bring_up_to_date(organization)
    unfinished = (invoice for invoice, _ in unfinished_of(organization))
    stranded = next((one for one in unfinished if one.is_off_portal), None)
    if stranded is not None and "anyway" not in request.form:
        flash(STRANDED)
        page = url_for("invoices.show", slug=slug, sequence=stranded.sequence)
        return redirect(page, code=303)
    back = url_for("organizations.show", slug=slug)
    if organization.stripe_customer_id is None:
        flash(UNKNOWN)
        return redirect(back, code=303)
    gateway: Gateway = current_app.extensions["page_gateway"]
    outside = address("organizations.show", slug=slug)
    try:
        # The address is a secret of one use: it is neither logged nor kept.
        with calling_for("portal"):
            portal = gateway.portal_url(organization.stripe_customer_id, return_url=outside)
    except GatewayError:
        refuse(AWAY)
        return redirect(back, code=303)
    write_entry("portal.opened", organization, current_actor(), now=utc_now())
    return redirect(portal, code=303)


def _bring_up_to_date(organization: Organization) -> None:
    count_now(organization.id, now=utc_now())
    invoice = draft_of(organization)
    if invoice is None or waits(invoice):
        return
    if invoice.is_dirty or organization.stripe_customer_id is None:
        enqueue_run(request_sync(invoice, Request("portal", current_actor()), now=utc_now()))
