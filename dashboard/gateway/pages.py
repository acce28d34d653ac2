"""One page of a list at Stripe: a read is one page, and whoever has few reads counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class RemotePage(Generic[One]):
    """What of a page this installation made; `after` is where the next one goes on, if any."""

    items: Sequence[One]
    after: str | None
