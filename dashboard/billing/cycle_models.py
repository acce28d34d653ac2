"""Billing cycles: what allowances and tiers run over, and fees are a share of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.period import Cycle, Period
from dashboard.extensions import Model
from dashboard.intervals import one_of_sql
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.pricing.rating import Whole, whole_cycle


class BillingCycle(Model):
    """The nominal period `[starts_at, ends_at)` of one organization; allowances run over it."""

    __tablename__ = "billing_cycles"
    __table_args__ = (
        UniqueConstraint("organization_id", "sequence"),
        UniqueConstraint("organization_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="period"),
        CheckConstraint(one_of_sql("interval"), name="interval"),
        CheckConstraint("whole_seconds >= extract(epoch from ends_at - starts_at)", name="whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    sequence: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    interval: Mapped[str] = mapped_column(String(8), default="month", server_default="month")
    # How long the whole cycle is that this one is a part of; None: it is all of one.
    whole_seconds: Mapped[int | None]

    organization: Mapped[Organization] = relationship()

    @property
    def period(self) -> Period:
        """When it is."""
        return Period(self.starts_at, self.ends_at)

    def whole(self, price: Price, *, is_held: bool = True) -> Whole:
        """Return what the fees of `price` are a share of; raise FeeDoesNotFit if some `is_held`."""
        seconds = self.whole_seconds or self.period.seconds
        return whole_cycle(self.interval, seconds, price, is_held=is_held)

    @classmethod
    def made(cls, organization_id: int, sequence: int, interval: str, cycle: Cycle) -> BillingCycle:
        """Return a new cycle of an organization."""
        return cls(
            organization_id=organization_id,
            sequence=sequence,
            starts_at=cycle.period.start,
            ends_at=cycle.period.end,
            interval=interval,
            whole_seconds=cycle.whole_seconds,
        )
