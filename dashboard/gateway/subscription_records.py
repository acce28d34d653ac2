"""Plain records of subscriptions: what Stripe tells of when one renews, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.gateway.told import Told


@dataclass(frozen=True, slots=True)
class RemoteSubscription(Told):
    """A subscription at Stripe, as one reply or event showed it.

    Its period is that of its items; `periods_differ` where they have several. `paused_how` is how
    the collection of its invoices is paused, None where it is not.
    """

    id: str
    customer_id: str
    status: str
    currency: str
    anchor_at: datetime
    period_start: datetime
    period_end: datetime
    periods_differ: bool
    interval: str
    interval_count: int
    paused_how: str | None
    ends_at: datetime | None
    as_of: datetime | None = None
    # Whether Stripe works out the tax of its invoices.
    automatic_tax: bool = False
