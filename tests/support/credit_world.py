"""The ledger's world, in which issued invoices are credited, and what became of each cost."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_notes import (
    WantedNote,
    follow_note,
    notes_of,
    plan_note,
)
from dashboard.billing.credit_room import room_of
from dashboard.billing.models import FOLLOWING, Invoice, InvoiceItem
from dashboard.billing.spread import spread
from dashboard.billing.under_way import under_way
from dashboard.billing.void_models import VoidClaim
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection
from dashboard.installation import this_installation
from tests.factories import SUPPORT
from tests.support.ledger_owed import owed_for_usage, owed_in_fees
from tests.support.ledger_world import numbers
from tests.support.void_world import VoidWorld


class CreditWorld(VoidWorld):
    """A world in which support credits issued invoices."""

    def credit(self, index, percent):
        """Credit a part of what is left of one of them, spread over its items."""
        invoice = self.any_of(index, "open", "uncollectible")
        room = room_of(invoice, invoice.items)
        cents = room.most * percent // 100
        if not cents or under_way(invoice) is not None:
            return
        shares = spread(cents, list(room.items.values()))
        wanted = WantedNote(
            dict(zip(room.items, shares, strict=True)),
            balance_cents=room.paid_part(cents),
            reason="Fair",
        )
        note = plan_note(invoice, wanted, key=f"note-{next(numbers)}", actor=SUPPORT, now=self.now)
        self.hear(note, "issued")

    def void_note(self, index):
        """Stripe voids one of the notes of an open invoice."""
        invoice = self.any_of(index, "open")
        issued = [one for one in notes_of(invoice) if one.state == "issued"]
        if issued:
            self.hear(issued[-1], "void")

    def hear(self, note, status):
        remote = RemoteCorrection(
            kind="credit_note", id=f"cn_{note.id}", status=status, amount_cents=note.amount_cents,
            reason=None, made_at=self.now, note=str(note.id),
            pre_payment_cents=note.amount_cents - note.back_cents,
            post_payment_cents=note.back_cents, installation=this_installation().identity,
        )  # fmt: skip
        keep_correction(note.invoice, remote)
        follow_note(note.invoice, remote, status, now=self.now)


@dataclass
class Chain:
    """What became of the costs of one thing, in cents."""

    billed: int = 0
    credited: int = 0
    claimed: int = 0
    to_come: int = 0


def standings(world):
    """Return per chain what issued invoices bill and claim, what notes took off, the rest."""
    query = (
        select(InvoiceItem, Invoice, VoidClaim)
        .join(Invoice, Invoice.id == InvoiceItem.invoice_id)
        .outerjoin(VoidClaim, VoidClaim.item_id == InvoiceItem.id)
        .where(InvoiceItem.organization_id == world.organization.id)
    )
    rows = database.session.execute(query).all()
    items = {item.id: item for item, *_ in rows}
    chains = defaultdict(Chain)
    for item, invoice, claim in rows:
        if item.description.startswith("Taken off invoice"):
            # What had been taken off a void one is credited on the lines that bill it again, too.
            continue
        root = item
        while root.kind in FOLLOWING:
            root = items[root.carried_from_id]
        key = ("adjustment",)
        if root.kind != "adjustment":
            key = (root.cycle_id, root.price_version_id, root.service_id)
        chain = chains[key]
        if invoice.status == "void":
            is_open = claim is not None and claim.case.state != "billed"
            chain.claimed += claim.cents if is_open else 0
        elif root is item and _follows(item, invoice):
            chain.to_come += item.amount_cents
        else:
            chain.billed += item.billed_cents - item.credited_cents
            # What was taken off to be billed again is asked for again.
            chain.credited += item.credited_cents - item.reissued_cents
    return chains


def wrong_chains(world):
    """Return the chains whose costs are neither billed, taken off, nor waiting for somebody.

    Where facts cost less by now, that comes off what was credited first.
    """
    owed, chains = owed_for_usage(world) | owed_in_fees(world), standings(world)
    wrong = {}
    for key, chain in chains.items():
        told = chain.billed + chain.claimed + chain.to_come
        if key == ("adjustment",):
            due = sum(world.adjusted) - chain.credited
        else:
            due = owed.get(key, 0)
            left = due - max(chain.billed, 0) - chain.claimed
            told += min(max(left, 0), chain.credited)
        if told != due:
            wrong[key] = (chain, due)
    missing = {key for key, cents in owed.items() if cents} - chains.keys()
    return wrong | {key: (None, owed[key]) for key in missing}


def _follows(item, invoice):
    """Whether the item is rated anew with its facts.

    A correction of an earlier cycle is, only as long as its invoice is the current one.
    """
    return invoice.is_changeable and (
        invoice.status == "draft" or invoice.cycle_id == item.cycle_id
    )
