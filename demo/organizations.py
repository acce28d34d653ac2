"""What an organization of the demo is: each lets a newcomer see one part of the product work.

They are companies that do not exist, with addresses that cannot: `.example` is reserved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dashboard.billing.period import Period, month_boundary, period_containing
from demo.services import DemoService

# Stripe's names of test cards. The one that fails can be attached; the plainly declined cannot.
GOOD_CARD = "pm_card_visa"
OTHER_CARD = "pm_card_mastercard"
FAILING_CARD = "pm_card_chargeCustomerFail"
# A month as an organization grew: so many percent less for each month back, to this at the least.
GROWTH_PERCENT, LEAST_PERCENT = 4, 40


class Surge(NamedTuple):
    """A service that uses `percent` of what it is used to since midnight, so many days ago."""

    service: str
    days: int
    percent: int


class BillTo(NamedTuple):
    """Whom invoices are made out to: street, city, state and code of the address; a US tax id."""

    address: tuple[str, str, str, str]
    tax_id: str


@dataclass(frozen=True, slots=True)
class DemoOrganization:
    """Somebody to bill.

    The present cycle began `began_days` ago, or ends `ends_in_seconds` after it is made if that is
    set; where the simulator's clock can be moved, it has `months` of cycles before that, all of
    them billed, and a `story` (`past.scenes`). `size_percent` scales the usage; `credit_cents` are
    given back once; `budget_cents` is what a cycle is meant to cost.
    """

    slug: str
    name: str
    services: Sequence[DemoService]
    began_days: int = 0
    ends_in_seconds: int | None = None
    months: int = 0
    story: str | None = None
    size_percent: int = 100
    surge: Surge | None = None
    currency: str = "usd"
    days_until_due: int | None = None
    card: str | None = GOOD_CARD
    bill_to: BillTo | None = None
    credit_cents: int = 0
    budget_cents: int | None = None
    is_edited_at_stripe: bool = False
    belongs_to_customer: bool = False

    @property
    def meters(self) -> Sequence[DemoService]:
        """The services that report usage."""
        return [service for service in self.services if service.meter is not None]

    def body(self, now: datetime) -> dict[str, Any]:
        """Return what the API takes to make it at `now`."""
        body: dict[str, Any] = {
            "slug": self.slug,
            "name": self.name,
            "email": f"billing@{self.slug}.example",
            "currency": self.currency,
            "cycle_anchor_at": self.anchor(now).isoformat(),
        }
        if self.days_until_due is not None:
            body |= {"collection_method": "send_invoice", "days_until_due": self.days_until_due}
        return body

    def anchor(self, now: datetime) -> datetime:
        """Return an instant at which a cycle begins: past, or the coming end of the first."""
        if self.ends_in_seconds is not None:
            return now.replace(microsecond=0) + timedelta(seconds=self.ends_in_seconds)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=self.began_days)

    def cycles_before(self, now: datetime) -> list[Period]:
        """Return the cycles that are over at `now`, the oldest first."""
        anchor = self.anchor(now)
        present = period_containing(anchor, now).index
        return [
            Period(month_boundary(anchor, k), month_boundary(anchor, k + 1))
            for k in range(present - self.months, present)
        ]

    def percent_at(self, service: DemoService, at: datetime, *, now: datetime) -> int:
        """Return how much a service uses at an instant, in percent of its usage in these days."""
        surge = self.surge
        if surge is not None and surge.service == service.external_id:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            if at >= midnight - timedelta(days=surge.days):
                return surge.percent
        start = period_containing(self.anchor(now), now).start
        back = 0 if at >= start else 1 + (start - at).days // 30
        return max(100 - GROWTH_PERCENT * back, LEAST_PERCENT)
