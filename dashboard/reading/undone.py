"""Charges and credits that were reversed on the same bill: each pair comes to nothing. Pure.

Who gets a bill has nothing of the two, so neither is on its pages, on its document, or among what
changed. The history, the list of charges and credits, the CSV and the API have every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar


class Entry(Protocol):
    """A line of a bill; `reverses`: the key of the line that it is the opposite of."""

    @property
    def key(self) -> str: ...
    @property
    def reverses(self) -> str | None: ...


Kind = TypeVar("Kind", bound=Entry)


def undone_keys(entries: Iterable[Kind], cents: Callable[[Kind], int]) -> frozenset[str]:
    """Return the keys of what was reversed and of what reversed it, where both come to nothing.

    `cents`: what a line comes to. A pair of which one is elsewhere, or carried over, is told.
    """
    by_key = {one.key: one for one in entries}
    pairs = [(by_key.get(one.reverses), one) for one in by_key.values() if one.reverses]
    return frozenset(
        key
        for first, second in pairs
        if first is not None and cents(first) + cents(second) == 0
        for key in (first.key, second.key)
    )
