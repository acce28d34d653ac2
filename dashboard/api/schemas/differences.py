"""What Stripe billed differently, as the API speaks of it; amounts are minor units before tax."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from dashboard.api.schemas.types import Instant, Printable, Sent, Told
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.difference_preview import Crediting, Offered
from dashboard.billing.reissue import PaidPart

Choice = Literal["credit", "carry", "leave"]


class DifferenceQuery(Sent):
    """Where the part would go that was paid."""

    paid_part: PaidPart = "refund"


class DifferenceDecisionIn(Sent):
    """Decide on `cents` that Stripe billed too much, below zero too little, as they were read.

    `carry` puts it on the current invoice, `credit` issues a credit note, `leave` needs a `reason`.
    """

    decision: Choice
    cents: int
    reason: Annotated[str, StringConstraints(max_length=1000), Printable] = ""
    paid_part: PaidPart = "refund"
    key: str | None = None


class CreditOfferedOut(Told):
    """What a credit note over the difference would do."""

    cents: int
    due_before_cents: int
    due_after_cents: int
    refund_cents: int
    balance_cents: int
    outside_cents: int

    @classmethod
    def of(cls, crediting: Crediting) -> "CreditOfferedOut":
        """Read a note."""
        return cls(
            cents=crediting.note.amount_cents,
            due_before_cents=crediting.due_before,
            due_after_cents=crediting.due_after,
            refund_cents=crediting.note.refund_cents,
            balance_cents=crediting.note.balance_cents,
            outside_cents=crediting.note.outside_cents,
        )


class CarryOfferedOut(Told):
    """What carrying it over would do to the current invoice."""

    cents: int
    current_before_cents: int
    current_after_cents: int


class DifferenceOut(Told):
    """What Stripe billed, what the ledger says, and what is left to decide on, with what can be.

    `cents` is above zero where Stripe billed too much.
    """

    stripe_cents: int
    ledger_cents: int
    cents: int
    credit: CreditOfferedOut | None
    carry: CarryOfferedOut | None

    @classmethod
    def of(cls, offered: Offered) -> "DifferenceOut":
        """Read what is offered."""
        carrying = offered.carrying
        return cls(
            stripe_cents=offered.difference.stripe_cents,
            ledger_cents=offered.difference.ledger_cents,
            cents=offered.difference.cents,
            credit=CreditOfferedOut.of(offered.crediting) if offered.crediting else None,
            carry=CarryOfferedOut(
                cents=carrying.cents,
                current_before_cents=carrying.before,
                current_after_cents=carrying.after,
            )
            if carrying
            else None,
        )


class DifferenceDecisionOut(Told):
    """A decision; `credit_note` and `adjustment` are what it made."""

    id: int
    invoice: int
    decision: Choice
    cents: int
    credit_note: int | None
    adjustment: int | None
    reason: str
    key: str
    created_at: Instant

    @classmethod
    def of(cls, made: DifferenceDecision) -> "DifferenceDecisionOut":
        """Return the decision as the API tells it."""
        own = ("id", "decision", "cents", "reason", "created_at")
        return cls(
            invoice=made.invoice.sequence,
            credit_note=made.note_id,
            adjustment=made.adjustment_id,
            key=made.idempotency_key,
            **{name: getattr(made, name) for name in own},
        )
