"""The order in which facts arrive never matters: what is accepted comes to one bill.

The same facts are told in two orders, between rolls and seals at the same instants. A refused fact
is sent again after each other one, as a sub-system would; in the end both bills are equal, line by
line and day by day. Facts reach back into a cycle that is sealed, and into the current one. On one
of the bills usage is counted at once, on the other whenever it happens to be.
"""

import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.fold import fold
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.roll import roll_early, roll_over
from dashboard.errors import BillingError
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.pricing.catalog import add_version
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.terms import Terms
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.usage.models import UsageKey, UsageTakenOff, UsageTotal
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)

ANCHOR = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
BOUNDARY = datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
NOW = BOUNDARY + timedelta(days=9)
CHANGED_AT = NOW + timedelta(days=3)
numbers = count()

# What no two facts share: two of these would contradict each other, and the later one be refused.
TOLD_ONCE = {"end": (0, 2), "again": (0, 2), "change": (0, 1), "end_fee": (0,), "version": (0,)}
# Hours before now: eight days are in the current cycle, the rest in the sealed one.
ago = st.integers(1, 30 * 24)
name = st.sampled_from(["a", "b"])
facts = st.lists(
    st.one_of(
        st.tuples(st.just("use"), ago, st.sampled_from(["a", "b", None]), st.integers(1, 400)),
        st.tuples(st.just("use"), ago, st.sampled_from(["a", "b", None]), st.integers(1, 400)),
        st.tuples(st.just("end"), ago, name),
        st.tuples(st.just("again"), ago, name),
        st.tuples(st.just("change"), ago, st.integers(0, 5)),
        st.tuples(st.just("end_fee"), ago),
        st.tuples(st.just("version"), st.integers(1, 9000)),
    ),
    min_size=3,
    max_size=9,
    unique_by=lambda fact: tuple(fact[place] for place in TOLD_ONCE.get(fact[0], range(3))),
)


@dataclass
class Books:
    """An organization with two services of one metered price and a fee; its first cycle is over."""

    organization: Organization
    fee: Price
    metered: Price
    now: datetime = NOW
    keys: dict[tuple, str] = field(default_factory=dict)

    def use(self, fact):
        _, back, named, units = fact
        key = self.keys.setdefault(fact, f"key-{len(self.keys)}")
        at = NOW - timedelta(hours=back)
        slug, meter = self.organization.slug, str(self.metered.meter)
        record_batch([ReportedRecord(slug, meter, key, Decimal(units), at, named)], now=self.now)

    def end(self, fact):
        _, back, named = fact
        first = self.services(named)[0]
        detach_service(first, at=NOW - timedelta(hours=back), now=self.now, actor=SUPPORT)

    def again(self, fact):
        _, back, named = fact
        at = NOW - timedelta(hours=back)
        make_service(self.organization, self.metered, now=self.now, at=at, external_id=named)

    def change(self, fact):
        _, back, units = fact
        [fee] = self.services("fee")
        at = NOW - timedelta(hours=back)
        change_quantity(fee, Decimal(units), at=at, now=self.now, actor=SUPPORT)

    def end_fee(self, fact):
        [fee] = self.services("fee")
        at = NOW - timedelta(hours=fact[1])
        detach_service(fee, at=at, now=self.now, actor=SUPPORT)

    def version(self, fact):
        terms = Terms("per_unit", Decimal(fact[1]), "usd", self.fee.unit_label)
        add_version(self.fee, terms, effective_at=CHANGED_AT, now=self.now, actor=SUPPORT)

    def services(self, named):
        query = select(Service).where(
            Service.organization_id == self.organization.id, Service.external_id == named
        )
        return database.session.scalars(query.order_by(Service.attached_at)).all()

    def tell(self, fact):
        """Return whether the fact was accepted."""
        try:
            with database.session.begin_nested():
                getattr(self, fact[0])(fact)
        except BillingError:
            database.session.expire_all()
            return False
        return True


def open_books():
    slug = f"books-{next(numbers)}"
    fee = PriceFactory(code=f"fee-{slug}", version__unit_amount=Decimal("3099.5"))
    metered = MeteredPriceFactory(code=f"metered-{slug}", meter=f"meter-{slug}", version=None)
    tiers = [
        {"up_to": "300", "unit_amount": "7.5", "flat_amount": "10"},
        {"up_to": None, "unit_amount": "0.125", "flat_amount": "0"},
    ]
    PriceVersionFactory(price=metered, model="graduated", allowance=Decimal(100), tiers=tiers)
    database.session.expire_all()
    organization = make_organization(slug, anchor=ANCHOR, now=ANCHOR)
    for named, price in (("a", metered), ("b", metered), ("fee", fee)):
        make_service(organization, price, now=ANCHOR, at=ANCHOR, external_id=named)
    roll_over(organization, now=BOUNDARY)
    seal(due_to_seal(now=NOW, most=100), now=NOW)
    database.session.commit()
    return Books(organization, fee, metered)


def tell_all(books, told, rolls_after, folds=None):
    """Tell the facts in this order, each refused one again after every other; roll in between.

    `folds` says for each whether usage is counted after it; without it always.
    """
    refused = []
    for place, fact in enumerate(told):
        refused.append(fact)
        while any(books.tell(one) and not refused.remove(one) for one in list(refused)):
            pass
        if folds is None or folds[place]:
            fold([books.organization.id], now=books.now)
        if place == rolls_after:
            books.now += timedelta(hours=1)
            roll_early(books.organization, reason="Moving", actor=SUPPORT, now=books.now)
    fold([books.organization.id], now=books.now)
    database.session.commit()
    return set(refused)


def bill(books):
    """Return what is billed, by cycle, price version and service, over all invoices."""
    sums = defaultdict(int)
    query = (
        select(InvoiceItem, BillingCycle.sequence, PriceVersion.effective_at, Service.external_id)
        .join(InvoiceItem.cycle)
        .outerjoin(InvoiceItem.price_version)
        .outerjoin(InvoiceItem.service)
        .where(InvoiceItem.organization_id == books.organization.id)
    )
    for item, *key in database.session.execute(query):
        sums[item.kind, *key] += item.amount_cents
    return {key: cents for key, cents in sums.items() if cents}


def counted(books):
    """Return the daily totals, and the units of the items, which must agree."""
    of_us = books.organization.id
    key = (BillingCycle.sequence, Service.external_id, UsageTotal.day)
    query = (
        select(*key, func.sum(UsageTotal.quantity))
        .join(BillingCycle, BillingCycle.id == UsageTotal.cycle_id)
        .outerjoin(Service, Service.id == UsageTotal.service_id)
        .where(UsageTotal.organization_id == of_us)
        .group_by(*key)
    )
    totals = {tuple(day): units for *day, units in database.session.execute(query)}
    metered = InvoiceItem.organization_id == of_us, InvoiceItem.kind == "metered"
    units = database.session.scalar(select(func.sum(InvoiceItem.quantity)).where(*metered))
    assert sum(totals.values()) == (units or 0)
    assert all(quantity > 0 for quantity in totals.values())
    return totals


def effective(refused):
    """Leave out what may be accepted first and have no effect after another fact."""
    return {fact for fact in refused if fact[0] not in ("use", "change")}


def billed_keys(books):
    """Return the keys that are counted and were not taken off."""
    off = select(UsageTakenOff.key).where(UsageTakenOff.organization_id == books.organization.id)
    query = select(UsageKey.key).where(
        UsageKey.organization_id == books.organization.id, UsageKey.key.not_in(off)
    )
    keys = set(database.session.scalars(query))
    return {fact for fact, key in books.keys.items() if key in keys}


@settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), facts, st.integers(0, 9), st.lists(st.booleans(), min_size=9, max_size=9))
def test_two_orders_of_the_same_facts_come_to_one_bill(db, data, told, rolls_after, folds):
    db.session.rollback()  # of a falsified example before this one
    one, other = open_books(), open_books()
    refused = tell_all(one, told, rolls_after)
    refused_later = tell_all(other, data.draw(st.permutations(told)), rolls_after, folds)
    assert billed_keys(one) == billed_keys(other)
    assert effective(refused) == effective(refused_later)
    assert bill(one) == bill(other)
    assert counted(one) == counted(other)
    for invoice in db.session.scalars(
        select(Invoice).where(Invoice.organization_id == one.organization.id)
    ):
        assert invoice.total_cents == sum(item.amount_cents for item in invoice.items)
    db.session.rollback()
