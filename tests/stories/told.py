"""The worked stories: what happens, and what every bill must come to, worked out by hand.

The sums on the right of each line are arithmetic in major units (`31.00 * 15/30`), evaluated as
exact fractions by the test and rounded once, to the minor unit, half away from zero.
"""

from __future__ import annotations

from tests.stories.story import END, Bill, Story
from tests.stories.subscribed import SUBSCRIBED

STORIES = (
    Story(
        "A fee for a whole month, paid",
        ("Server",),
        (("Apr 1", "attach", "Server", 2), END, ("May 3", "pay", 1)),
        (Bill({"Server": "2 * 31.00"}, "paid", "62.00"),),
    ),
    Story(
        "A fee from the middle of the month on",
        ("Server",),
        (("Apr 16", "attach", "Server", 1), END),
        (Bill({"Server": "31.00 * 15/30"}, "open", "15.50"),),
    ),
    Story(
        "One more, and fewer again",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 2),
            ("Apr 11", "quantity", "Server", 3),
            ("Apr 21", "quantity", "Server", 1),
            END,
        ),
        (Bill({"Server": "31.00 * (2 * 10/30 + 3 * 10/30 + 1 * 10/30)"}, "open", "62.00"),),
    ),
    Story(
        "A service that ends",
        ("Server",),
        (("Apr 1", "attach", "Server", 1), ("Apr 8", "detach", "Server"), END),
        (Bill({"Server": "31.00 * 7/30"}, "open", "7.23"),),
    ),
    Story(
        "A fee that costs more from a day on",
        ("Database",),
        (("Apr 1", "attach", "Database", 1), END),
        (Bill({"Database": "30.00 * 10/30 + 36.00 * 20/30"}, "open", "34.00"),),
    ),
    Story(
        "Usage, with parts of a cent until the end",
        ("Requests", "Sensors"),
        (
            ("Apr 2", "usage", "Requests", "1,234"),
            ("Apr 20", "usage", "Requests", "766"),
            ("Apr 20", "usage", "Sensors", "12,345"),
            END,
        ),
        (Bill({"Requests": "2000 * 0.05", "Sensors": "12345 * 0.0007"}, "open", "108.64"),),
    ),
    Story(
        "Usage beyond what is free, which begins again with each cycle",
        ("Storage",),
        (
            ("Apr 9", "usage", "Storage", "1,800"),
            END,
            ("May 9", "usage", "Storage", "900"),
            ("Jun 1", "end"),
        ),
        (
            Bill({"Storage": "(1800 - 1000) * 0.02"}, "open", "16.00"),
            Bill({}, "paid", "0"),
        ),
    ),
    Story(
        "Tiers that each cost their own",
        ("Traffic",),
        (("Apr 9", "usage", "Traffic", "4,000"), ("Apr 19", "usage", "Traffic", "3,500"), END),
        (Bill({"Traffic": "1000 * 0.10 + 4000 * 0.06 + 2500 * 0.02"}, "open", "390.00"),),
    ),
    Story(
        "One tier for all units",
        ("Builds",),
        (("Apr 9", "usage", "Builds", "900"), ("Apr 19", "usage", "Builds", "300"), END),
        (Bill({"Builds": "1200 * 0.06"}, "open", "72.00"),),
    ),
    Story(
        "Packages that are begun",
        ("Messages",),
        (("Apr 9", "usage", "Messages", "1,201"), END),
        (Bill({"Messages": "13 * 2.00"}, "open", "26.00"),),
    ),
    Story(
        "A new price in the cycle: what is free is used up once",
        ("Lookups",),
        (("Apr 5", "usage", "Lookups", "1,400"), ("Apr 15", "usage", "Lookups", "500"), END),
        (Bill({"Lookups": "(1400 - 1000) * 0.05 + 500 * 0.08"}, "open", "60.00"),),
    ),
    Story(
        "Usage that arrives after the bill was closed",
        ("Traffic",),
        (
            ("Apr 9", "usage", "Traffic", "900"),
            END,
            ("May 5", "usage", "Traffic", "300", "Apr 28"),
            ("Jun 1", "end"),
        ),
        (
            Bill({"Traffic": "900 * 0.10"}, "open", "90.00"),
            Bill({"Traffic, earlier cycle": "100 * 0.10 + 200 * 0.06"}, "open", "22.00"),
        ),
    ),
    Story(
        "A credit on the bill, and a charge",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 1),
            ("Apr 12", "adjust", "Credit for the outage", -1000),
            ("Apr 13", "adjust", "Installation", 4500),
            END,
        ),
        (
            Bill(
                {"Server": "31.00", "Credit for the outage": "-10.00", "Installation": "45.00"},
                "open",
                "66.00",
            ),
        ),
    ),
    Story(
        "A credit larger than the bill pays the next one, too",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 1),
            ("Apr 12", "adjust", "Credit for the outage", -5000),
            END,
            ("Jun 1", "end"),
        ),
        (
            Bill({"Server": "31.00", "Credit for the outage": "-50.00"}, "paid", "0"),
            Bill({"Server": "31.00"}, "open", "31.00 - 19.00"),
        ),
    ),
    Story(
        "Less than Stripe charges: asked for with the next bill",
        ("Requests",),
        (
            ("Apr 9", "usage", "Requests", "6"),
            END,
            ("May 9", "usage", "Requests", "100"),
            ("Jun 1", "end"),
        ),
        (
            Bill({"Requests": "6 * 0.05"}, "paid", "0"),
            Bill({"Requests": "100 * 0.05"}, "open", "5.00 + 0.30"),
        ),
    ),
    Story(
        "A credit note before the bill is paid",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 2),
            END,
            ("May 2", "note", 1, "Server", 1200),
            ("May 3", "pay", 1),
        ),
        (Bill({"Server": "2 * 31.00"}, "paid", "62.00 - 12.00", credited="12.00"),),
    ),
    Story(
        "A credit note after it was paid: back to the card",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 2),
            END,
            ("May 3", "pay", 1),
            ("May 4", "note", 1, "Server", 1200, "refund"),
        ),
        (Bill({"Server": "2 * 31.00"}, "paid", "62.00", credited="12.00", refunded="12.00"),),
    ),
    Story(
        "A credit note after it was paid: to the balance, which the next bill uses",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 2),
            END,
            ("May 3", "pay", 1),
            ("May 4", "note", 1, "Server", 1200, "balance"),
            ("Jun 1", "end"),
        ),
        (
            Bill({"Server": "2 * 31.00"}, "paid", "62.00", credited="12.00"),
            Bill({"Server": "2 * 31.00"}, "open", "62.00 - 12.00"),
        ),
    ),
    Story(
        "A credit note that was a mistake",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 2),
            END,
            ("May 2", "note", 1, "Server", 1200),
            ("May 3", "void_note", 1),
            ("May 4", "pay", 1),
        ),
        (Bill({"Server": "2 * 31.00"}, "paid", "62.00"),),
    ),
    Story(
        "A refund that leaves the bill as it is",
        ("Server",),
        (("Apr 1", "attach", "Server", 1), END, ("May 3", "pay", 1), ("May 6", "refund", 1, 500)),
        (Bill({"Server": "31.00"}, "paid", "31.00", refunded="5.00"),),
    ),
    Story(
        "Void, and billed again",
        ("Server",),
        (("Apr 1", "attach", "Server", 1), END, ("May 2", "reissue", 1), ("Jun 1", "end")),
        (
            Bill({"Server": "31.00"}, "void", "31.00"),
            Bill({"Server": "31.00", "Server, again": "31.00"}, "open", "62.00"),
        ),
    ),
    Story(
        "A service that had ended before the bill was made",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 1),
            END,
            ("May 11", "detach", "Server", "Apr 16"),
            ("Jun 1", "end"),
        ),
        (
            Bill({"Server": "31.00"}, "open", "31.00"),
            Bill({"Server, earlier cycle": "-31.00 * 15/30"}, "paid", "0"),
        ),
        balance="-15.50",
    ),
    Story(
        "A bill cut short on demand",
        ("Server", "Storage"),
        (
            ("Apr 1", "attach", "Server", 1),
            ("Apr 3", "usage", "Storage", "700"),
            ("Apr 16", "cut"),
            ("Apr 20", "usage", "Storage", "500"),
            END,
        ),
        (
            Bill({"Server": "31.00 * 15/30"}, "open", "15.50"),
            Bill({"Server": "31.00 * 15/30", "Storage": "200 * 0.02"}, "open", "19.50"),
        ),
    ),
    Story(
        "A quarter with a fee for each month",
        ("Server",),
        (("May 1", "attach", "Server", 1), ("Jul 1", "end")),
        (Bill({"Server": "3 * 31.00 * 61/91"}, "open", "62.34"),),
        organization={"cycle_interval": "quarter"},
    ),
    Story(
        "Yen, which have no hundredths",
        ("Rack",),
        (
            ("Apr 8", "attach", "Rack", 1),
            END,
            ("May 2", "note", 1, "Rack", 667),
            ("May 3", "pay", 1),
        ),
        (Bill({"Rack": "10000 * 23/30"}, "paid", "7667 - 667", credited="667"),),
        currency="jpy",
    ),
    *SUBSCRIBED,
)
