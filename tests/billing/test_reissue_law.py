"""The law of the ledger where invoices are taken back and billed again: it asks for the same.

Whatever is voided or credited, paid, corrected and rolled before, between and after: what the facts
cost is billed once, and what was forgiven stays forgiven. A reissue by itself moves nothing.
"""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.reissue import plan_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.errors import Busy, Conflict
from dashboard.extensions import db as database
from dashboard.invariants.known import OF_BILLS, OF_THE_ISSUED, OF_USAGE
from dashboard.invariants.look import look_at
from dashboard.pricing.terms import Terms
from dashboard.recount.look import recount
from tests.factories import SUPPORT
from tests.support.credit_world import CreditWorld, wrong_chains
from tests.support.ledger_world import (
    DAY,
    new_world,
    numbers,
    play,
    stories,
    unhurried,
    versions,
)
from tests.support.stripe_acts import tell
from tests.support.void_world import facts, index

pytestmark = pytest.mark.timeout(900)

reissue = st.tuples(st.just("reissue"), index, st.booleans())
credit = st.tuples(st.just("credit"), index, st.integers(1, 100))
steps = stories(*facts, reissue, reissue, reissue, credit, st.tuples(st.just("pay"), index))

# Each begins with a part of its month issued: what comes later meets an invoice to take back.
BEGINNING = [
    (DAY, False, ("use", [(0, Decimal(400)), (DAY, Decimal(90))])),
    (DAY, False, ("adjust", -300)),
    (DAY, False, ("roll_early",)),
    (DAY, True, ("issue", 0)),
]
WITHOUT_SYNCS = [one for one in (*OF_BILLS, *OF_USAGE, *OF_THE_ISSUED) if one.stops]


class ReissueWorld(CreditWorld):
    """A world in which support takes issued invoices back and bills them again."""

    def pay(self, index):
        """A card pays one of them."""
        tell(self.any_of(index, "open", "uncollectible"), "paid", self.now)

    def reissue(self, index, is_paid):
        """Take one back; it is as its preview says, and the customer is asked for as much."""
        invoice = self.any_of(index, *(("paid",) if is_paid else ("open", "uncollectible")))
        try:
            shown = preview_reissue(invoice, now=self.now)
        except (Conflict, Busy):
            return
        asked = self.asked()
        row = plan_reissue(
            invoice, seen_cents=shown.taking.cents, reason="Fair", key=f"again-{next(numbers)}",
            actor=SUPPORT, now=self.now,
        )  # fmt: skip
        if row.note is None:
            tell(invoice, "void", self.now)
        else:
            self.hear(row.note, "issued")
        database.session.flush()
        assert row.state == "done"
        assert row.billed_cents == shown.billed_cents
        current = select(func.coalesce(func.sum(InvoiceItem.amount_cents), 0)).join(Invoice)
        of_draft = current.where(
            Invoice.organization_id == self.organization.id, Invoice.status == "draft"
        )
        assert database.session.scalar(of_draft) == shown.current_after
        if row.note is not None:
            assert self.asked() == asked

    def asked(self):
        """Return what all invoices that are not void ask for, less what notes took off."""
        net = InvoiceItem.amount_cents - InvoiceItem.carried_cents - InvoiceItem.credited_cents
        query = select(func.sum(net)).join(Invoice)
        return database.session.scalar(
            query.where(Invoice.organization_id == self.organization.id, Invoice.status != "void")
        )


FREE = Terms("flat", Decimal(0), "usd", "unit")
ENDED_AFTER = [
    (1, False, ("credit", 0, 40)),
    (1, False, ("pay", 0)),
    (1, False, ("reissue", 0, True)),
    (1, False, ("detach", 16 * DAY, 0)),
]
ENDED_BEFORE = [(1, False, ("detach", 16 * DAY, 0)), (1, False, ("reissue", 0, False))]


@unhurried
@given(steps, versions)
@example(ENDED_AFTER, [FREE] * 10)
@example(ENDED_BEFORE, [FREE] * 10)
def test_what_is_taken_back_and_billed_anew_is_billed_once(db, story, versions):
    db.session.rollback()  # of a falsified example before this one
    base = new_world(versions)
    world = ReissueWorld(base.organization, base.fee, base.metered, versions)
    world.attach(15 * 86_400, 3)
    db.session.commit()
    play(world, BEGINNING + story)
    db.session.expire_all()
    assert wrong_chains(world) == {}
    stands = select(func.count()).where(Reissue.state == "done").group_by(Reissue.invoice_id)
    assert set(db.session.scalars(stands)) <= {1}
    assert look_at_all(world) == []
    assert list(map(str, recount(world.organization.id).differences)) == []
    db.session.rollback()


def look_at_all(world):
    """Return what does not add up."""
    found = look_at([world.organization.id], now=world.now, only=WITHOUT_SYNCS)
    return list(map(str, found))
