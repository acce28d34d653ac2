"""Where the repairs of what needs a person are done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, url_for

from dashboard.needs.hold_recipes import recipe_of_hold
from dashboard.needs.need_recipes import recipe_of_need
from dashboard.needs.recipe import Page, Repair

_OF_INVOICE: Mapping[Page, str] = {
    "verify": "invoices.show",
    "invoice": "invoices.show",
    "lines": "invoices.show",
    "difference": "differences.show",
    "credit_note": "credit_notes.new",
    "reissue": "reissues.new",
    "refund": "refunds.new",
    "void": "void_decisions.new",
    "issue": "bill_holds.show",
}
_OF_ORGANIZATION: Mapping[Page, str] = {
    "adjustment": "adjustments.new",
    "syncs": "sync_runs.of_organization",
    "details": "organization_details.edit",
    "services": "services.index",
    "budget": "budgets.show",
    "mails": "mails.index",
    "tax": "taxes.show",
}
_OF_SUBJECT: Mapping[Page, tuple[str, str]] = {
    "event": ("webhook_events.show", "event_id"),
    "endpoint": ("event_deliveries.index", "endpoint_id"),
    "proposal": ("proposals.show", "proposal_id"),
}
_OF_THE_WHOLE: Mapping[Page, str] = {
    "restores": "restores.show",
    "limits": "closing_limits.index",
    "invariants": "invariants.show",
    "jobs": "work.show",
    "calls": "stripe_calls.show",
}


def address_of_repair(
    repair: Repair, slug: str | None, sequence: int | None = None, subject: str = ""
) -> str | None:
    """Return the page on which a repair is done; None where that is not in the product.

    `subject` is what the need is about, as it names that.
    """
    page = repair.page
    if page is None:
        return None
    if page == "gaps":
        return url_for("invariants.show", _anchor="gaps")
    if page in _OF_THE_WHOLE:
        return url_for(_OF_THE_WHOLE[page])
    if page in _OF_SUBJECT:
        endpoint, name = _OF_SUBJECT[page]
        values: dict[str, Any] = {name: int(subject or 0)}
        if page == "proposal":
            values["slug"] = slug
        return url_for(endpoint, **values) if subject else None
    return _of_bill(page, slug, sequence) if slug else None


def _of_bill(page: Page, slug: str, sequence: int | None) -> str | None:
    if page in _OF_ORGANIZATION:
        return url_for(_OF_ORGANIZATION[page], slug=slug)
    if sequence is None:
        return None
    if page == "at_stripe":
        return url_for("at_stripe.show", slug=slug, invoice=sequence)
    return url_for(_OF_INVOICE[page], slug=slug, sequence=sequence)


def register_repairs(app: Flask) -> None:
    """Let templates say how something is repaired, and where."""
    told: dict[str, Any] = {
        "recipe_of_hold": recipe_of_hold,
        "recipe_of_need": recipe_of_need,
        "address_of_repair": address_of_repair,
    }
    app.jinja_env.globals.update(told)
