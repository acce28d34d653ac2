"""What each way to correct a bill that Stripe made differently would do, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.billing.credit_notes import WantedNote
from dashboard.billing.credit_room import NotCreditable, room_of
from dashboard.billing.difference import Difference, difference_of
from dashboard.billing.difference_decide import carried_cents, note_of_difference
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import PaidPart
from dashboard.billing.under_way import is_changing
from dashboard.billing.waived import items_with_cycles


@dataclass(frozen=True, slots=True)
class Crediting:
    """A credit note over it: what is due of the issued invoice before and after, and the note.

    What of it was paid goes where the note says. All in minor units before tax.
    """

    note: WantedNote
    due_before: int
    due_after: int


@dataclass(frozen=True, slots=True)
class Carrying:
    """A charge, or below zero a credit, on the current invoice: its total before and after."""

    cents: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be done about a difference; `why_no_note` where a credit note is not possible."""

    difference: Difference
    crediting: Crediting | None
    carrying: Carrying | None
    why_no_note: str = ""


def offered(invoice: Invoice, current: Invoice, paid_part: PaidPart = "refund") -> Offered:
    """Return what can be done about the difference of an issued invoice; changes nothing."""
    found = difference_of(invoice)
    if not found.cents:
        return Offered(found, None, None)
    carried = carried_cents(invoice, found.cents)
    before = current.total_cents
    carrying = Carrying(carried, before, before + carried) if carried else None
    if found.cents < 0:
        return Offered(found, None, carrying)
    if is_changing(invoice):
        return Offered(found, None, carrying, "Another credit note of it is in progress.")
    try:
        note = note_of_difference(invoice, "preview", paid_part)
        due = room_of(invoice, items_with_cycles(invoice)).due
    except NotCreditable as why:
        return Offered(found, None, carrying, why.message.replace(" Nothing was changed.", ""))
    lowered = note.amount_cents - note.back_cents
    return Offered(found, Crediting(note, due, due - lowered), carrying)
