"""An exact id in a search box goes straight to what it names."""

from collections.abc import Callable

from flask import url_for

from dashboard.billing.overview import invoice_by_stripe_id
from dashboard.organizations.lookup import slug_of_id
from dashboard.reading.search import (
    FoundInvoice,
    invoice_followed_by,
    invoice_of_number,
    invoice_of_request,
    invoice_with_line,
    run_of_request,
)
from dashboard.webhooks.listing import event_by_stripe_id


def address_of_id(text: str) -> str | None:
    """Return the page of the one thing that is called exactly `text`, if any; for staff."""
    for prefix, find in _BY_PREFIX.items():
        if text.startswith(prefix):
            return find(text)
    slug = slug_of_id(text) if text else None
    if slug:
        return url_for("organizations.show", slug=slug)
    found = invoice_of_number(text) if text else None
    return address_of_invoice(found) if found else None


def is_id(text: str) -> bool:
    """Whether a text begins as the ids at Stripe do that name one thing."""
    return text.startswith(tuple(_BY_PREFIX))


def address_of_invoice(found: FoundInvoice) -> str:
    """Return the page of an invoice; the current one's is its organization's."""
    if found.status == "draft":
        return url_for("organizations.show", slug=found.slug)
    return url_for("invoices.show", slug=found.slug, sequence=found.sequence)


def _invoice(stripe_id: str) -> str | None:
    found = invoice_by_stripe_id(stripe_id)
    if found is None:
        return None
    slug = found.organization.slug
    if found.status == "draft":
        return url_for("organizations.show", slug=slug)
    return url_for("invoices.show", slug=slug, sequence=found.sequence)


def _line(stripe_id: str) -> str | None:
    found = invoice_with_line(stripe_id)
    return address_of_invoice(found) if found else None


def _event(stripe_id: str) -> str | None:
    found = event_by_stripe_id(stripe_id)
    return url_for("webhook_events.show", event_id=found.id) if found else None


def _followed(stripe_id: str) -> str | None:
    found = invoice_followed_by(stripe_id)
    return address_of_invoice(found) if found else None


def _request(stripe_id: str) -> str | None:
    found = run_of_request(stripe_id)
    if found is not None:
        return url_for("sync_runs.show", slug=found[0], run_id=found[1])
    about = invoice_of_request(stripe_id)
    return address_of_invoice(about) if about else None


_BY_PREFIX: dict[str, Callable[[str], str | None]] = {
    "in_": _invoice,
    "il_": _line,
    "evt_": _event,
    "req_": _request,
    "cn_": _followed,
    "re_": _followed,
    "dp_": _followed,
    "du_": _followed,
}
