"""One row of a timeline as its template shows it."""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """A sentence with its drawing; what is empty is left out.

    `code` follows the sentence as Stripe writes it. `note` is what more there is to know, `reason`
    what a person gave for it, `by` who it was, `address` the page of what it is about. `tone` is
    bad or notice where it wants to be seen, ok where money came in.
    """

    icon: str
    says: str
    code: str = ""
    note: str = ""
    reason: str | None = None
    by: str = ""
    address: str | None = None
    tone: str = ""
    # The note that can be pinned.
    pins: int | None = None


class Where(NamedTuple):
    """On whose timeline it is said, and whether to one of us."""

    slug: str
    for_staff: bool
