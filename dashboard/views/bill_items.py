"""Which items a page lists: of the current invoice, of an earlier one; and whether only those."""

from __future__ import annotations

from flask import request, url_for

from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.reading.bill import LiveBill
from dashboard.reading.items import BilledItems
from dashboard.reading.line_syncs import line_syncs_of
from dashboard.reading.opening import Draft
from dashboard.reading.rows import BilledOrganization
from dashboard.views.access import reader
from dashboard.views.hypermedia import is_htmx
from dashboard.views.item_look import look_asked, look_of_page
from dashboard.views.item_words import whole_of
from dashboard.views.items_shown import Billing, ShownItems


def items_of_draft(organization: BilledOrganization, draft: Draft, bill: LiveBill) -> ShownItems:
    """Return the current invoice's items for its page, a refresh of it, or a part that opens."""
    is_refresh = request.endpoint == "organizations.current_invoice"
    look = (look_of_page if is_refresh else look_asked)(for_staff=reader().is_staff)
    invoice, around = bill.invoice, draft.around
    billing = Billing(
        invoice.currency,
        Period(invoice.period_start, invoice.period_end),
        whole_of(around),
    )
    address = url_for("organizations.show", slug=organization.slug)
    return ShownItems(bill.found, look, address, billing, bill.lines)


def items_of_past(invoice: Invoice, found: BilledItems) -> ShownItems:
    """Return an earlier invoice's items for its page."""
    is_staff = reader().is_staff
    billing = Billing(
        invoice.currency,
        Period(invoice.period_start, invoice.period_end),
        whole_of(invoice.cycle),
    )
    address = url_for("invoices.show", slug=invoice.organization.slug, sequence=invoice.sequence)
    lines = line_syncs_of(invoice, found.items, found.lines) if is_staff else {}
    return ShownItems(found, look_asked(for_staff=is_staff), address, billing, lines)


def are_asked_alone() -> bool:
    """Whether only the items of the page are asked for: a group was opened in it."""
    return is_htmx() and request.headers.get("HX-Target") == "section#items"
