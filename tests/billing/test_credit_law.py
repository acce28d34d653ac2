"""The law of the ledger where issued invoices are credited: what was taken off is not asked again.

What the facts cost is billed, or waits for a decision, or was taken off by a credit note. Where
they cost less by now, that comes off what was credited first, and nothing is given back twice.
"""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.models import InvoiceItem
from dashboard.pricing.terms import Terms
from dashboard.recount.look import recount
from tests.support.credit_world import CreditWorld, wrong_chains
from tests.support.ledger_world import (
    DAY,
    new_world,
    play,
    stories,
    unhurried,
    versions,
)
from tests.support.void_world import facts, index

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


# The fee ends back in time, by as much as was credited and by more.
ENDED = [(1, False, ("detach", 16 * DAY, 0))]
# The fee's correction is on an invoice that was cut off since: what is credited then is forgiven.
CUT_OFF = [
    (526_134, True, ("detach", 1_301_635, 1)),
    (86_807, True, ("roll_early",)),
    (692_049, True, ("change", 260_764, 0, 5)),
    (605_642, True, ("roll_early",)),
    (64_018, False, ("credit", 5, 34)),
]
FREE = Terms("flat", Decimal(0), "usd", "unit")


@unhurried
@given(steps, versions)
@example(ENDED, [FREE] * 10)
@example(CUT_OFF, [FREE] * 10)
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
    assert wrong_chains(world) == {}
    for item in db.session.scalars(
        select(InvoiceItem).where(InvoiceItem.organization_id == world.organization.id)
    ):
        assert 0 <= item.credited_cents <= max(item.billed_cents, 0)
    assert list(map(str, recount(world.organization.id).differences)) == []
    db.session.rollback()
