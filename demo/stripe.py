"""What people do at Stripe in the demo: leave a card, edit a draft; or at the simulator.

The product itself never does any of it; these are the plain calls behind Stripe's own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from dashboard.gateway.conformance.api import Api, Reply
from dashboard.gateway.marks import ITEM
from demo.organizations import BillTo

Json: TypeAlias = dict[str, Any]
# Noted on the customer, so that a second start does not undo what people did meanwhile.
CARD_NOTE, EDIT_NOTE, BILL_TO_NOTE = "demo_card", "demo_edit", "demo_bill_to"
FOREIGN_LINE = {"amount": 25_000, "description": "Onboarding workshop (added at Stripe)"}
RAISED_BY_CENTS = 1_500


class StripeSaidNo(Exception):
    """Stripe refused a call of the demo."""


def leave_card(stripe: Api, customer_id: str, card: str) -> bool:
    """Make `card`, a test payment method, what the customer pays with; False if it was done before.

    Raises StripeSaidNo.
    """
    if CARD_NOTE in _customer(stripe, customer_id)["metadata"]:
        return False
    pay_with(stripe, customer_id, card, key=f"demo-card-{customer_id}", note={CARD_NOTE: card})
    return True


def leave_bill_to(stripe: Api, customer_id: str, bill_to: BillTo) -> bool:
    """Say whom invoices are made out to, as a customer does at Stripe; False if it was done before.

    Raises StripeSaidNo.
    """
    if BILL_TO_NOTE in _customer(stripe, customer_id)["metadata"]:
        return False
    line1, city, state, code = bill_to.address
    address = {"line1": line1, "city": city, "state": state, "postal_code": code, "country": "US"}
    # A key of its own: a start that was cut short after this must not add the tax id twice.
    key = f"demo-tax-id-{customer_id}"
    tax_id = {"type": "us_ein", "value": bill_to.tax_id}
    good(stripe.post(f"customers/{customer_id}/tax_ids", key=key, **tax_id))
    note = {BILL_TO_NOTE: "yes"}
    good(stripe.post(f"customers/{customer_id}", address=address, metadata=note))
    return True


def pay_with(
    stripe: Api,
    customer_id: str,
    card: str,
    *,
    key: str | None = None,
    note: Mapping[str, str] | None = None,
) -> None:
    """Attach `card`, a test payment method, and let it be what is charged. Raises StripeSaidNo."""
    attached = stripe.post(f"payment_methods/{card}/attach", key=key, customer=customer_id)
    chosen = {"default_payment_method": good(attached)["id"]}
    more: Json = {"metadata": note} if note else {}
    good(stripe.post(f"customers/{customer_id}", invoice_settings=chosen, **more))


def edit_draft(stripe: Api, customer_id: str, invoice_id: str) -> bool:
    """Add a line to a draft and raise one of our fees; False if that was done before.

    Raises StripeSaidNo.
    """
    if EDIT_NOTE in _customer(stripe, customer_id)["metadata"]:
        return False
    lines = good(stripe.get(f"invoices/{invoice_id}/lines", limit=100))["data"]
    # A fee stands still: usage would move on, and the next sync overwrite the edit unseen.
    fee = next(line for line in lines if line["metadata"].get(ITEM, "").startswith("recurring:"))
    raised = {"id": fee["id"], "amount": fee["amount"] + RAISED_BY_CENTS}
    good(stripe.post(f"invoices/{invoice_id}/update_lines", lines=[raised]))
    add_line_at_stripe(stripe, invoice_id)
    good(stripe.post(f"customers/{customer_id}", metadata={EDIT_NOTE: invoice_id}))
    return True


def add_line_at_stripe(stripe: Api, invoice_id: str) -> None:
    """Add a line of somebody else's to a draft, once. Raises StripeSaidNo."""
    # A key of its own: a start that was cut short after this must not add the line twice.
    key = f"demo-edit-{invoice_id}"
    good(stripe.post(f"invoices/{invoice_id}/add_lines", key=key, lines=[FOREIGN_LINE]))


def _customer(stripe: Api, customer_id: str) -> Json:
    return good(stripe.get(f"customers/{customer_id}"))


def good(reply: Reply) -> Json:
    """Return what Stripe answered; raise StripeSaidNo where that is a refusal."""
    if reply.status >= 400:
        raise StripeSaidNo(reply.body.get("error", {}).get("message", f"status {reply.status}"))
    return reply.body
