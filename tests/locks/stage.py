"""Two organizations in the middle of their bills: a closing invoice each, a draft, and services."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_over
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.services.models import Service
from dashboard.sync.work import Work, work_on
from dashboard.transaction import checkpoint, transaction
from tests.factories import (
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Stage:
    """What the verbs of the table act on; ids only, since each thread has a session of its own."""

    gateway: Gateway
    # An invoice as Stripe shows it in an event.
    sample: dict[str, Any]
    slugs: tuple[str, str]
    fee: str
    begun: datetime = field(default_factory=utc_now)

    def number(self) -> int:
        """Return a number that nobody had before: for keys, codes and seconds."""
        return next(_NUMBERS)

    def organization(self, which: int = 0) -> Organization:
        """Return one of the two organizations."""
        query = select(Organization).where(Organization.slug == self.slugs[which])
        return db.session.scalars(query).one()

    def price(self) -> Price:
        """Return the recurring price that both have services of."""
        return db.session.scalars(select(Price).where(Price.code == self.fee)).one()

    def draft(self, which: int = 0) -> Invoice:
        """Return the current invoice as this thread sees it."""
        return self.invoices("draft", which)[0]

    def invoices(self, status: str, which: int = 0) -> list[Invoice]:
        """Return the invoices of that status, newest first."""
        query = (
            select(Invoice)
            .join(Organization, Organization.id == Invoice.organization_id)
            .where(Organization.slug == self.slugs[which], Invoice.status == status)
            .order_by(Invoice.id.desc())
        )
        return list(db.session.scalars(query))

    def service(self) -> Service:
        """Return a service of the fee that is attached."""
        query = (
            select(Service)
            .join(Service.price)
            .join(Organization, Organization.id == Service.organization_id)
            .where(
                Organization.slug == self.slugs[0],
                Price.kind == "recurring",
                Service.detached_at.is_(None),
            )
            .order_by(Service.id.desc())
        )
        return db.session.scalars(query).first() or self.attach()

    def attach(self) -> Service:
        """Attach one more service of the fee."""
        now = self.now()
        return make_service(self.organization(), self.price(), now=now, at=now)

    @contextmanager
    def work_on(self, invoice: Invoice) -> Iterator[Work]:
        """Hold the invoice's lease, as a worker of its own, for calls that no sync makes."""
        with work_on(
            invoice,
            gateway=self.gateway,
            checkpoint=checkpoint,
            clock=lambda: self.begun + timedelta(seconds=self.number()),
            pause=lambda _seconds: None,
            owner=f"worker-{self.number()}",
        ) as work:
            yield work

    def now(self) -> datetime:
        """Return an instant of the current period, later each time it is asked for."""
        return self.draft().period_start + timedelta(hours=30, seconds=self.number())


def make_stage(gateway: Gateway, sample: dict[str, Any]) -> Stage:
    """Return a stage of its own."""
    number = next(_NUMBERS)
    slugs = (f"left-{number}", f"right-{number}")
    now = utc_now().replace(microsecond=0)
    anchor = now - timedelta(days=31)
    with transaction():
        fee = PriceFactory(code=f"fee-{number}")
        usage = MeteredPriceFactory(code=f"usage-{number}")
        for slug in slugs:
            organization = make_organization(slug, anchor=anchor, now=anchor + timedelta(days=1))
            made = anchor + timedelta(days=2)
            make_service(organization, fee, now=made, quantity=Decimal(2))
            make_service(organization, usage, now=made)
            roll_over(organization, now=now)
        code = fee.code
    return Stage(gateway, sample, slugs, code)


Act = Callable[[Stage], object]
