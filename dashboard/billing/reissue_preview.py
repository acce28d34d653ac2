"""What a reissue would do, worked out by the rules of the real one, with nothing locked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dashboard.audit.actor import STRIPE
from dashboard.billing.cause import Cause
from dashboard.billing.difference_void import taken_back, without_ground
from dashboard.billing.locks import open_after
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import PaidPart, Taking, taking_of
from dashboard.billing.reissue_end import bill_anew, bill_case, grown, open_lines
from dashboard.billing.void import open_case
from dashboard.billing.waived import items_with_cycles
from dashboard.rehearsal import rehearsal


@dataclass(frozen=True, slots=True)
class Part:
    """A line and its cents before and after."""

    description: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ReissuePreview:
    """What is taken back of an issued invoice, and how the open ones change; before tax.

    `taken` are its items: what each is billed, and what of it stays billed there. `lines` are those
    of open invoices that change. `billed_cents` is what is billed again.
    """

    taking: Taking
    taken: tuple[Part, ...]
    lines: tuple[Part, ...]
    billed_cents: int
    current_before: int
    current_after: int
    currency: str

    @property
    def differs_cents(self) -> int:
        """By how much less is billed again than is taken back."""
        return self.taking.cents - self.billed_cents


def preview_reissue(
    invoice: Invoice,
    *,
    now: datetime,
    paid_part: PaidPart = "refund",
    taking: Taking | None = None,
) -> ReissuePreview:
    """Return what reissuing `invoice` would do at `now`; raises what planning it would.

    `taking`, where the caller knows how it is taken back.
    """
    taking = taking or taking_of(invoice, paid_part)
    credited = taking.note.lines if taking.note else None
    items = items_with_cycles(invoice)
    taken = tuple(
        Part(
            item.description,
            item.billed_cents - item.credited_cents,
            item.billed_cents - item.credited_cents - credited.get(item.id, 0) if credited else 0,
        )
        for item in items
    )
    with rehearsal():
        locked = open_after(invoice)
        before = open_lines(locked)
        billed = _rehearsed(invoice, taking, locked, now)
        after = open_lines(locked)
        moved = [
            Part(after.get(key, before.get(key, ("", 0)))[0], was, would_be)
            for key in {**before, **after}
            if (was := before.get(key, ("", 0))[1]) != (would_be := after.get(key, ("", 0))[1])
        ]
        # Whether support or a person at Stripe voids it: these credits lose their ground with it.
        lost = without_ground(invoice) if taking.note is None else []
        moved += [Part(taken_back(one), 0, -one.amount_cents) for one in lost]
        ids = {one.id for one in locked if one.status == "draft"}
        drafts = [
            sum(cents for (invoice_id, _), (_, cents) in of.items() if invoice_id in ids)
            for of in (before, after)
        ]
        return ReissuePreview(
            taking=taking,
            taken=taken,
            lines=tuple(moved),
            billed_cents=grown(before, after) if billed is None else billed,
            current_before=drafts[0],
            current_after=drafts[1] - sum(one.amount_cents for one in lost),
            currency=invoice.currency,
        )


def _rehearsed(
    invoice: Invoice, taking: Taking, locked: Collection[Invoice], now: datetime
) -> int | None:
    """Do it in memory; return what a void bills again, None where a note takes it back."""
    if taking.note is not None:
        items = {item.id: item for item in items_with_cycles(invoice)}
        lines = {items[number]: cents for number, cents in taking.note.lines.items()}
        for item, cents in lines.items():
            item.credited_cents += cents
        bill_anew(invoice, lines, locked, Cause("credit_note", now, STRIPE, invoice.id))
        return None
    invoice.status, invoice.voided_at = "void", now
    case = open_case(invoice, now=now)
    return bill_case(case, locked, reason="", actor=STRIPE, now=now)
