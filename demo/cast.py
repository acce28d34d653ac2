"""The organizations of the demo, and what each is there to show: docs/demo.md is the tour."""

from __future__ import annotations

from demo.organizations import (
    OTHER_CARD,
    BillTo,
    DemoOrganization,
    Surge,
)
from demo.services import (
    FREE,
    HUNDREDS,
    IN_ARABIC,
    IN_YEN,
    LONG_NAMED,
    ORDINARY,
    QUIET,
    SMALL,
    THIRTY,
)

FIVE_MINUTES = DemoOrganization(
    "marble-freight", "Marble Freight", ORDINARY, ends_in_seconds=300, belongs_to_customer=True
)
EDITED = DemoOrganization(
    "foxglove-maps", "Foxglove Maps", ORDINARY, began_days=16, months=1, is_edited_at_stripe=True
)
# Those whose cycle ends soon come first, so that their story begins while the rest is made.
ENDING_SOON = (
    DemoOrganization(
        "velvet-radio", "Velvet Radio", QUIET, ends_in_seconds=30, belongs_to_customer=True
    ),
    FIVE_MINUTES,
)
# Bills as they mostly are, of every size.
ORDINARY_ONES = (
    DemoOrganization(
        "paper-lantern", "Paper Lantern Coffee", SMALL, began_days=12, months=12, size_percent=30,
        credit_cents=500, budget_cents=50_000, belongs_to_customer=True,
        bill_to=BillTo(("27 Lamp Street", "Springfield", "OR", "97000"), "00-2718281"),
    ),
    DemoOrganization(
        "harbour-robotics", "Harbour Robotics", THIRTY, began_days=20, months=12,
        budget_cents=320_000, surge=Surge("transfer", 1, 450), story="proposed",
        bill_to=BillTo(("4 Drydock Road", "Port Alder", "WA", "98000"), "00-3141592"),
    ),
    DemoOrganization(
        "nimbus-arcade", "Nimbus Arcade", HUNDREDS, began_days=24, months=1, size_percent=400
    ),
    DemoOrganization(
        "granite-ledger", "Granite Ledger", ORDINARY, began_days=14, months=4, size_percent=180,
        budget_cents=60_000, story="money_back",
    ),
    DemoOrganization(
        "moonlit-paper", "Moonlit Paper Works", IN_YEN, began_days=9, months=2, currency="jpy"
    ),
    DemoOrganization("pebble-analytics", "Pebble Analytics", FREE, began_days=10, months=1),
    DemoOrganization("empty-shelf", "Empty Shelf Stores", (), began_days=1, card=None),
)  # fmt: skip
# Money or truth in trouble, or about to be.
IN_TROUBLE = (
    EDITED,
    DemoOrganization(
        "copper-kettle", "Copper Kettle Media", ORDINARY, began_days=2, months=3,
        card=OTHER_CARD, story="declined", belongs_to_customer=True,
    ),
    DemoOrganization(
        "old-mill", "Old Mill Insurance", QUIET, began_days=20, months=3, days_until_due=14,
        card=None,
    ),
    DemoOrganization(
        "cedar-press", "Cedar Press", ORDINARY, began_days=1, months=1, story="on_hold"
    ),
    DemoOrganization(
        "juniper-books", "Juniper Books", QUIET, began_days=18, months=3, size_percent=40,
        days_until_due=30, card=None, story="void",
    ),
    DemoOrganization(
        "ninth-planet", "Ninth Planet Travel", ORDINARY, began_days=26, months=1, story="unpaid"
    ),
    DemoOrganization(
        "quartz-weather", "Quartz Weather", ORDINARY, began_days=3, months=1, story="expiring"
    ),
    DemoOrganization(
        "tidal-fitness", "Tidal Fitness", QUIET, began_days=7, size_percent=60, card=None,
        belongs_to_customer=True,
    ),
    DemoOrganization(
        "saltbox-studio", "Saltbox Studio", ORDINARY, ends_in_seconds=-600, months=2,
        story="closing", belongs_to_customer=True,
    ),
    DemoOrganization(
        "lumen-ferry", "Lumen Ferry", SMALL, began_days=8, months=2, size_percent=40,
        credit_cents=80_000, story="credited",
    ),
    DemoOrganization(
        "slate-harvest", "Slate Harvest", QUIET, began_days=6, months=1, story="renamed"
    ),
    DemoOrganization(
        "amber-signal", "Amber Signal", ORDINARY, began_days=11, months=1, story="taken_off"
    ),
)  # fmt: skip
ODD_NAMES = (
    DemoOrganization(
        "al-manara", "شركة المنارة للخدمات اللوجستية", IN_ARABIC, began_days=15, months=1,
        belongs_to_customer=True,
    ),
    DemoOrganization(
        "consolidated-northern",
        "The Consolidated Northern Agricultural Machinery, Seed and Refrigerated Haulage "
        "Cooperative of the Upper Valleys, Limited",
        LONG_NAMED, began_days=13, months=1,
    ),
)  # fmt: skip
ORGANIZATIONS = (*ENDING_SOON, *ORDINARY_ONES, *IN_TROUBLE, *ODD_NAMES)
