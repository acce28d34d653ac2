"""Which of Stripe's lines a credit note takes something off: of a roll-up, the line of them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.gateway.note_records import NoteDraft, NoteLine
from dashboard.installation import this_installation
from dashboard.sync.snapshot import synced_lines


def draft_of(note: CreditNote) -> NoteDraft:
    """Return a planned note as Stripe is told of it, from the ids that are known."""
    return NoteDraft(
        invoice_id=str(note.invoice.stripe_invoice_id),
        note=str(note.id),
        installation=this_installation().identity,
        lines=note_lines(note.invoice, [(line.item, line.amount_cents) for line in note.lines]),
        refund_cents=note.refund_cents,
        balance_cents=note.balance_cents,
        outside_cents=note.outside_cents,
        memo=note.memo,
    )


def note_lines(
    invoice: Invoice, credited: Sequence[tuple[InvoiceItem, int]]
) -> tuple[NoteLine, ...]:
    """Return the note's lines for what is taken off which items, in minor units.

    What Stripe's invoice has no line for (it was billed differently there) gets one of its own.
    """
    by_key = {line.key: line for line in synced_lines(invoice.id)}
    of_member = {key: line for line in by_key.values() for key in line.members}
    cents: dict[tuple[str | None, str], int] = defaultdict(int)
    for item, amount in credited:
        line = by_key.get(item.key) or of_member.get(item.key)
        known = line is not None and line.stripe_line_id is not None
        name = (
            (line.stripe_line_id, line.description) if line and known else (None, item.description)
        )
        cents[name] += amount
    return tuple(
        NoteLine(line_id, description, amount) for (line_id, description), amount in cents.items()
    )
