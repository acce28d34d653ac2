"""Which of Stripe's lines a credit note takes something off: of a roll-up, the line of them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from dashboard.billing.credit_notes import WantedNote
from dashboard.billing.models import Invoice
from dashboard.gateway.note_records import NoteDraft, NoteLine
from dashboard.installation import this_installation
from dashboard.sync.snapshot import synced_lines


def draft_of(invoice: Invoice, wanted: WantedNote, *, name: str) -> NoteDraft:
    """Return a note as Stripe is told of it, from the ids that are known; `name` is our number."""
    return NoteDraft(
        invoice_id=str(invoice.stripe_invoice_id),
        note=name,
        installation=this_installation().identity,
        lines=(*_lines(invoice, wanted.lines), *_stray(wanted.stray_cents)),
        refund_cents=wanted.refund_cents,
        balance_cents=wanted.balance_cents,
        outside_cents=wanted.outside_cents,
        memo=wanted.memo,
    )


def _stray(cents: int) -> tuple[NoteLine, ...]:
    """Return the line for what Stripe billed beside our items."""
    return (NoteLine(None, "Billed in excess", cents),) if cents else ()


def _lines(invoice: Invoice, credited: Mapping[int, int]) -> tuple[NoteLine, ...]:
    """Return the note's lines for what is taken off the items of these ids, in minor units.

    What Stripe's invoice has no line for (it was billed differently there) gets one of its own.
    """
    by_key = {line.key: line for line in synced_lines(invoice.id)}
    of_member = {key: line for line in by_key.values() for key in line.members}
    cents: dict[tuple[str | None, str], int] = defaultdict(int)
    for item in invoice.items:
        if not credited.get(item.id):
            continue
        line = by_key.get(item.key) or of_member.get(item.key)
        known = line is not None and line.stripe_line_id is not None
        name = (
            (line.stripe_line_id, line.description) if line and known else (None, item.description)
        )
        cents[name] += credited[item.id]
    return tuple(
        NoteLine(line_id, description, amount) for (line_id, description), amount in cents.items()
    )
