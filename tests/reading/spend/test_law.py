"""A spend chart proves the bill: whatever happened, its days come to what is owed.

Random histories of usage (late, under versions of any model), services, early rolls, charges and
credits; what a day of usage costs is held against a second reading of the plain facts.
"""

from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import InvoiceItem
from dashboard.money import Money
from dashboard.reading.spend.amounts import spend_of_cycle
from dashboard.reading.spend.read import Wanted, spend_of
from dashboard.reading.spend.rows import read_spend
from tests.factories import SUPPORT
from tests.support.ledger_owed import windows
from tests.support.ledger_world import (
    World,
    early,
    new_world,
    numbers,
    play,
    service,
    stories,
    unhurried,
    usage,
    versions,
)
from tests.support.rating import STEPS, charged, costs
from tests.support.reading import opened_by_support

pytestmark = pytest.mark.timeout(900)
one_off = st.tuples(st.just("adjust"), st.integers(-50, 50).filter(bool))
currencies = st.sampled_from(["usd", "isk", "kwd"])


class Spender(World):
    """A world that is also given charges and credits."""

    def adjust(self, hundreds):
        """Add a charge or credit to the current invoice."""
        add_adjustment(
            current_invoice(self.organization),
            Money(hundreds * 100, self.organization.currency),
            reason="Goodwill", description="One-off", actor=SUPPORT, now=self.now,
            key=f"one-off-{next(numbers)}",
        )  # fmt: skip


def played(db, story, versions, currency):
    db.session.rollback()  # of a falsified example before this one
    world = new_world(versions, currency)
    world.__class__ = Spender
    play(world, story)
    return world


def draft_of(world):
    draft = opened_by_support(current_invoice(world.organization)).draft
    assert draft is not None
    return draft


@unhurried
@given(stories(usage, usage, service, one_off), versions, currencies)
def test_days_and_fees_to_come_and_one_off_amounts_are_what_is_owed(db, story, versions, currency):
    world = played(db, story, versions, currency)
    draft = draft_of(world)
    for by in ("product", "service"):
        spend = spend_of(draft, Wanted(by), now=world.now)
        proof = spend.proof
        assert proof.owed == current_invoice(world.organization).total_cents
        assert proof.elsewhere == 0
        assert proof.days == sum(spend.totals)
        assert sum(proof[:-1]) == proof.owed
        assert spend.running.cents[-1] == proof.owed
        step = STEPS.get(currency, 1)
        assert all(cents % step == 0 for cents in (*spend.totals, *spend.expected))
    db.session.rollback()


@unhurried
@given(stories(usage, usage, service, early, one_off), versions, currencies)
def test_however_invoices_were_cut_the_sum_below_the_chart_is_right(db, story, versions, currency):
    world = played(db, story, versions, currency)
    draft = draft_of(world)
    product, by_service, of_days = (
        spend_of(draft, Wanted(by, over), now=world.now)
        for by, over in (("product", "cycle"), ("service", "cycle"), ("product", "days"))
    )
    for spend in (product, by_service):
        assert sum(spend.proof[:-1]) == spend.proof.owed == draft.invoice.total_cents
        assert spend.running.cents[-1] == spend.proof.owed
    assert product.totals == by_service.totals
    dates = dict(zip(of_days.starts, of_days.totals, strict=True))
    # Of a day that the last cycle has a part in, the chart of a cycle shows its own.
    for day, cents in list(zip(product.starts, product.totals, strict=True))[1 : product.today]:
        assert dates.get(day, cents) == cents
    db.session.rollback()


@unhurried
@given(stories(usage, usage, usage, early), versions, currencies)
def test_a_day_of_usage_is_what_its_facts_cost_by_the_same_rating(db, story, versions, currency):
    world = played(db, story, versions, currency)
    draft = draft_of(world)
    rows = read_spend(draft.invoice, cycles_before=1, by_service=False)
    for cycle in rows.cycles:
        spend = spend_of_cycle(cycle, rows, currency)
        found = [0] * len(spend.days)
        for cents in spend.usage.values():
            found = [a + b for a, b in zip(found, cents, strict=True)]
        assert found == days_by_facts(world, cycle, spend.days)
        assert sum(found) == billed_usage(db, world, cycle)
    db.session.rollback()


def days_by_facts(world, cycle, days):
    """What each day adds to what the cycle's usage up to its end costs."""
    before, found = 0, []
    for day in days:
        counts = []
        for (_, start, end), one in zip(windows(world.metered), world.versions, strict=True):
            low, high = max(cycle.starts_at, start), min(cycle.ends_at, end)
            so_far = [
                units
                for at, units in world.used
                if low <= at < high and at.astimezone(UTC).date() <= day
            ]
            counts.append((one, sum(so_far, Decimal(0))))
        after = sum(charged(cost, world.organization.currency) for cost in costs(counts))
        found.append(after - before)
        before = after
    return found


def billed_usage(db, world, cycle):
    query = select(InvoiceItem.amount_cents).where(
        InvoiceItem.organization_id == world.organization.id,
        InvoiceItem.cycle_id == cycle.id,
        InvoiceItem.kind == "metered",
    )
    return sum(db.session.scalars(query))
