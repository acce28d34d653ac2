"""What people do at Stripe in the demo: leave a card, edit a draft. Sandbox or test account alike.

The product itself never does any of it; these are the plain calls behind Stripe's own pages.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from dashboard.gateway.conformance.api import Api, Reply
from dashboard.gateway.parsing import ITEM

Json: TypeAlias = dict[str, Any]
# Noted on the customer, so that a second start does not undo what people did meanwhile.
CARD_NOTE, EDIT_NOTE = "demo_card", "demo_edit"
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
    method = _good(
        stripe.post(
            f"payment_methods/{card}/attach", key=f"demo-card-{customer_id}", customer=customer_id
        )
    )
    _good(
        stripe.post(
            f"customers/{customer_id}",
            invoice_settings={"default_payment_method": method["id"]},
            metadata={CARD_NOTE: card},
        )
    )
    return True


def edit_draft(stripe: Api, customer_id: str, invoice_id: str) -> bool:
    """Add a line to a draft and raise one of our fees; False if that was done before.

    Raises StripeSaidNo.
    """
    if EDIT_NOTE in _customer(stripe, customer_id)["metadata"]:
        return False
    lines = _good(stripe.get(f"invoices/{invoice_id}/lines", limit=100))["data"]
    # A fee stands still: usage would move on, and the next sync overwrite the edit unseen.
    fee = next(line for line in lines if line["metadata"].get(ITEM, "").startswith("recurring:"))
    raised = {"id": fee["id"], "amount": fee["amount"] + RAISED_BY_CENTS}
    _good(stripe.post(f"invoices/{invoice_id}/update_lines", lines=[raised]))
    # A key of its own: a start that was cut short after this must not add the line twice.
    key = f"demo-edit-{invoice_id}"
    _good(stripe.post(f"invoices/{invoice_id}/add_lines", key=key, lines=[FOREIGN_LINE]))
    _good(stripe.post(f"customers/{customer_id}", metadata={EDIT_NOTE: invoice_id}))
    return True


def _customer(stripe: Api, customer_id: str) -> Json:
    return _good(stripe.get(f"customers/{customer_id}"))


def _good(reply: Reply) -> Json:
    if reply.status >= 400:
        raise StripeSaidNo(reply.body.get("error", {}).get("message", f"status {reply.status}"))
    return reply.body
