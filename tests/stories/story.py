"""What a worked story is made of: what is sold, what happens, and what is billed by that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

END = ("May 1", "end")


@dataclass(frozen=True)
class Bill:
    """What a bill comes to in the end: its lines by what they are for, and what became of it."""

    lines: Mapping[str, str]
    status: str
    due: str
    credited: str = "0"
    refunded: str = "0"
    # What a subscription bills on the same invoice; `due` is of both.
    theirs: str = "0"


@dataclass(frozen=True)
class Story:
    """What is sold, what happens on which day, and what is billed by that, bill by bill."""

    title: str
    sold: tuple[str, ...]
    happens: tuple[tuple[Any, ...], ...]
    bills: tuple[Bill, ...]
    # Of the customer at Stripe: positive is owed, negative is credit.
    balance: str = "0"
    currency: str = "usd"
    organization: Mapping[str, object] = field(default_factory=dict)
