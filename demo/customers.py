"""Bring organizations to Stripe by a first sync, and do there what their people would."""

from __future__ import annotations

import time
from collections.abc import Collection

from dashboard.gateway.conformance.api import Api
from demo.api import BillingApi
from demo.organizations import DemoOrganization
from demo.stripe import edit_draft, leave_bill_to, leave_card

PULSE_SECONDS = 0.5
PATIENCE_SECONDS = 60.0


class NotSynced(Exception):
    """Organizations did not get to Stripe in time."""


def first_sync(api: BillingApi, wanted: DemoOrganization) -> None:
    """Ask for the sync that makes the organization a customer at Stripe, unless it is one."""
    if wanted.services and customer_of(api, wanted) is None:
        api.sync(wanted.slug)


def seed_customers(
    api: BillingApi, stripe: Api, organizations: Collection[DemoOrganization]
) -> None:
    """Leave each organization's card at Stripe and edit its draft, once its first sync is done.

    Raises NotSynced when that takes too long, StripeSaidNo.
    """
    waiting = [one for one in organizations if one.services]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting := [one for one in waiting if not _visit(api, stripe, one)]:
        if time.monotonic() > deadline:
            names = ", ".join(one.name for one in waiting)
            raise NotSynced(f"Not at Stripe yet: {names}.")
        time.sleep(PULSE_SECONDS)


def customer_of(api: BillingApi, wanted: DemoOrganization) -> str | None:
    """Return the organization's Stripe customer; None before its first sync."""
    found = api.organization(wanted.slug) or {}
    customer_id: str | None = found.get("stripe_customer_id")
    return customer_id


def _visit(api: BillingApi, stripe: Api, wanted: DemoOrganization) -> bool:
    """Do at Stripe what there is to do for one organization; False while it is too early."""
    customer_id = customer_of(api, wanted)
    if customer_id is None:
        return False
    if wanted.card is not None:
        leave_card(stripe, customer_id, wanted.card)
    if wanted.bill_to is not None:
        leave_bill_to(stripe, customer_id, wanted.bill_to)
    if not wanted.is_edited_at_stripe:
        return True
    invoice = api.current_invoice(wanted.slug)
    if not invoice["last_synced_at"]:
        return False
    edit_draft(stripe, customer_id, invoice["stripe_invoice_id"])
    return True
