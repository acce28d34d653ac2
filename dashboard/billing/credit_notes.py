"""Take something off an issued invoice: a credit note, planned here and issued at Stripe.

It counts once Stripe has issued it, whoever tells that: the reply to our call, or an event. From
then on its items are billed less, and what they were credited is not asked for again by a later
invoice of the same cycle (`chain`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import STRIPE, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.credit_note_claim import claimed_note
from dashboard.billing.credit_note_models import CreditNote, CreditNoteLine
from dashboard.billing.credit_room import CreditRoom, room_of
from dashboard.billing.difference import settle_difference
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.reissue_end import (
    end_with_note,
    refuse_with_note,
    was_reissued,
)
from dashboard.billing.revision import touch_all
from dashboard.billing.under_way import check_still
from dashboard.billing.void import rerate_after
from dashboard.billing.waived import items_with_cycles
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection
from dashboard.money import round_charge
from dashboard.pricing.exact import major_text


class NoteKeyReused(Conflict):
    """The key stands for another credit note."""

    code = "key_reused"


@dataclass(frozen=True, slots=True)
class WantedNote:
    """What a note shall take off which items, by id, and where the part goes that was paid.

    All in minor units of the invoice's currency, before tax.
    """

    lines: Mapping[int, int]
    refund_cents: int = 0
    balance_cents: int = 0
    outside_cents: int = 0
    memo: str = ""
    reason: str = ""
    # What Stripe billed beside our items, and too much (`difference`).
    stray_cents: int = 0

    @property
    def amount_cents(self) -> int:
        """What it comes to."""
        return sum(self.lines.values()) + self.stray_cents

    @property
    def back_cents(self) -> int:
        """What goes back of what was paid."""
        return self.refund_cents + self.balance_cents + self.outside_cents


def plan_note(
    invoice: Invoice,
    wanted: WantedNote,
    *,
    key: str,
    actor: Actor,
    now: datetime,
    is_billed_anew: bool = False,
) -> CreditNote:
    """Return the note, planned; the same `key` again is one. A worker issues it.

    `is_billed_anew` where a reissue stands on it, which the caller keeps. Raises NotCreditable,
    Invalid for what does not fit, Busy while another one of the invoice is under way, a reissue or
    a refund, NoteKeyReused.
    """
    invoice = lock_invoice(invoice.id)
    known = note_by_key(invoice.organization_id, key)
    if known is not None:
        return _same(known, invoice, wanted)
    check_still(invoice)
    room = room_of(invoice, items_with_cycles(invoice), is_billed_anew=is_billed_anew)
    check_note(invoice, wanted, room)
    note = CreditNote(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        state="planned",
        amount_cents=wanted.amount_cents,
        refund_cents=wanted.refund_cents,
        balance_cents=wanted.balance_cents,
        outside_cents=wanted.outside_cents,
        memo=wanted.memo,
        reason=wanted.reason,
        idempotency_key=key,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        created_at=now,
        lines=[
            CreditNoteLine(item_id=item_id, amount_cents=cents)
            for item_id, cents in sorted(wanted.lines.items())
            if cents
        ],
    )
    db.session.add(note)
    db.session.flush()
    write_entry("credit_note.planned", invoice, actor, facts_of(note), reason=note.reason, now=now)
    return note


def check_note(invoice: Invoice, wanted: WantedNote, room: CreditRoom) -> None:
    """Raise `Invalid` where the note does not fit into what is left."""
    currency, cents = invoice.currency, wanted.amount_cents
    if not wanted.reason.strip():
        raise Invalid(
            "A credit note needs a reason. Nothing was changed. Enter one; it is kept in the audit "
            "trail.",
            field="reason",
        )
    if cents <= 0 or min([wanted.stray_cents, *wanted.lines.values()]) < 0:
        raise Invalid(
            "A credit note takes off more than nothing, and of no item less. Nothing was changed. "
            "Enter the amounts to take off.",
            field="items",
        )
    names = {item.id: item.description for item in invoice.items}
    for item_id, one in wanted.lines.items():
        left = room.items.get(item_id, 0)
        if one > left:
            raise Invalid(
                f"“{names.get(item_id, item_id)}” has {_text(left, currency)} left that can be "
                "credited, and "
                f"{_text(one, currency)} was asked for. Nothing was changed. Enter no more.",
                field="items",
            )
        if round_charge(one, currency) != one:
            raise Invalid(
                f"{_text(one, currency)} cannot be given back in {currency.upper()}. Nothing was "
                f"changed. Enter {_text(round_charge(one, currency), currency)}, or another.",
                field="items",
            )
    if wanted.stray_cents > room.stray:
        raise Invalid(
            f"Stripe billed {_text(room.stray, currency)} too much that can be credited, and "
            f"{_text(wanted.stray_cents, currency)} was asked for. Nothing was changed. Enter no "
            "more.",
            field="items",
        )
    if cents - wanted.stray_cents > room.most:
        raise Invalid(
            f"Stripe credits no more than {_text(room.most, currency)} of this invoice: its total "
            "less what was credited and refunded already. Nothing was changed. Enter no more.",
            field="items",
        )
    room.check_shares(cents, wanted.refund_cents, wanted.balance_cents, wanted.outside_cents)


def note_by_key(organization_id: int, key: str) -> CreditNote | None:
    """Return the note that the organization made by `key`, if it did."""
    query = select(CreditNote).where(
        CreditNote.organization_id == organization_id, CreditNote.idempotency_key == key
    )
    return db.session.scalar(query)


def notes_of(invoice: Invoice) -> Sequence[CreditNote]:
    """Return the notes that were made here for an invoice, oldest first."""
    query = select(CreditNote).where(CreditNote.invoice_id == invoice.id)
    return db.session.scalars(query.order_by(CreditNote.id)).all()


def is_planned(note_id: int) -> bool:
    """Whether a note is still to be issued."""
    query = select(CreditNote.id).where(CreditNote.id == note_id, CreditNote.state == "planned")
    return db.session.scalar(query) is not None


def follow_note(invoice: Invoice, remote: RemoteCorrection, status: str, *, now: datetime) -> bool:
    """Let our note be what Stripe says of it by now, issued or void again; return if it is ours.

    `status` is the last that is known, which may be newer than `remote`. The invoice's row must be
    locked, and no later one. Safe to repeat, and of a note made at Stripe nothing.
    """
    note = claimed_note(invoice, remote)
    if note is None or note.state in (status, "void"):
        return note is not None
    was_issued = note.state == "issued"
    note.stripe_id, note.state, note.ended_at, note.error = remote.id, status, now, None
    if status != "issued":
        note.void_asked_at = None
    if status == "issued" or was_issued:
        _credit(invoice, note, -1 if was_issued else 1, now=now)
    if note.stray_cents:
        settle_difference(invoice, now=now)
    if status == "issued":
        write_entry("credit_note.issued", invoice, STRIPE, facts_of(note), now=now)
    else:
        write_entry("credit_note.voided", invoice, STRIPE, facts_of(note), now=now)
    return True


def refuse_note(note: CreditNote, why: str, *, now: datetime) -> None:
    """End a planned note that Stripe refused; nothing was credited."""
    note.state, note.ended_at, note.error = "refused", now, why
    facts = facts_of(note) | {"why": why}
    write_entry("credit_note.refused", note.invoice, STRIPE, facts, now=now)
    refuse_with_note(note, why, now=now)


def facts_of(note: CreditNote) -> dict[str, object]:
    """Return what is put on record of a note with each act."""
    return {
        "note_id": note.id,
        "cents": note.amount_cents,
        "currency": note.invoice.currency,
        "refund_cents": note.refund_cents,
        "balance_cents": note.balance_cents,
        "outside_cents": note.outside_cents,
        "stripe_id": note.stripe_id,
    }


def _credit(invoice: Invoice, note: CreditNote, sign: int, *, now: datetime) -> None:
    """Let its items be billed less, or as before; later invoices of their cycles follow."""
    locked = lock_open({invoice.organization_id}, after=invoice.id)
    is_reissued = sign < 0 and was_reissued(note)
    items = [line.item for line in note.lines]
    for line in note.lines:
        if is_reissued:
            line.item.reissued_cents -= line.amount_cents
        line.item.credited_cents += sign * line.amount_cents
    db.session.flush()
    if sign > 0 and end_with_note(invoice, note, locked, now=now):
        return
    cause = Cause("credit_note", now, note.actor, invoice.id)
    touch_all(rerate_after(items, locked, cause), now=now)


def wanted_of(note: CreditNote) -> WantedNote:
    """Return what was wanted of a note."""
    return WantedNote(
        {line.item_id: line.amount_cents for line in note.lines},
        note.refund_cents,
        note.balance_cents,
        note.outside_cents,
        note.memo,
        note.reason,
        note.stray_cents,
    )


def _same(known: CreditNote, invoice: Invoice, wanted: WantedNote) -> CreditNote:
    asked = replace(wanted, lines={one: cents for one, cents in wanted.lines.items() if cents})
    if known.invoice_id != invoice.id or wanted_of(known) != asked:
        raise NoteKeyReused(
            f"The key {known.idempotency_key} was used for another credit note. Nothing was "
            "changed. Use a new key."
        )
    return known


def _text(cents: int, currency: str) -> str:
    return major_text(Decimal(cents), currency)
