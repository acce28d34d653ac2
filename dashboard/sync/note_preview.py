"""What a credit note would do, worked out here and asked of Stripe: both must say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.billing.credit_notes import WantedNote
from dashboard.billing.credit_room import CreditRoom
from dashboard.billing.models import Invoice
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.note_records import NotePreview
from dashboard.gateway.protocol import Gateway
from dashboard.sync.note_lines import draft_of


@dataclass(frozen=True, slots=True)
class Previewed:
    """A note as it is here and as Stripe would make it, or why Stripe could not say; minor units.

    `pre_payment_cents` lowers what is due, `post_payment_cents` was paid and goes back.
    """

    ours: NotePreview
    stripe: NotePreview | None
    why_not: str = ""

    @property
    def agrees(self) -> bool:
        """Whether Stripe would do the same."""
        return self.stripe == self.ours


def preview_note(
    invoice: Invoice,
    wanted: WantedNote,
    room: CreditRoom,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
) -> Previewed:
    """Ask Stripe what the note would do; a read, and no transaction is open during it."""
    back = room.paid_part(wanted.amount_cents)
    ours = NotePreview(wanted.amount_cents, wanted.amount_cents - back, back)
    draft = draft_of(invoice, wanted, name="preview")
    checkpoint()
    try:
        return Previewed(ours, gateway.preview_credit_note(draft))
    except GatewayError as error:
        return Previewed(ours, None, error.message)
