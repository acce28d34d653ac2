"""Organizations: support's list, and each one's billing page."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.current import draft_of
from dashboard.clock import utc_now
from dashboard.intervals import EVERY
from dashboard.organizations.lookup import organization_by_slug
from dashboard.paging import BY_NAME, Asked
from dashboard.reading.bill import LiveBill, live_bill
from dashboard.reading.closing import last_of
from dashboard.reading.earlier import earlier_of
from dashboard.reading.opening import Draft, open_bill
from dashboard.reading.organizations import list_organizations, turn_of_page
from dashboard.reading.rows import BilledOrganization
from dashboard.reading.tag import tag_of_draft
from dashboard.views.access import reader
from dashboard.views.bill_items import are_asked_alone, items_of_draft
from dashboard.views.bulk_words import offered
from dashboard.views.hypermedia import is_htmx, live
from dashboard.views.jump import address_of_id
from dashboard.views.opening import opened, opens
from dashboard.views.organization_list import (
    ORGANIZATIONS,
    TABS,
    listing,
    wanted_organizations,
)
from dashboard.views.paging import page_number
from dashboard.views.stripe_state import with_stripe

bp = Blueprint("organizations", __name__, url_prefix="/organizations")


@bp.get("")
@permission("organization.list")
def index() -> ResponseReturnValue:
    """List organizations; an exact id, once sent, goes straight to the one thing it names."""
    wanted = wanted_organizations()
    # Addresses had a page's number once, and somebody may have kept one.
    if "page" in request.args:
        asked = Asked(turn_of_page(wanted, page_number()), BY_NAME)
    else:
        asked = ORGANIZATIONS.asked()
    found = list_organizations(wanted, asked)
    # Not while somebody types, and not past the others when a name matches several.
    is_several = found.total is not None and found.total.number > 1
    address = None if is_htmx() or is_several else address_of_id(wanted.text)
    if address:
        return redirect(address, code=303)
    page = listing(found, asked.sort, wanted)
    told = {"page": page, "wanted": wanted, "troubles": TABS, "counts": {}}
    told["verbs"] = offered("organizations")
    return render_template("organizations/index.html", **told)


@bp.get("/<slug>")
@permission("organization.view")
@opens(open_bill)
def show(slug: str) -> ResponseReturnValue:
    """Show what the organization owes now, why, and whether Stripe agrees."""
    (organization, draft), now = opened(slug), utc_now()
    bill = _bill(organization, draft, now) if draft else None
    told = {"organization": organization, **_items(organization, draft, bill)}
    if are_asked_alone() and bill is not None:
        return render_template("organizations/_items.html", **told)
    return render_template(
        "organizations/show.html",
        **told,
        bill=bill,
        tag=with_stripe(tag_of_draft(organization, draft, now=now)) if draft else "",
    )


@bp.get("/<slug>/current-invoice")
@permission("organization.view")
@opens(open_bill)
def current_invoice(slug: str) -> ResponseReturnValue:
    """Answer the billing page's refreshes: the region anew, or 304 when nothing moved."""
    (organization, draft), now = opened(slug), utc_now()
    if draft is None:
        return "", 204

    def render() -> str:
        bill = _bill(organization, draft, now)
        told = _items(organization, draft, bill)
        return render_template(
            "organizations/_bill.html", organization=organization, bill=bill, **told
        )

    response = live(with_stripe(tag_of_draft(organization, draft, now=now)), render)
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        # What stands beside it under a tag of its own looks whether it moved too.
        response.headers["HX-Trigger"] = "bill-moved"
    return response


@bp.get("/<slug>/last-invoice")
@permission("organization.view")
@opens(open_bill)
def last_invoice(slug: str) -> ResponseReturnValue:
    """Answer the refreshes of the last invoice while it moves: its steps, or 304."""
    (organization, draft), now = opened(slug), utc_now()
    if draft is None:
        return "", 204
    last = last_of(draft.invoice, earlier_of(draft.around.earlier), now=now)
    if last is None:
        return "", 204

    def render() -> str:
        return render_template("organizations/_closing.html", organization=organization, last=last)

    return live(last.tag, render)


def _bill(organization: BilledOrganization, draft: Draft, now: datetime) -> LiveBill:
    return live_bill(organization, draft, for_staff=reader().is_staff, now=now)


@bp.get("/<slug>/details")
@permission("organization.view")
def details(slug: str) -> ResponseReturnValue:
    """Show who the organization is and how it pays."""
    organization = organization_by_slug(slug)
    draft = draft_of(organization)
    return render_template(
        "organizations/details.html",
        organization=organization,
        every=EVERY,
        cycle=draft.cycle if draft else None,
    )


def _items(
    organization: BilledOrganization, draft: Draft | None, bill: LiveBill | None
) -> dict[str, Any]:
    """Return what the items of the current invoice are rendered with."""
    if draft is None or bill is None:
        return {}
    shown = items_of_draft(organization, draft, bill)
    return {"invoice": bill.invoice, "sync": bill.sync, "shown": shown}
