"""Our records to request bodies; amounts are integers rated here, so Stripe never rounds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dashboard.gateway.customer_records import CustomerDraft
from dashboard.gateway.marks import (
    CREDIT_NOTE,
    INSTALLATION,
    INVOICE,
    ITEM,
    OLD_INVOICE,
    OLD_ORGANIZATION,
    ORGANIZATION,
    REFUND,
)
from dashboard.gateway.note_records import NoteDraft, NoteLine
from dashboard.gateway.records import InvoiceDraft, LineContent
from dashboard.gateway.refund_records import RefundDraft

Body = dict[str, Any]


def path(kind: str, stripe_id: str, part: str = "") -> str:
    """Return the path of an object, or of a part of it."""
    whole = f"/v1/{kind}/{quote(stripe_id, safe='')}"
    return f"{whole}/{part}" if part else whole


def customer(draft: CustomerDraft) -> Body:
    """Return the body that creates a customer."""
    return {
        "name": draft.name,
        "email": draft.email.lower(),
        "metadata": _marks(draft.installation, ORGANIZATION, OLD_ORGANIZATION, draft.organization),
        **({"address": dict(draft.address)} if draft.address else {}),
        **({"tax_exempt": draft.tax_exempt} if draft.tax_exempt else {}),
    }


def customer_details(
    name: str, email: str, address: Mapping[str, str] | None, tax_exempt: str | None
) -> Body:
    """Return the body that changes a customer. An address replaces the one there as a whole."""
    return {
        "name": name,
        "email": email,
        **({"address": dict(address)} if address else {}),
        **({"tax_exempt": tax_exempt} if tax_exempt else {}),
    }


def invoice(draft: InvoiceDraft) -> Body:
    """Return the body that creates an empty draft.

    `auto_advance` and the instant go together: with the one alone Stripe would choose an hour of
    its own, with the other alone nothing would ever happen.
    """
    return {
        "customer": draft.customer_id,
        "currency": draft.currency,
        "pending_invoice_items_behavior": "exclude",
        "description": draft.description,
        "metadata": _marks(draft.installation, INVOICE, OLD_INVOICE, draft.invoice),
        **terms(draft.collection_method, draft.days_until_due),
        **schedule(draft.finalizes_at),
        **(automatic_tax(is_on=True) if draft.automatic_tax else {}),
    }


def automatic_tax(*, is_on: bool) -> Body:
    """Return the part of a body that has Stripe work tax out for a draft, or not."""
    return {"automatic_tax": {"enabled": is_on}}


def terms(collection_method: str, days_until_due: int | None) -> Body:
    """Return the part of a body that sets how a draft is collected; charged ones have no days."""
    days = {} if days_until_due is None else {"days_until_due": days_until_due}
    return {"collection_method": collection_method, **days}


def schedule(at: datetime | None) -> Body:
    """Return the part of a body that lets Stripe finalize at `at`, or holds the draft."""
    if at is None:
        return {"auto_advance": False}
    return {"auto_advance": True, "automatically_finalizes_at": int(at.timestamp())}


def claim(number: str, installation: str) -> Body:
    """Return the body that holds a draft of a subscription, and marks it as ours."""
    return {"auto_advance": False, "metadata": {INSTALLATION: installation, INVOICE: number}}


def give_back(at: datetime | None, *, status: str) -> Body:
    """Return the body that takes our mark off and has Stripe finalize a draft at `at`.

    An open invoice is collected again. A blank value takes a key of the metadata away.
    """
    marks = {"metadata": {INSTALLATION: "", INVOICE: ""}}
    if status == "draft":
        return {**schedule(at), **marks}
    return {"auto_advance": True, **marks} if status == "open" else marks


def line(content: LineContent) -> Body:
    """Return one line of a bulk call."""
    return {
        **_amount(content),
        "description": content.description,
        "metadata": {ITEM: content.key},
        "period": {
            "start": int(content.period_start.timestamp()),
            "end": int(content.period_end.timestamp()),
        },
        **({} if content.discountable else {"discountable": False}),
    }


def _amount(content: LineContent) -> Body:
    """Return what it costs: taxed with the tax on top of it, never within.

    A plain amount would be taxed as the account's settings say, which may be within.
    """
    if content.taxed is None:
        return {"amount": content.amount_cents}
    return {
        "price_data": {
            "currency": content.taxed.currency,
            "product": content.taxed.product,
            "tax_behavior": "exclusive",
            "unit_amount": content.amount_cents,
        },
        "quantity": 1,
    }


def lines(changes: Sequence[Body], *, run: str) -> Body:
    """Return the body of a bulk call; the run's name rides along on the invoice."""
    return {"lines": list(changes), "invoice_metadata": {"dashboard_sync_run": run}}


def _marks(installation: str | None, name: str, old_name: str, number: str) -> dict[str, str]:
    # A step of the first release is sent again as it was, or its key would not fit it.
    if installation is None:
        return {old_name: number}
    return {INSTALLATION: installation, name: number}


def credit_note(draft: NoteDraft) -> Body:
    """Return the body that creates a credit note, or asks what it would do.

    By amount and never by quantity: Stripe credits a line in one of the two ways for ever. No mail
    of Stripe's: the product says what was done.
    """
    shares = {
        "refund_amount": draft.refund_cents,
        "credit_amount": draft.balance_cents,
        "out_of_band_amount": draft.outside_cents,
    }
    return {
        "invoice": draft.invoice_id,
        "lines": [_note_line(line) for line in draft.lines],
        "metadata": {INSTALLATION: draft.installation, CREDIT_NOTE: draft.note},
        "email_type": "none",
        **({"memo": draft.memo} if draft.memo else {}),
        **{name: cents for name, cents in shares.items() if cents},
    }


def _note_line(line: NoteLine) -> Body:
    if line.line_id is not None:
        return {
            "type": "invoice_line_item",
            "invoice_line_item": line.line_id,
            "amount": line.amount_cents,
        }
    return {
        "type": "custom_line_item",
        "description": line.description,
        "quantity": 1,
        "unit_amount": line.amount_cents,
    }


def refund(draft: RefundDraft) -> Body:
    """Return the body that creates a refund.

    Never as `fraudulent`, which blocks whoever paid from paying again.
    """
    return {
        **refunded_payment(draft.paid_by),
        "amount": draft.amount_cents,
        "reason": "duplicate" if draft.is_duplicate else "requested_by_customer",
        "metadata": {INSTALLATION: draft.installation, REFUND: draft.refund},
    }


def refunded_payment(paid_by: str) -> Body:
    """Return the part that names whose money goes back: an intent, or a charge that had none."""
    return {"payment_intent" if paid_by.startswith("pi_") else "charge": paid_by}
