"""Which few of many get a color of their own; charts and lists ask here, and agree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

# As many as can be told apart by color, beside the gray of all others.
MOST = 5
OTHER = "Other"
Key = TypeVar("Key")


def largest(cents: Mapping[Key, int]) -> list[Key]:
    """Return the five that come to most, in the order in which `cents` names them.

    That order is the catalogue's and never changes, so neither does a color while the same five
    lead; whichever is in it, the first has the first color.
    """
    ranked = sorted(cents, key=lambda key: -abs(cents[key]))
    leading = set(ranked[:MOST])
    return [key for key in cents if key in leading]
