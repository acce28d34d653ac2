"""What is sold in the worked stories, in words and as prices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from dashboard.pricing.models import Price
from tests.factories import LONG_AGO, MeteredPriceFactory, PriceFactory, PriceVersionFactory
from tests.support.story_world import day

NEW_PRICE_AT = day("Apr 11")


class Sold(NamedTuple):
    """A price: what it is called in a sentence, and its versions, by when they begin to hold."""

    words: str
    versions: Mapping[datetime, Mapping[str, Any]]
    meter: str | None = None
    currency: str = "usd"

    def make(self, name: str) -> Price:
        """Return the price with its versions."""
        factory = MeteredPriceFactory if self.meter else PriceFactory
        more = {"meter": self.meter} if self.meter else {}
        code = name.lower().replace(" ", "-")
        price = factory(code=code, name=name, currency=self.currency, version=None, **more)
        for at, terms in self.versions.items():
            PriceVersionFactory(price=price, effective_at=at, **terms)
        return price


def _always(**terms: Any) -> Mapping[datetime, Mapping[str, Any]]:
    return {LONG_AGO: terms}


def _tier(up_to: int | None, amount: str) -> dict[str, Any]:
    return {"up_to": None if up_to is None else str(up_to), "unit_amount": amount}


_TIERS = [_tier(1000, "10"), _tier(5000, "6"), _tier(None, "2")]
SOLD = {
    "Server": Sold("31.00 a month", _always(unit_amount=Decimal(3100))),
    "Database": Sold(
        "30.00 a month, and 36.00 from April 11th on",
        {
            LONG_AGO: {"unit_amount": Decimal(3000)},
            NEW_PRICE_AT: {"unit_amount": Decimal(3600)},
        },
    ),
    "Requests": Sold("0.05 each", _always(unit_amount=Decimal(5)), "requests"),
    "Storage": Sold(
        "0.02 a gigabyte, 1,000 of them free in each cycle",
        _always(unit_amount=Decimal(2), allowance=Decimal(1000)),
        "storage",
    ),
    "Traffic": Sold(
        "0.10 each for the first 1,000 of a cycle, 0.06 up to 5,000, 0.02 above",
        _always(model="graduated", unit_amount=Decimal(0), tiers=_TIERS),
        "traffic",
    ),
    "Builds": Sold(
        "0.10 each up to 1,000 in a cycle; 0.06 each for all of them up to 5,000; 0.02 above",
        _always(model="volume", unit_amount=Decimal(0), tiers=_TIERS),
        "builds",
    ),
    "Messages": Sold(
        "2.00 for each 100 begun",
        _always(model="package", unit_amount=Decimal(200), package_size=Decimal(100)),
        "messages",
    ),
    "Lookups": Sold(
        "0.05 each, and 0.08 from April 11th on; 1,000 of them free in each cycle",
        {
            LONG_AGO: {"unit_amount": Decimal(5), "allowance": Decimal(1000)},
            NEW_PRICE_AT: {"unit_amount": Decimal(8), "allowance": Decimal(1000)},
        },
        "lookups",
    ),
    "Sensors": Sold("0.0007 each", _always(unit_amount=Decimal("0.07")), "sensors"),
    "Rack": Sold("10,000 yen a month", _always(unit_amount=Decimal(10000)), currency="jpy"),
}
