"""Some tens of organizations and what sub-systems and support do to them, at random."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from benchmarks.soak.desk import SUPPORT, ZONES, Desk
from benchmarks.soak.renewals import OF_TEN, subscribe, unlink
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_early
from dashboard.billing.void_decide import decide_void
from dashboard.billing.void_models import VoidCase
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.services.attach import attach_service
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.known import Attachment
from dashboard.services.models import Service
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from jobs.syncs import enqueue_run
from tests.factories import MeteredPriceFactory, PriceFactory, make_organization, make_service

METERS, FEES = 8, 6
INTERVALS = ("month", "week", "quarter", "year")


@dataclass
class Shop:
    """The organizations by slug, and the usage that was acknowledged, to be found again."""

    rng: random.Random
    slugs: list[str]
    reported: Counter[str] = field(default_factory=Counter)
    # A batch whose commit nobody heard of; it is sent again under its keys until somebody does.
    unheard: list[ReportedRecord] = field(default_factory=list)
    sent: int = 0
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.rng)

    def change(self) -> str:
        """Do one thing to one organization, in a transaction, and return what it was."""
        if self.unheard:
            return self.report(self.unheard)
        verbs: list[Callable[[Organization], None]] = [
            self.attach, self.detach, self.resize, self.adjust, self.click, self.decide,
            self.unlink,
            *self.desk.verbs,
        ]  # fmt: skip
        slug = self.rng.choice(self.slugs)
        draw = self.rng.random()
        if draw < 0.75:
            return self.report(self.usage(slug))
        verb = self.roll if draw > 0.99 else self.rng.choice(verbs)
        with transaction():
            verb(db.session.scalars(select(Organization).where(Organization.slug == slug)).one())
        return verb.__name__

    def usage(self, slug: str) -> list[ReportedRecord]:
        """Return a batch to report; some of it happened a while ago."""
        batch = []
        for _ in range(self.rng.randint(1, 20)):
            self.sent += 1
            at = utc_now() - timedelta(seconds=self.rng.choice((0, 1, 5, 40)))
            units = Decimal(self.rng.randint(1, 9_999)) / 100
            meter = f"meter-{self.rng.randrange(METERS)}"
            batch.append(ReportedRecord(slug, meter, f"{slug}-{self.sent}", units, at))
        return batch

    def report(self, batch: list[ReportedRecord]) -> str:
        """Record a batch; one in ten is sent twice, as sub-systems do."""
        self.unheard = batch
        for _ in range(2 if self.rng.random() < 0.1 else 1):
            with transaction():
                record_batch(batch, now=utc_now())
        self.unheard = []
        for entry in batch:
            self.reported[entry.organization] += int(entry.quantity * 100)
        return "usage"

    def attach(self, organization: Organization) -> None:
        """Attach a fee, a moment ago."""
        price = self.rng.choice(_fees(organization.cycle_interval))
        wanted = Attachment(Decimal(self.rng.randint(1, 3)), at=self._a_moment_ago(organization))
        attach_service(organization, price, wanted, now=utc_now(), actor=SUPPORT)

    def detach(self, organization: Organization) -> None:
        """Detach a fee, but never the last ones."""
        services = _attached(organization)
        if len(services) > 2:
            detach_service(self.rng.choice(services), now=utc_now(), actor=SUPPORT)

    def resize(self, organization: Organization) -> None:
        """Change how many of something there are."""
        if services := _attached(organization):
            service, units = self.rng.choice(services), Decimal(self.rng.randint(0, 9))
            change_quantity(service, units, now=utc_now(), actor=SUPPORT)

    def adjust(self, organization: Organization) -> None:
        """Charge or credit something."""
        cents = self.rng.choice((-1, 1)) * self.rng.randint(1, 50_000)
        self.sent += 1
        add_adjustment(
            current_invoice(organization),
            Money(cents, organization.currency),
            reason="Soak",
            description=f"Adjustment {self.sent}",
            actor=SUPPORT,
            now=utc_now(),
            key=f"soak-{self.sent}",
        )

    def click(self, organization: Organization) -> None:
        """Ask for a sync, with a look at Stripe's lines or without, as support does."""
        request = Request("support", SUPPORT, verify=self.rng.random() < 0.5)
        enqueue_run(request_sync(current_invoice(organization), request, now=utc_now()))

    def decide(self, organization: Organization) -> None:
        """Say what becomes of what a void invoice held, where there is one."""
        void = (VoidCase.organization_id == organization.id) & (VoidCase.state == "undecided")
        case = db.session.scalars(select(VoidCase).where(void).limit(1)).first()
        if case is not None:
            decision = self.rng.choice(("bill", "write_off"))
            decide_void(
                case.invoice, decision, seen=None, reason="Soak", actor=SUPPORT, now=utc_now()
            )

    def unlink(self, organization: Organization) -> None:
        """Now and then bill one alone that is billed with a subscription."""
        if self.rng.random() < 0.1:
            unlink(organization)

    def roll(self, organization: Organization) -> None:
        """End the invoice early."""
        roll_early(organization, reason="Soak", actor=SUPPORT, now=utc_now())

    def _a_moment_ago(self, organization: Organization) -> datetime:
        started = current_invoice(organization).period_start
        return max(started, utc_now() - timedelta(seconds=self.rng.randint(0, 3600)))


def open_shop(rng: random.Random, organizations: int, *, seconds: float, stripe_url: str) -> Shop:
    """Return a shop in which each cycle ends once within so many seconds, or a little after.

    Some of the organizations are billed with a subscription of theirs at Stripe.
    """
    now = utc_now()
    slugs = [f"org-{number}" for number in range(organizations)]
    renewals = {}
    with transaction():
        meters = [
            MeteredPriceFactory(code=f"meter-{one}", meter=f"meter-{one}") for one in range(METERS)
        ]
        for one in range(FEES):
            PriceFactory(code=f"fee-{one}")
            PriceFactory(code=f"week-fee-{one}", interval="week")
        for number, slug in enumerate(slugs):
            # Cycles are counted to both sides of the anchor: the one that runs ends with it.
            ends = now + timedelta(seconds=rng.uniform(30, seconds * 1.3))
            interval, zone = INTERVALS[number % len(INTERVALS)], rng.choice(ZONES)
            if number % 10 < OF_TEN:
                # Its cycle is as the subscription's is: in UTC, and in whole seconds.
                ends, zone = ends.replace(microsecond=0), "UTC"
                renewals[slug] = ends
            organization = make_organization(
                slug, anchor=ends, now=now, cycle_interval=interval, cycle_zone=zone
            )
            for price in (*meters, *rng.sample(_fees(interval), 3)):
                make_service(organization, price, now=now, at=now - timedelta(days=2))
    for slug, renews_at in renewals.items():
        subscribe(slug, stripe_url, rng, renews_at=renews_at)
    return Shop(rng, slugs)


def _fees(interval: str) -> list[Price]:
    """Return the fees that cycles of such a length can have."""
    every = "week" if interval == "week" else "month"
    query = select(Price).where(Price.kind == "recurring", Price.interval == every)
    return list(db.session.scalars(query.order_by(Price.code)))


def _attached(organization: Organization) -> list[Service]:
    query = (
        select(Service)
        .join(Service.price)
        .where(Service.organization_id == organization.id, Price.kind == "recurring")
        .where(Service.detached_at.is_(None))
        .order_by(Service.id)
    )
    return list(db.session.scalars(query))
