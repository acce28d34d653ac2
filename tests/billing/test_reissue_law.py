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

# Stripe asked less for a credit; what makes up for that was credited by a note.
CREDITED_AFTER_CREDIT = [
    (3345, False, ("adjust", -224)),
    (213, False, ("stripe_first", [None, -1200], "open")),
    (20 * DAY, False, ("reissue", 6, False)),
    (2 * DAY, False, ("stripe_first", [2500, 2500, 0, 2500, -1200], "open")),
    (107 * DAY, False, ("credit", 3, 100)),
]
# What makes up for a bill was taken back with it, and what it asked for is credited all the same.
CREDITED_AFTER_TAKEN_BACK = [
    (3345, False, ("adjust", -224)),
    (8 * DAY, False, ("reissue", 6, False)),
    (2 * DAY, False, ("stripe_first", [2500, 2500, 0, 2500, -1200], "open")),
    (26 * DAY, False, ("attach", 17 * DAY, 5)),
    (17 * DAY, True, ("adjust", -587)),
    (8 * DAY, False, ("reissue", 3, False)),
    (3 * DAY, True, ("issue", 0)),
    (6 * DAY, True, ("credit", 2, 17)),
    (5 * DAY, True, ("pay", 3)),
    (20 * DAY, True, ("reissue", 5, True)),
]
PACKAGE = Terms("package", Decimal(3), "usd", "unit", package_size=Decimal(700))
# A void one gives back more of a thing than is left to decide on of what it asked for.
ENDED_ON_VOID_ONES = [
    (1275169, True, ("stripe_first", [-1200], "void")),
    (409857, False, ("attach", 11 * DAY, 2)),
    (7 * DAY, False, ("attach", 17 * DAY, 5)),
    (691885, True, ("detach", 2770103, 3)),
    (1535227, False, ("reissue", 3, False)),
    (260718, True, ("issue", 0)),
    (973157, True, ("pay", 3)),
    (693784, False, ("issue", 4)),
    (1588077, False, ("reissue", 6, False)),
]


@unhurried
@given(steps, versions)
@example(ENDED_AFTER, [FREE] * 10)
@example(ENDED_BEFORE, [FREE] * 10)
@example(CREDITED_AFTER_CREDIT, [FREE] * 10)
@example(CREDITED_AFTER_TAKEN_BACK, [PACKAGE] * 10)
@example(ENDED_ON_VOID_ONES, [FREE] * 10)
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
