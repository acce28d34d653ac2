"""The world of the ledger's laws: made-up histories, and what is owed by another way."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.fold import fold
from dashboard.billing.roll import roll_early, roll_over
from dashboard.errors import BillingError
from dashboard.extensions import db as database
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.pricing.terms import Terms
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.usage.cancel import cancel_usage
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    LONG_AGO,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.rating import terms

ANCHOR = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


NEW_VERSION_AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


# Several to each cycle, so that late usage nearly always comes before another version's.
VERSIONS_AT = (LONG_AGO, *(ANCHOR + timedelta(days=9, hours=7) * n for n in range(3, 12)))


DAY = 86_400


numbers = count()


# Whole days first: an even choice among seconds would hardly ever reach back over a seal.
ago = st.builds(lambda days, part: days * DAY + part, st.integers(0, 33), st.integers(0, DAY))


ahead = st.builds(lambda days, part: days * DAY + part, st.integers(0, 8), st.integers(1, DAY))


quantity = st.decimals(0, 500, places=3)


usage = st.tuples(st.just("use"), st.lists(st.tuples(ago, quantity), min_size=1, max_size=4))


cancel = st.tuples(st.just("cancel"), st.lists(st.integers(0, 30), min_size=1, max_size=3))


early = st.one_of(st.tuples(st.just("roll_early")), st.tuples(st.just("fold")))


service = st.one_of(
    st.tuples(st.just("attach"), ago, st.integers(1, 5)),
    st.tuples(st.just("detach"), ago, st.integers(0, 9)),
    st.tuples(st.just("change"), ago, st.integers(0, 9), st.integers(0, 7)),
)


# How the next cycles are counted, from which day if it is said, and whether as soon as can be.
recount_cycles = st.tuples(
    st.just("recount_cycles"),
    st.sampled_from(["month", "quarter", "year"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    st.none() | st.integers(-40, 40),
    st.booleans(),
)


def stories(*acts):
    """Draw what happens: after how many seconds, whether the clock got to it first, and what."""
    return st.lists(st.tuples(ahead, st.booleans(), st.one_of(*acts)), min_size=8, max_size=30)


# Bounds and allowances that a few hundred units reach, so that versions meet inside of them.
amount = st.decimals(0, 20, places=3)


version = terms(
    amounts=amount,
    bounds=st.sampled_from([50, 150, 300, 600, 900]),
    allowances=st.sampled_from([Decimal(0), Decimal(100), Decimal(400)]),
    currencies=st.just("usd"),
)


# How long cycles are, by whose calendar, and what the fee is for.
CALENDARS = (
    ("month", "UTC", "month"),
    ("month", "Europe/Berlin", "month"),
    ("week", "America/New_York", "week"),
    ("quarter", "Europe/Berlin", "month"),
    ("year", "Asia/Kolkata", "quarter"),
    ("year", "UTC", "month"),
)
# How many times a cycle asks for a fee, by what the fee is for and how long the cycle is.
TIMES = {
    ("week", "week"): 1,
    ("month", "month"): 1,
    ("month", "quarter"): 3,
    ("month", "year"): 12,
    ("quarter", "quarter"): 1,
    ("quarter", "year"): 4,
}
MONTHLY = ("month", "UTC", "month")
calendars = st.sampled_from(CALENDARS)


versions = st.lists(version, min_size=len(VERSIONS_AT), max_size=len(VERSIONS_AT))


@dataclass
class World:
    """An organization three weeks into its first cycle, and the plain facts it was told."""

    organization: Organization
    fee: Price
    metered: Price
    versions: list[Terms]
    now: datetime = ANCHOR + timedelta(days=20)
    used: list[tuple[datetime, Decimal]] = field(default_factory=list)
    # The keys of what was used, in its order.
    keys: list[str] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    held: dict[int, list[tuple[datetime, Decimal]]] = field(default_factory=dict)
    ended: dict[int, datetime] = field(default_factory=dict)

    def ago(self, seconds):
        """So long ago, but not before the first cycle, from which on things are billed."""
        return max(self.now - timedelta(seconds=seconds), ANCHOR)

    def use(self, records):
        entries = [
            ReportedRecord(
                self.organization.slug, str(self.metered.meter), f"key-{next(numbers)}", units,
                self.ago(back),
            )
            for back, units in records
        ]  # fmt: skip
        record_batch(entries, now=self.now)
        self.used += [(entry.recorded_at, entry.quantity) for entry in entries]
        self.keys += [entry.key for entry in entries]

    def cancel(self, indexes):
        """Take records back, all or none: as if they had never been sent."""
        gone = {index % len(self.keys) for index in indexes}
        keys = [self.keys[index] for index in sorted(gone)]
        cancel_usage(self.organization, keys, reason="Wrong", now=self.now, actor=SUPPORT)
        for kept in (self.used, self.keys):
            kept[:] = [one for index, one in enumerate(kept) if index not in gone]

    def attach(self, back, units):
        at = self.ago(back)
        service = make_service(
            self.organization, self.fee, now=self.now, at=at, quantity=Decimal(units)
        )
        self.services.append(service)
        self.held[service.id] = [(at, Decimal(units))]

    def detach(self, back, index):
        service = self.services[index % len(self.services)]
        at = self.ago(back)
        detach_service(service, at=at, now=self.now, actor=SUPPORT)
        self.ended[service.id] = at

    def change(self, back, index, units):
        service = self.services[index % len(self.services)]
        at = self.ago(back)
        change_quantity(service, Decimal(units), at=at, now=self.now, actor=SUPPORT)
        if at not in dict(self.held[service.id]):
            self.held[service.id].append((at, Decimal(units)))

    def roll_early(self):
        roll_early(self.organization, reason="Moving house", actor=SUPPORT, now=self.now)

    def recount_cycles(self, interval, zone, days, ends_early):
        """Count the next cycles in another way, or shorten the current one for it."""
        anchor = None if days is None else self.now + timedelta(days=days)
        wanted = CycleWanted(interval, zone, anchor, ends_early)
        change_cycle(self.organization, wanted, reason="Asked", actor=SUPPORT, now=self.now)

    def fold(self):
        """What the folder does when nobody else did."""
        fold([self.organization.id], now=self.now)

    def tick(self):
        """What the clock does when it gets to it: seal what is over, open what begins."""
        roll_over(self.organization, now=self.now)
        seal(due_to_seal(now=self.now, most=100), now=self.now)


def new_world(versions, currency="usd", calendar=MONTHLY):
    interval, zone, fee_interval = calendar
    slug = f"world-{next(numbers)}"
    fee = PriceFactory(
        code=f"fee-{slug}",
        currency=currency,
        version__unit_amount=Decimal("3099.5"),
        interval=fee_interval,
    )
    PriceVersionFactory(price=fee, effective_at=NEW_VERSION_AT, unit_amount=Decimal(4000))
    metered = MeteredPriceFactory(
        code=f"metered-{slug}", meter=f"meter-{slug}", currency=currency, version=None
    )
    for at, one in zip(VERSIONS_AT, versions, strict=True):
        PriceVersionFactory(
            price=metered, effective_at=at, model=one.model, unit_amount=one.unit_amount,
            allowance=one.allowance, package_size=one.package_size,
            tiers=[tier.to_json() for tier in one.tiers],
        )  # fmt: skip
    database.session.expire_all()
    organization = make_organization(
        slug, anchor=ANCHOR, now=ANCHOR, currency=currency, cycle_interval=interval, cycle_zone=zone
    )
    make_service(organization, metered, now=ANCHOR, at=ANCHOR)
    database.session.commit()
    return World(organization, fee, metered, versions)


def play(world, story):
    for seconds, clock_runs, (act, *arguments) in story:
        world.now += timedelta(seconds=seconds)
        try:
            if clock_runs:
                world.tick()
            getattr(world, act)(*arguments)
        except (BillingError, IndexError, ZeroDivisionError):
            database.session.rollback()
        database.session.commit()
    roll_over(world.organization, now=world.now)
    world.fold()
    database.session.commit()


unhurried = settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
