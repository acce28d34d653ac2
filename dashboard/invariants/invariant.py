"""What an invariant is: one sentence, and one statement that finds where it does not hold.

A statement sees one moment of the database, so what others are writing meanwhile breaks none of
them. Each finds rows of (organization's id and slug, sequence of the invoice or null, what it is
about, currency or null, what is said, what was found); of `said` and `found` the amounts are in
minor units where there is a currency. It is given `organizations`, their ids, and `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# On which page of an organization it is mended, where it is not an invoice's own.
Place = Literal["invoice", "at_stripe", "usage", "syncs", "timeline"]


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that must hold; `said` and `found` name the two sides that are compared.

    `stops`: where it does not hold a bill may be wrong, so none of the organization is issued until
    a person has looked. The others only tell that something is late, or of money already billed.
    """

    name: str
    holds: str
    said: str
    found: str
    sql: str
    place: Place = "invoice"
    stops: bool = True
