"""The figures of the whole at one moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class FleetSample(Model):
    """One look at the whole; what could not be read then is null.

    Each organization has one current invoice: `unequal` of them are late at Stripe, on hold,
    failing, or hold a line that is not ours. The seconds say how long a fact may take at most: to
    be counted, to be told to Stripe, and how long 95 of 100 of Stripe's events took. `calls` are
    the day's so far, `calls_percent` those since the sample before, of what may be sent.
    """

    __tablename__ = "fleet_samples"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    organizations: Mapped[int]
    unequal: Mapped[int]
    usage_seconds: Mapped[float] = mapped_column(Double)
    told_seconds: Mapped[float] = mapped_column(Double)
    events_seconds: Mapped[float | None] = mapped_column(Double)
    calls: Mapped[int | None]
    calls_percent: Mapped[float | None] = mapped_column(Double)
    failed_jobs: Mapped[int | None]

    @property
    def equal_percent(self) -> float:
        """The share of current invoices that are equal with Stripe, or are about to be in time."""
        return 100 * (1 - self.unequal / self.organizations) if self.organizations else 100.0
