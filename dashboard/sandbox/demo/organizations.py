"""The organizations of the demo: each lets a newcomer see one part of the product work.

They are companies that do not exist, with addresses that cannot: `.example` is reserved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.sandbox.demo.services import (
    HUNDREDS,
    IN_YEN,
    ORDINARY,
    QUIET,
    SMALL,
    THIRTY,
    DemoService,
)

# Stripe's names of test cards. The one that fails can be attached; the plainly declined can not.
GOOD_CARD = "pm_card_visa"
FAILING_CARD = "pm_card_chargeCustomerFail"


@dataclass(frozen=True, slots=True)
class DemoOrganization:
    """Somebody to bill.

    The first cycle began `began_days` ago, or ends `ends_in_seconds` after it is made if that is
    set. `size_percent` scales the usage; `credit_cents` are given back once; `budget_cents` is what
    a cycle is meant to cost.
    """

    slug: str
    name: str
    services: Sequence[DemoService]
    began_days: int = 0
    ends_in_seconds: int | None = None
    size_percent: int = 100
    currency: str = "usd"
    days_until_due: int | None = None
    card: str | None = GOOD_CARD
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


FIVE_MINUTES = DemoOrganization(
    "marble-freight", "Marble Freight", ORDINARY, ends_in_seconds=300, belongs_to_customer=True
)
EDITED = DemoOrganization(
    "foxglove-maps", "Foxglove Maps", ORDINARY, began_days=16, is_edited_at_stripe=True
)
ORGANIZATIONS = (
    # Those whose cycle ends soon come first, so that their story begins while the rest is made.
    DemoOrganization(
        "velvet-radio", "Velvet Radio", QUIET, ends_in_seconds=30, belongs_to_customer=True
    ),
    DemoOrganization(
        "copper-kettle", "Copper Kettle Media", ORDINARY, ends_in_seconds=45, card=FAILING_CARD
    ),
    DemoOrganization(
        "old-mill", "Old Mill Insurance", QUIET, ends_in_seconds=60, days_until_due=30, card=None
    ),
    FIVE_MINUTES,
    EDITED,
    DemoOrganization(
        "paper-lantern", "Paper Lantern Coffee", SMALL, began_days=12, size_percent=30,
        credit_cents=500, budget_cents=25_000, belongs_to_customer=True,
    ),
    DemoOrganization(
        "harbour-robotics", "Harbour Robotics", THIRTY, began_days=20, budget_cents=320_000
    ),
    DemoOrganization("nimbus-arcade", "Nimbus Arcade", HUNDREDS, began_days=24, size_percent=400),
    DemoOrganization("moonlit-paper", "Moonlit Paper Works", IN_YEN, began_days=9, currency="jpy"),
    DemoOrganization("quartz-weather", "Quartz Weather", ORDINARY, began_days=3),
    DemoOrganization("tidal-fitness", "Tidal Fitness", QUIET, began_days=7, size_percent=60),
    DemoOrganization(
        "granite-ledger", "Granite Ledger", ORDINARY, began_days=14, size_percent=180,
        budget_cents=100_000,
    ),
    DemoOrganization("juniper-books", "Juniper Books", QUIET, began_days=18, size_percent=40),
    DemoOrganization("ninth-planet", "Ninth Planet Travel", ORDINARY, began_days=26),
    DemoOrganization("empty-shelf", "Empty Shelf Stores", (), began_days=1, card=None),
)  # fmt: skip
