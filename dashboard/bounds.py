"""How much a request may be and how much of it is told back: every bound, in this one place.

What a bound refuses is refused before anything reads it. See docs/decisions/bounds.md.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KB = 1024


class Bound(NamedTuple):
    """How many bytes a body may have, and how many values where it is JSON."""

    bytes: int
    values: int


# A page's form, and one thing of the API: the longest reason has 2,000 characters.
SMALL = Bound(64 * KB, 2_000)
# A thousand services of five values, or a thousand keys of usage.
LIST = Bound(1024 * KB, 20_000)
# Ten thousand records of six values, and the records.
BATCH = Bound(6 * 1024 * KB, 80_000)
# An event of Stripe's, whose invoice has at most ten of its lines in it.
DELIVERY = Bound(1024 * KB, 0)
LARGEST = max(SMALL, LIST, BATCH, DELIVERY).bytes

USAGE_PATH = "/api/v1/usage"
DELIVERIES_PATH = "/webhooks/stripe"
LIST_PATHS = re.compile(
    r"/api/v1/organizations/[^/]+/(services|usage-cancellations(/preview)?)", re.ASCII
)

PATH_CHARACTERS = 8_000
QUERY_BYTES = 8 * KB
QUERY_PARTS = 50
FORM_PARTS = 200
# Of one JSON object; the largest that is documented has thirteen.
MOST_KEYS = 50
# So many mistakes are told. Of a longer list no more is looked at, or the answer would outgrow what
# was asked.
MOST_ERRORS = 100
EXCERPT = 80
SENTENCE = 500
LOGGED_PATH = 200
SEARCH = 200


def bound_of(path: str) -> Bound:
    """Return what the body of a request to `path` may be."""
    if path == USAGE_PATH:
        return BATCH
    if path == DELIVERIES_PATH:
        return DELIVERY
    return LIST if LIST_PATHS.fullmatch(path) else SMALL
