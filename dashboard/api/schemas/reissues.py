"""Reissues as the API speaks of them; amounts are minor units before tax."""

from typing import Literal

from dashboard.api.schemas.types import Instant, Reason, Sent, Told
from dashboard.billing.reissue import PaidPart, Way
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.reissue_preview import Part, ReissuePreview


class ReissueIn(Sent):
    """Take an issued invoice back and bill what is owed of it again.

    `cents` and `way` as the preview had them: a payment since makes another way of it.

    `paid_part` is where the part goes that was paid, if any: back to the payment as far as that
    goes and the rest to the balance, all to the balance, or returned outside Stripe.
    """

    cents: int
    way: Way
    reason: Reason
    paid_part: PaidPart = "refund"
    key: str | None = None


class ReissueQuery(Sent):
    """Where the part would go that was paid."""

    paid_part: PaidPart = "refund"


class MovedOut(Told):
    """A line of an open invoice, before and after."""

    description: str
    before_cents: int
    after_cents: int

    @classmethod
    def of(cls, part: Part) -> "MovedOut":
        """Read a line."""
        return cls(description=part.description, before_cents=part.before, after_cents=part.after)


class ReissuePreviewOut(Told):
    """What a reissue would do: `cents` are taken back by a `void` or a `credit` note.

    `billed_cents` of it are billed again, which `lines` of the current invoice show.
    """

    way: Literal["void", "credit"]
    cents: int
    billed_cents: int
    current_before_cents: int
    current_after_cents: int
    lines: list[MovedOut]

    @classmethod
    def of(cls, preview: ReissuePreview) -> "ReissuePreviewOut":
        """Read a preview."""
        return cls(
            way="void" if preview.taking.note is None else "credit",
            cents=preview.taking.cents,
            billed_cents=preview.billed_cents,
            current_before_cents=preview.current_before,
            current_after_cents=preview.current_after,
            lines=[MovedOut.of(line) for line in preview.lines],
        )


class ReissueOut(Told):
    """A reissue: planned, then done or refused; `credit_note` is the note that takes it back."""

    id: int
    invoice: int
    way: Literal["void", "credit"]
    state: Literal["planned", "done", "refused"]
    cents: int
    billed_cents: int | None
    credit_note: int | None
    reason: str
    key: str
    created_at: Instant
    ended_at: Instant | None
    error: str | None

    @classmethod
    def of(cls, reissue: Reissue) -> "ReissueOut":
        """Return the reissue as the API tells it."""
        own = ("id", "way", "state", "billed_cents", "reason", "created_at", "ended_at", "error")
        return cls(
            invoice=reissue.invoice.sequence,
            cents=reissue.taken_cents,
            credit_note=reissue.note_id,
            key=reissue.idempotency_key,
            **{name: getattr(reissue, name) for name in own},
        )
