"""How a reissue ends: billed again in the transaction that notes what Stripe did, or refused.

Whoever tells that first: the reply to our call, a reading, or an event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import STRIPE, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.chain import ChainKey, key_of
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.lines import add_line
from dashboard.billing.locks import lock_open
from dashboard.billing.made_up_for import Family
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.revision import touch_all
from dashboard.billing.standing import within
from dashboard.billing.void import rerate_after
from dashboard.billing.void_bill import end_case, line_again
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.rehearsal import rehearses


def planned_of(invoice: Invoice) -> Reissue | None:
    """Return the reissue of an invoice that is under way."""
    query = select(Reissue).where(Reissue.invoice_id == invoice.id, Reissue.state == "planned")
    return db.session.scalar(query.execution_options(populate_existing=True))


def end_with_void(invoice: Invoice, case: VoidCase, *, now: datetime) -> None:
    """Bill again what an invoice held that was just found void, where somebody asked for that.

    Its row must be locked, and its case just opened: it waits for nobody then.
    """
    # A rehearsal has written no case that could be decided on.
    reissue = None if rehearses() else planned_of(invoice)
    if reissue is None or reissue.way != "void":
        return
    locked = lock_open({invoice.organization_id}, after=invoice.id)
    billed = bill_case(case, locked, reason=reissue.reason, actor=reissue.actor, now=now)
    _done(reissue, billed, now)


def bill_case(
    case: VoidCase, locked: Collection[Invoice], *, reason: str, actor: Actor, now: datetime
) -> int:
    """Bill an undecided case on the draft among `locked`; return by how much the open ones grow.

    That may be more than it asks for: facts may have lowered what it claims of a thing, where what
    it gives back of the same thing stays, and the next line then makes up for that.
    """
    before = _billed(locked)
    end_case(case, "billed", locked, reason=reason, actor=actor, now=now)
    return _billed(locked) - before


def _billed(locked: Collection[Invoice]) -> int:
    return sum(cents for _, cents in open_lines(locked).values())


def end_with_note(
    invoice: Invoice, note: CreditNote, locked: Collection[Invoice], *, now: datetime
) -> bool:
    """Bill again what a note took off that was just issued, where it was made for that.

    Returns whether it was. The items bear already what it took off. One that was refused is done,
    too, where a call that was given up turns out to have issued the note.
    """
    reissue = _of_note(note)
    if reissue is None or reissue.state == "done" or _stands_another(reissue):
        return False
    cause = Cause("credit_note", now, note.actor, invoice.id)
    before = open_lines(locked)
    lines = {line.item: line.amount_cents for line in note.lines}
    touch_all(bill_anew(invoice, lines, locked, cause), now=now)
    _done(reissue, grown(before, open_lines(locked)), now)
    return True


def _stands_another(reissue: Reissue) -> bool:
    query = select(Reissue.id).where(
        Reissue.invoice_id == reissue.invoice_id,
        Reissue.id != reissue.id,
        Reissue.state.in_(("planned", "done")),
    )
    return db.session.scalar(query.limit(1)) is not None


def was_reissued(note: CreditNote) -> bool:
    """Whether what a note took off was billed again."""
    reissue = _of_note(note)
    return reissue is not None and reissue.state == "done"


def refuse_with_note(note: CreditNote, why: str, *, now: datetime) -> None:
    """End the reissue of a note that Stripe refused; nothing was taken back or billed."""
    reissue = _of_note(note)
    if reissue is not None and reissue.state == "planned":
        refuse_reissue(reissue, why, now=now)


def refuse_reissue(reissue: Reissue, why: str, *, now: datetime) -> None:
    """End a planned reissue with the reason; nothing was taken back or billed."""
    reissue.state, reissue.ended_at, reissue.error = "refused", now, why
    facts = facts_of(reissue) | {"why": why}
    write_entry("reissue.refused", reissue.invoice, STRIPE, facts, now=now)


def facts_of(reissue: Reissue) -> dict[str, object]:
    """Return what is put on record of a reissue with each act."""
    return {
        "reissue_id": reissue.id,
        "way": reissue.way,
        "cents": reissue.taken_cents,
        "billed_cents": reissue.billed_cents,
        "currency": reissue.invoice.currency,
        "stripe_id": reissue.stripe_invoice_id,
    }


def bill_anew(
    invoice: Invoice, lines: Mapping[InvoiceItem, int], locked: Collection[Invoice], cause: Cause
) -> set[Invoice]:
    """Bill what a note took off items of `invoice` as lines that follow them; return who changed.

    So their cycle is billed as before. What open invoices give back of the same thing already, as
    facts took it off since, is not billed in the first place. `locked` are the open invoices.
    """
    family = Family.of(list(lines))
    draft = next(one for one in locked if one.status == "draft")
    given_back = _given_back(locked)
    for item, cents in lines.items():
        item.reissued_cents += cents
        key = key_of(family.root(item))
        less = within(cents, given_back[key])
        given_back[key] -= less
        if cents > less:
            words = f"It was on {invoice.called}, and a credit note took it off. It is billed here."
            add_line(draft, line_again(item, cents - less, f"from {invoice.called}", words), cause)
    db.session.flush()
    return {draft} | rerate_after([family.root(item) for item in lines], locked, cause)


def _given_back(locked: Collection[Invoice]) -> dict[ChainKey, int]:
    """Return what fees and usage on the open invoices give back, by what they are for."""
    query = select(InvoiceItem).where(
        InvoiceItem.invoice_id.in_([invoice.id for invoice in locked]),
        InvoiceItem.kind.in_(("recurring", "metered")),
        InvoiceItem.amount_cents < 0,
    )
    given_back: dict[ChainKey, int] = defaultdict(int)
    for item in db.session.scalars(query):
        given_back[key_of(item)] -= item.amount_cents
    return given_back


def open_lines(locked: Collection[Invoice]) -> dict[tuple[int, str], tuple[str, int]]:
    """Return what each line of the open invoices is and bills, by its invoice and key.

    In a rehearsal too, which has written none of them.
    """
    ids = [invoice.id for invoice in locked]
    query = select(InvoiceItem).where(InvoiceItem.invoice_id.in_(ids)).order_by(InvoiceItem.id)
    stored = list(db.session.scalars(query))
    added = [
        one for one in db.session.new if isinstance(one, InvoiceItem) and one.invoice_id in ids
    ]
    return {
        (item.invoice_id, item.key): (item.description, item.billed_cents)
        for item in (*stored, *added)
        if item not in db.session.deleted
    }


def grown(
    before: Mapping[tuple[int, str], tuple[str, int]],
    after: Mapping[tuple[int, str], tuple[str, int]],
) -> int:
    """Return what open lines charge more after, in minor units; credits that end do not count."""
    return sum(
        max(after.get(key, ("", 0))[1], 0) - max(before.get(key, ("", 0))[1], 0)
        for key in {**before, **after}
    )


def _done(reissue: Reissue, billed_cents: int, now: datetime) -> None:
    reissue.state, reissue.ended_at, reissue.billed_cents = "done", now, billed_cents
    reissue.error = None
    facts = facts_of(reissue)
    write_entry("reissue.done", reissue.invoice, STRIPE, facts, reason=reissue.reason, now=now)


def _of_note(note: CreditNote) -> Reissue | None:
    return db.session.scalar(select(Reissue).where(Reissue.note_id == note.id))
