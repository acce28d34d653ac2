"""An exact id in the search box goes straight to what it names."""

from flask import url_for

from dashboard.billing.overview import invoice_by_stripe_id
from dashboard.organizations.lookup import slug_of_id
from dashboard.webhooks.listing import event_by_stripe_id


def address_of_id(text: str) -> str | None:
    """Return the page of the invoice, event or organization called exactly `text`, if any."""
    if text.startswith("in_"):
        return _invoice(text)
    if text.startswith("evt_"):
        return _event(text)
    slug = slug_of_id(text) if text else None
    return url_for("organizations.show", slug=slug) if slug else None


def _invoice(stripe_id: str) -> str | None:
    found = invoice_by_stripe_id(stripe_id)
    if found is None:
        return None
    slug = found.organization.slug
    if found.status == "draft":
        return url_for("organizations.show", slug=slug)
    return url_for("invoices.show", slug=slug, sequence=found.sequence)


def _event(stripe_id: str) -> str | None:
    found = event_by_stripe_id(stripe_id)
    return url_for("webhook_events.show", event_id=found.id) if found else None
