"""What followed a payment and leaves something to do: settled by a person, or by what came after.

A refund that failed did not reach the customer, until it is made anew; of a dispute that was lost
the bank took the payment back, and Stripe asks nobody for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.correction_models import Correction
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db

# What became of the money of a refund that failed: a person returned it, or it stays here.
How = Literal["returned", "not_owed"]
HOW: tuple[How, ...] = get_args(How)


class NothingToSettle(Conflict):
    """The refund has not failed, or the dispute is not lost."""

    code = "nothing_to_settle"


def correction_of(invoice: Invoice, correction_id: int) -> Correction:
    """Return a refund or dispute of an invoice; raise NotFound."""
    query = select(Correction).where(
        Correction.id == correction_id,
        Correction.invoice_id == invoice.id,
        Correction.kind.in_(("refund", "dispute")),
    )
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(f"{invoice.called} has no refund or dispute {correction_id}.")
    return found


def settle(
    one: Correction, *, reason: str, actor: Actor, now: datetime, how: How | None = None
) -> None:
    """Note that a person has seen to it; `reason` says how. Moves no money.

    Of a refund that failed `how` says whether the money went back, and so counts as given back.
    Settled again it stays as it was. Raises NothingToSettle, Invalid for what is not said.
    """
    invoice = lock_invoice(one.invoice_id)
    db.session.refresh(one)
    if one.settled_at is not None:
        return
    if not one.is_to_settle:
        raise NothingToSettle(
            f"The {one.kind} is {one.status}, so there is nothing to settle. Nothing was changed."
        )
    if not reason.strip():
        raise Invalid(
            "Say how it was settled. Nothing was changed. It is kept in the audit trail.",
            field="reason",
        )
    if one.kind == "refund" and how not in HOW:
        raise Invalid(
            "Say whether the money was returned by other means, or is not owed. Nothing was "
            "changed.",
            field="how",
        )
    one.settled_at = now
    one.is_returned = one.kind == "refund" and how == "returned"
    facts: dict[str, object] = {
        "stripe_id": one.stripe_id,
        "cents": one.amount_cents,
        "currency": invoice.currency,
    }
    if one.kind == "refund":
        facts["how"] = how
        write_entry("refund.settled", invoice, actor, facts, reason=reason.strip(), now=now)
    else:
        write_entry("dispute.settled", invoice, actor, facts, reason=reason.strip(), now=now)
