"""What a credit note would do, worked out here and asked of Stripe: both must say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.billing.credit_notes import WantedNote
from dashboard.billing.credit_room import CreditRoom
from dashboard.billing.models import Invoice
from dashboard.billing.waived import items_with_cycles
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.note_records import NoteDraft, NotePreview
from dashboard.gateway.protocol import Gateway
from dashboard.installation import this_installation
from dashboard.sync.note_lines import note_lines


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
    items = {item.id: item for item in items_with_cycles(invoice)}
    credited = [(items[item_id], cents) for item_id, cents in wanted.lines.items() if cents]
    draft = NoteDraft(
        invoice_id=str(invoice.stripe_invoice_id),
        note="preview",
        installation=this_installation().identity,
        lines=note_lines(invoice, credited),
        refund_cents=wanted.refund_cents,
        balance_cents=wanted.balance_cents,
        outside_cents=wanted.outside_cents,
        memo=wanted.memo,
    )
    checkpoint()
    try:
        return Previewed(ours, gateway.preview_credit_note(draft))
    except GatewayError as error:
        return Previewed(ours, None, error.message)
