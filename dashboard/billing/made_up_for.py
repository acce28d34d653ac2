"""Making up for a void invoice: what has no ground any more is taken back.

Stripe may finalize an invoice with another amount than was due; a later one makes up for the
difference. Once the first is void nobody was billed it, and making up for it has no ground. That
may stand on an invoice that is void as well, so what is due of an item is read from how the
invoices it follows stand now, and never from what was done when one of them was found void.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.lines import Line, add_line, drop_line, note_change
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.revision import next_revision
from dashboard.billing.standing import within
from dashboard.billing.void_models import VoidClaim
from dashboard.extensions import db
from dashboard.money import round_charge
from dashboard.pricing.exact import major_text


class Family:
    """The items of a void invoice, what each of them follows, and all that follows it."""

    def __init__(self, items: Iterable[InvoiceItem]) -> None:
        self._items = {item.id: item for item in items}
        self._following: dict[int, list[InvoiceItem]] = defaultdict(list)

    @classmethod
    def of(cls, items: Collection[InvoiceItem]) -> Family:
        """Read the family of `items`, generation by generation; take the locks first."""
        family = cls(items)
        older: Collection[InvoiceItem] = [item for item in items if item.carried_from_id]
        while older:
            ids = {item.carried_from_id for item in older if item.carried_from_id}
            unknown = ids - family._items.keys()
            older = family._keep(InvoiceItem.id.in_(unknown)) if unknown else []
        younger: Collection[InvoiceItem] = items
        while younger:
            ids = {item.id for item in younger}
            younger = family._keep(InvoiceItem.carried_from_id.in_(ids))
            for item in younger:
                family._following[item.carried_from_id or 0].append(item)
        return family

    def _keep(self, condition: ColumnElement[bool]) -> Sequence[InvoiceItem]:
        query = select(InvoiceItem).where(condition).options(joinedload(InvoiceItem.invoice))
        fresh = query.order_by(InvoiceItem.id).execution_options(populate_existing=True)
        found = db.session.scalars(fresh).all()
        self._items.update({item.id: item for item in found})
        return found

    def following(self, item: InvoiceItem) -> Sequence[InvoiceItem]:
        """Return what makes up for `item`, or bills it again."""
        return self._following[item.id]

    def claim(self, item: InvoiceItem) -> int:
        """Return what an item of a void invoice claims: what was asked for, as far as it is due."""
        return within(item.billed_cents, self.due(item))

    def due(self, item: InvoiceItem) -> int:
        """Return what `item` would ask for if it were written now."""
        before = self._items.get(item.carried_from_id or 0)
        if before is None:
            return item.amount_cents
        is_void = before.invoice.status == "void"
        if item.kind == "rebilled":
            return within(item.amount_cents, self.claim(before))
        if item.kind == "taken_back":
            return 0 if is_void else self.due(before) - before.amount_cents
        if not is_void:
            return item.amount_cents
        return round_charge(self.due(before) - self.claim(before), before.invoice.currency)

    def source(self, item: InvoiceItem) -> InvoiceItem:
        """Return what an item without ground made up for."""
        before = self._items[item.carried_from_id or 0]
        return self.source(before) if item.kind == "rebilled" else before

    def root(self, item: InvoiceItem) -> InvoiceItem:
        """Return what was billed first of all that `item` follows."""
        before = self._items.get(item.carried_from_id or 0)
        return item if before is None else self.root(before)


def take_back(
    item: InvoiceItem, family: Family, locked: Collection[Invoice], cause: Cause
) -> set[Invoice]:
    """Bring what follows an item of a void invoice to what is due; return the invoices that change.

    On one that may still change the line itself is lowered; on a void one there is less to decide
    on, or less was decided; what was billed or credited elsewhere is taken back on the current
    draft. `locked` are the open invoices.
    """
    changed: set[Invoice] = set()
    for one in family.following(item):
        changed |= _settle(one, family, locked, cause)
    return changed


def _settle(
    item: InvoiceItem, family: Family, locked: Collection[Invoice], cause: Cause
) -> set[Invoice]:
    due = family.due(item)
    if item.invoice in locked:
        return _lower(item, due, cause)
    if item.invoice.status == "void":
        _lower_claim(item, family.claim(item), cause)
        return take_back(item, family, locked, cause)
    kept = [one for one in family.following(item) if one.kind == "taken_back"]
    if kept:
        return _settle(kept[0], family, locked, cause)
    if due == item.amount_cents:
        return set()
    draft = next(one for one in locked if one.status == "draft")
    add_line(draft, _taken_back(item, due - item.amount_cents, family), cause)
    return {draft}


def _lower(item: InvoiceItem, due: int, cause: Cause) -> set[Invoice]:
    """Make a line that may still change ask for what is due, or remove it."""
    if due == item.amount_cents:
        return set()
    if due:
        item.amount_cents, item.revision = due, next_revision(item.invoice)
        note_change(item, cause)
        words = "An invoice that this corrects is now void, so this amount is lower."
        item.trace = item.trace | {"words": [*item.trace["words"], words]}
    else:
        drop_line(item, cause)
    return {item.invoice}


def _lower_claim(item: InvoiceItem, claimed: int, cause: Cause) -> None:
    """Leave no more to decide on than `claimed`; what was billed again follows by itself."""
    claim = db.session.get(VoidClaim, item.id)
    if claim is None or claim.case.state == "billed":
        return
    case, before = claim.case, claim.case.cents
    claim.claimed_cents = within(claim.claimed_cents, claimed)
    cents = within(claim.cents, claimed)
    case.cents += cents - claim.cents
    claim.cents = cents
    if case.cents != before:
        facts = {"cents_before": before, "cents": case.cents, "state": case.state}
        write_entry("invoice.void_held_otherwise", item.invoice, STRIPE, facts, now=cause.at)


def _taken_back(item: InvoiceItem, cents: int, family: Family) -> Line:
    """Return the line that takes back what `item` billed or credited, on the current draft."""
    what, undone = ("charge", "credited") if cents < 0 else ("credit", "taken back")
    amount = major_text(Decimal(abs(cents)), item.invoice.currency)
    words = (
        f"{amount} was {'billed' if cents < 0 else 'credited'} on {item.invoice.called} to correct "
        f"{family.source(item).invoice.called}, which is now void and billed nothing. So it is "
        f"{undone} here."
    )
    return Line(
        kind="taken_back",
        key=f"taken_back:{item.id}",
        cycle_id=item.cycle_id,
        description=f"{family.root(item).description}, {what} taken back",
        quantity=Decimal(1),
        amount_cents=cents,
        period=Period(item.period_start, item.period_end),
        trace={"model": "taken_back", "words": [words]},
        carried_from_id=item.id,
    )
