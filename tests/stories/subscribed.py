"""The worked stories of organizations that have a subscription at Stripe."""

from __future__ import annotations

from tests.stories.story import END, Bill, Story

SUBSCRIBED = (
    Story(
        "Billed with a subscription: one invoice for both",
        ("Server", "Requests"),
        (
            ("Apr 1", "attach", "Server", 1),
            ("Apr 10", "subscribe", 9900),
            END,
            ("May 9", "usage", "Requests", "840"),
            ("Jun 1", "end"),
            ("Jun 3", "pay", 2),
        ),
        (
            Bill({"Server": "31.00"}, "open", "31.00"),
            Bill(
                {"Server": "31.00", "Requests": "840 * 0.05"},
                "paid",
                "31.00 + 42.00 + 99.00",
                theirs="99.00",
            ),
        ),
    ),
    Story(
        "A credit note on what was billed with a subscription",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 2),
            ("Apr 10", "subscribe", 9900),
            END,
            ("Jun 1", "end"),
            ("Jun 2", "note", 2, "Server", 1200),
            ("Jun 3", "pay", 2),
        ),
        (
            Bill({"Server": "2 * 31.00"}, "open", "62.00"),
            Bill(
                {"Server": "2 * 31.00"},
                "paid",
                "62.00 + 99.00 - 12.00",
                credited="12.00",
                theirs="99.00",
            ),
        ),
    ),
    Story(
        "A subscription with a coupon, which is for its own lines",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 1),
            ("Apr 10", "subscribe", 9900),
            ("Apr 11", "coupon", 20),
            END,
            ("Jun 1", "end"),
        ),
        (
            Bill({"Server": "31.00"}, "open", "31.00"),
            Bill(
                {"Server": "31.00"},
                "open",
                "31.00 + 99.00 * 80/100",
                theirs="99.00 * 80/100",
            ),
        ),
    ),
    Story(
        "A subscription that is canceled: the bill goes alone again",
        ("Server",),
        (
            ("Apr 1", "attach", "Server", 1),
            ("Apr 10", "subscribe", 9900),
            END,
            ("May 20", "cancel_subscription"),
            ("Jun 1", "end"),
        ),
        (
            Bill({"Server": "31.00"}, "open", "31.00"),
            Bill({"Server": "31.00"}, "open", "31.00"),
        ),
    ),
)
