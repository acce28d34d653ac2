"""Credit notes as the API speaks of them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from dashboard.api.schemas.types import Instant, Printable, Reason, Sent, Told
from dashboard.billing.credit_note_models import CreditNote

MOST_ITEMS = 1000
Share = Annotated[int, Field(ge=0)]


class CreditedIn(Sent):
    """What to take off one item, named by its `key`, in minor units before tax."""

    item: str
    amount_cents: Annotated[int, Field(gt=0)]


class CreditNoteIn(Sent):
    """A note over `items`, or over `amount_cents` spread over all in proportion; one of the two.

    It first lowers what is still due. What is above that was paid, and the three shares of where it
    goes add up to that part. `memo` is on the note, `reason` in the audit trail.
    """

    items: Annotated[list[CreditedIn], Field(min_length=1, max_length=MOST_ITEMS)] | None = None
    amount_cents: Annotated[int, Field(gt=0)] | None = None
    refund_cents: Share = 0
    balance_cents: Share = 0
    outside_cents: Share = 0
    memo: Annotated[str, StringConstraints(max_length=500), Printable] = ""
    reason: Reason
    key: str | None = None


class NoteVoidIn(Sent):
    """Why a credit note is taken back."""

    reason: Reason


class CreditedOut(Told):
    """What a note takes off one item, named by its `key`."""

    item: str
    amount_cents: int


class CreditNoteOut(Told):
    """A note that was made here: planned, then issued or refused at Stripe, perhaps void later.

    `error` is why Stripe refused it, or its void; `void_asked_at` since when it is to be voided.
    """

    id: int
    invoice: int
    state: Literal["planned", "issued", "refused", "void"]
    amount_cents: int
    refund_cents: int
    balance_cents: int
    outside_cents: int
    memo: str
    reason: str
    key: str
    items: list[CreditedOut]
    created_at: Instant
    ended_at: Instant | None
    stripe_id: str | None
    error: str | None
    void_asked_at: Instant | None

    @classmethod
    def of(cls, note: CreditNote) -> "CreditNoteOut":
        """Return the note as the API tells it."""
        own = ("id", "state", "amount_cents", "refund_cents", "balance_cents", "outside_cents")
        told = ("memo", "reason", "created_at", "ended_at", "stripe_id", "error", "void_asked_at")
        return cls(
            invoice=note.invoice.sequence,
            key=note.idempotency_key,
            items=[
                CreditedOut(item=line.item.key, amount_cents=line.amount_cents)
                for line in note.lines
            ],
            **{name: getattr(note, name) for name in (*own, *told)},
        )
