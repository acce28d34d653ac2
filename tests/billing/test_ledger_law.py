"""The ledger's chief law: what a cycle costs depends on its facts, not on when invoices were cut.

Random facts arrive late and in any order, between random early rolls and seals, and usage is
counted by whoever needs it, or now and then by the folder; at the end every cycle must have been
billed exactly what rating all of its facts at once says. The metered price has versions of any
model, several to a cycle, and usage is held against the second reading in `tests.support.rating`,
which shares no arithmetic with the product.
"""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db as database
from dashboard.invariants.known import INVARIANTS
from dashboard.invariants.look import look_at
from dashboard.recount.look import recount
from tests.support.ledger_owed import owed_for_usage, owed_in_fees
from tests.support.ledger_world import (
    MONTHLY,
    calendars,
    cancel,
    early,
    new_world,
    play,
    recount_cycles,
    service,
    stories,
    unhurried,
    usage,
    versions,
)
from tests.support.rating import STEPS


def billed(world, kind):
    sums = defaultdict(int)
    query = select(InvoiceItem).where(
        InvoiceItem.organization_id == world.organization.id, InvoiceItem.kind == kind
    )
    for item in database.session.scalars(query):
        sums[item.cycle_id, item.price_version_id, item.service_id] += item.amount_cents
    return {key: cents for key, cents in sums.items() if cents}


# No sync runs in this world, so much of it is late.
OF_MONEY = [one for one in INVARIANTS if one.stops]
# However many examples are asked for, and however busy the machine is.
pytestmark = pytest.mark.timeout(900)


@unhurried
@given(stories(usage, service, early, cancel), versions, st.sampled_from(["usd", "isk", "kwd"]))
def test_a_cycle_is_billed_what_its_facts_cost_however_its_invoices_were_cut(
    db, story, versions, currency
):
    check_the_law(db, story, versions, currency)


@unhurried
@given(stories(usage, usage, usage, cancel, early), versions)
def test_usage_under_many_versions_is_one_count_however_late_it_comes(db, story, versions):
    check_the_law(db, story, versions)


@unhurried
@given(stories(usage, service, early), versions, calendars)
def test_the_law_holds_for_cycles_of_each_length_in_any_zone(db, story, versions, calendar):
    check_the_law(db, story, versions, calendar=calendar)


@unhurried
@given(stories(usage, service, early, recount_cycles), versions, calendars)
def test_the_law_holds_while_cycles_are_changed(db, story, versions, calendar):
    check_the_law(db, story, versions, calendar=calendar)


def check_the_law(db, story, versions, currency="usd", calendar=MONTHLY):
    db.session.rollback()  # of a falsified example before this one
    world = new_world(versions, currency, calendar)
    play(world, story)
    assert billed(world, "metered") == owed_for_usage(world)
    assert billed(world, "recurring") == owed_in_fees(world)
    for invoice in db.session.scalars(
        select(Invoice).where(Invoice.organization_id == world.organization.id)
    ):
        assert invoice.total_cents == sum(item.amount_cents for item in invoice.items)
        assert all(item.amount_cents % STEPS.get(currency, 1) == 0 for item in invoice.items)
    assert current_invoice(world.organization).period_end > world.now
    assert list(map(str, look_at([world.organization.id], now=world.now, only=OF_MONEY))) == []
    assert list(map(str, recount(world.organization.id).differences)) == []
    db.session.rollback()
