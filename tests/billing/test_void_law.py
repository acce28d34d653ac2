"""The law of the ledger where invoices are voided: nothing is lost, billed twice or credited free.

Invoices are rolled early, finalized at Stripe with too little or too much, voided at any time and
decided on at any time. What invoices that stand bill, what waits for a decision and what was
written off is together what the facts cost; of nothing more is credited than was billed, and what
makes up for an invoice makes up for nothing once that one is void. Which of several void invoices
is told first makes no difference.
"""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.models import FOLLOWING, Invoice, InvoiceItem
from dashboard.billing.void_models import VoidCase, VoidClaim
from dashboard.extensions import db as database
from dashboard.invariants.known import OF_BILLS, OF_THE_ISSUED, OF_USAGE
from dashboard.invariants.look import look_at
from dashboard.pricing.terms import Terms
from dashboard.recount.look import recount
from tests.support.ledger_owed import owed_for_usage, owed_in_fees
from tests.support.ledger_world import ahead, new_world, play, unhurried, versions
from tests.support.stripe_acts import tell
from tests.support.void_world import VoidWorld, facts, index, steps, stripe_first

# No sync ran in this world: what Stripe confirmed is not told in it.
WITHOUT_SYNCS = [one for one in (*OF_BILLS, *OF_USAGE, *OF_THE_ISSUED) if one.stops]
# However many examples are asked for, and however busy the machine is.
pytestmark = pytest.mark.timeout(900)


def rows_of(world):
    """Return the organization's items with their invoices, claims and cases."""
    query = (
        select(InvoiceItem, Invoice, VoidClaim, VoidCase)
        .join(Invoice, Invoice.id == InvoiceItem.invoice_id)
        .outerjoin(VoidClaim, VoidClaim.item_id == InvoiceItem.id)
        .outerjoin(VoidCase, VoidCase.invoice_id == VoidClaim.invoice_id)
        .where(InvoiceItem.organization_id == world.organization.id)
    )
    return database.session.execute(query.order_by(InvoiceItem.id)).all()


def standings(world):
    """Return per root item's chain what is billed, and what is claimed and not billed again."""
    rows = rows_of(world)
    items = {item.id: item for item, *_ in rows}
    billed, claimed = defaultdict(int), defaultdict(int)
    for item, invoice, claim, case in rows:
        root = item
        while root.kind in FOLLOWING:
            root = items[root.carried_from_id]
        key = ("adjustment",)
        if root.kind != "adjustment":
            key = (root.cycle_id, root.price_version_id, root.service_id)
        if invoice.status != "void":
            billed[key] += item.billed_cents
        elif claim is not None and case.state != "billed":
            claimed[key] += claim.cents
    return billed, claimed


def owed_by(world):
    owed = owed_for_usage(world) | owed_in_fees(world) | {("adjustment",): sum(world.adjusted)}
    return {key: cents for key, cents in owed.items() if cents}


def check_what_makes_up_for_void_invoices(world):
    """What makes up for a void invoice bills or claims nothing but what was due of that one."""
    rows = {item.id: (item, *rest) for item, *rest in rows_of(world)}
    following = defaultdict(list)
    for item, *_ in rows.values():
        following[item.carried_from_id].append(item)

    def grounded(item):
        """Return the first before it that follows nothing void, so that all of it is due."""
        before = rows.get(item.carried_from_id)
        return grounded(before[0]) if before and before[1].status == "void" else item

    def comes_to(item):
        _, invoice, claim, case = rows[item.id]
        own = item.billed_cents if invoice.status != "void" else 0
        if claim is not None and case.state != "billed":
            own = claim.cents
        return own + sum(comes_to(one) for one in following[item.id])

    for item, *_ in rows.values():
        if item.kind == "rebilled" or item.kind not in FOLLOWING:
            continue
        if rows[item.carried_from_id][1].status == "void":
            due = 0 if item.kind == "taken_back" else grounded(item).amount_cents
            assert min(due, 0) <= comes_to(item) <= max(due, 0)


# An end told after the bill of the cycle that follows it, which is void later.
ENDED_BEFORE = [
    (259_976, False, ("attach", 952_734, 1)),
    (518_633, False, ("use", [(1_125_555, Decimal("19.498"))])),
    (492_643, True, ("adjust", 1)),
    (691_354, False, ("attach", 2_246_680, 4)),
    (32, False, ("attach", 1_492_753, 5)),
    (65_537, True, ("roll_early",)),
    (3_006, False, ("detach", 2_422_843, 0)),
    (1, False, ("void", 0)),
    (1, False, ("void", 0)),
]
FREE = Terms("flat", Decimal(0), "usd", "unit")


@unhurried
@given(steps, versions)
@example(ENDED_BEFORE, [FREE] * 10)
def test_what_stands_waits_or_is_written_off_is_what_the_facts_cost(db, story, versions):
    db.session.rollback()  # of a falsified example before this one
    base = new_world(versions)
    world = VoidWorld(base.organization, base.fee, base.metered, versions)
    world.attach(15 * 86_400, 3)
    db.session.commit()
    play(world, story)
    db.session.expire_all()
    billed, claimed = standings(world)
    accounted = {key: billed[key] + claimed[key] for key in {*billed, *claimed}}
    assert {key: cents for key, cents in accounted.items() if cents} == owed_by(world)
    assert all(cents >= 0 for key, cents in billed.items() if key != ("adjustment",))
    check_what_makes_up_for_void_invoices(world)
    for case in db.session.scalars(
        select(VoidCase).where(VoidCase.organization_id == world.organization.id)
    ):
        claims = select(VoidClaim.cents).where(VoidClaim.invoice_id == case.invoice_id)
        assert case.cents == sum(db.session.scalars(claims))
    found = look_at([world.organization.id], now=world.now, only=WITHOUT_SYNCS)
    assert list(map(str, found)) == []
    assert list(map(str, recount(world.organization.id).differences)) == []
    db.session.rollback()


def what_is_left(world):
    """Return what each void item claims, and what each line that may still change bills.

    The lines of one invoice were made in whatever order the voids were told.
    """
    rows = [
        (invoice.sequence, item.kind, item.description, item.billed_cents, claim and claim.cents)
        for item, invoice, claim, _ in rows_of(world)
        if (claim and claim.cents) or (invoice.is_changeable and item.amount_cents)
    ]
    return sorted(rows, key=repr)


@unhurried
@given(
    st.lists(
        st.tuples(ahead, st.booleans(), st.one_of(*facts, stripe_first)), min_size=6, max_size=16
    ),
    versions,
    st.lists(index, min_size=2, max_size=6),
)
def test_which_void_is_told_first_makes_no_difference(db, story, versions, voids):
    db.session.rollback()
    left = []
    for order in (sorted(set(voids)), list(dict.fromkeys(voids))):
        base = new_world(versions)
        world = VoidWorld(base.organization, base.fee, base.metered, versions)
        world.attach(15 * 86_400, 3)
        db.session.commit()
        play(world, story)
        query = select(Invoice).where(Invoice.organization_id == world.organization.id)
        invoices = db.session.scalars(query.order_by(Invoice.sequence)).all()
        for number in order:
            if number < len(invoices) and not invoices[number].is_changeable:
                tell(invoices[number], "void", world.now)
                db.session.commit()
        db.session.expire_all()
        left.append(what_is_left(world))
    assert left[0] == left[1]
    db.session.rollback()
