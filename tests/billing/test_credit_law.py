"""The law of the ledger where issued invoices are credited: what was taken off is not asked again.

What the facts cost is billed, or waits for a decision, or was taken off by a credit note. Where
they cost less by now, that comes off what was credited first, and nothing is given back twice.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_notes import (
    WantedNote,
    follow_note,
    notes_of,
    plan_note,
    under_way,
)
from dashboard.billing.credit_room import room_of
from dashboard.billing.models import FOLLOWING, Invoice, InvoiceItem
from dashboard.billing.spread import spread
from dashboard.billing.void_models import VoidClaim
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection
from dashboard.installation import this_installation
from dashboard.pricing.terms import Terms
from tests.factories import SUPPORT
from tests.support.ledger_world import (
    DAY,
    new_world,
    numbers,
    owed_for_usage,
    owed_in_fees,
    play,
    stories,
    unhurried,
    versions,
)
from tests.support.void_world import VoidWorld, facts, index

pytestmark = pytest.mark.timeout(900)

credit = st.tuples(st.just("credit"), index, st.integers(1, 100))
steps = stories(*facts, credit, credit, st.tuples(st.just("void_note"), index))


# Each begins with a part of its month issued and credited: what comes later meets a note.
BEGINNING = [
    (DAY, False, ("use", [(0, Decimal(400)), (DAY, Decimal(90))])),
    (DAY, False, ("roll_early",)),
    (DAY, True, ("issue", 0)),
    (1, False, ("credit", 0, 40)),
]


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
        root = item
        while root.kind in FOLLOWING:
            root = items[root.carried_from_id]
        key = ("adjustment",)
        if root.kind != "adjustment":
            key = (root.cycle_id, root.price_version_id, root.service_id)
        chain = chains[key]
        if invoice.status == "void":
            chain.claimed += claim.cents if claim is not None else 0
        elif invoice.is_changeable and root is item:
            chain.to_come += item.amount_cents
        else:
            chain.billed += item.billed_cents - item.credited_cents
            chain.credited += item.credited_cents
    return chains


# The fee ends back in time, by as much as was credited and by more.
ENDED = [(1, False, ("detach", 16 * DAY, 0))]
FREE = Terms("flat", Decimal(0), "usd", "unit")


@unhurried
@given(steps, versions)
@example(ENDED, [FREE] * 10)
def test_what_was_credited_is_not_asked_for_again_and_nothing_is_given_back_twice(
    db, story, versions
):
    db.session.rollback()  # of a falsified example before this one
    base = new_world(versions)
    world = CreditWorld(base.organization, base.fee, base.metered, versions)
    world.attach(15 * 86_400, 3)
    db.session.commit()
    play(world, BEGINNING + story)
    db.session.expire_all()
    owed = owed_for_usage(world) | owed_in_fees(world)
    chains = standings(world)
    for key, chain in chains.items():
        if key == ("adjustment",):
            assert (
                chain.billed + chain.claimed + chain.to_come == sum(world.adjusted) - chain.credited
            )
            continue
        left = owed.get(key, 0) - max(chain.billed, 0) - chain.claimed
        forgiven = min(max(left, 0), chain.credited)
        assert chain.billed + chain.claimed + forgiven + chain.to_come == owed.get(key, 0)
    assert not {key for key, cents in owed.items() if cents} - chains.keys()
    for item in db.session.scalars(
        select(InvoiceItem).where(InvoiceItem.organization_id == world.organization.id)
    ):
        assert 0 <= item.credited_cents <= max(item.billed_cents, 0)
    db.session.rollback()
