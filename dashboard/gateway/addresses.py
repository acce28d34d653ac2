"""Addresses as Stripe tells them and is told them: six parts, of which any may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.gateway.odd import cut

PARTS = ("line1", "line2", "city", "state", "postal_code", "country")
# What a document has room for.
MOST_OF_A_PART = 200


def address_of(told: Any) -> dict[str, str]:
    """Return the parts of an address that say anything; none where Stripe told no address."""
    if not isinstance(told, Mapping):
        return {}
    parts = ((name, told.get(name)) for name in PARTS)
    return {name: cut(said, MOST_OF_A_PART) for name, said in parts if _is_text(said)}


def address_lines(address: Mapping[str, str] | None) -> Iterator[str]:
    """Yield the lines of an address as they are written on a letter in most places."""
    address = address or {}
    line1, line2, city, state, code, country = (address.get(name, "") for name in PARTS)
    place = ", ".join(filter(None, (city, " ".join(filter(None, (state, code))))))
    yield from filter(None, (line1, line2, place, country))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
