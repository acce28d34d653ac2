"""Which services of a meter are attached at an instant; pure.

Each begins and ends once, so that one pass over them in order of time answers for every instant:
asking each of them at each instant would take a day of an organization with ten thousands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from dashboard.recount.facts import Service


class Attached(NamedTuple):
    """How many prices count; the price, where it is one, and the service where that is alone."""

    prices: int = 0
    price_id: int | None = None
    service_id: int | None = None


NOBODY = Attached()


class Attachments:
    """Some services, by when they are attached."""

    def __init__(self, services: Iterable[Service]) -> None:
        moves: dict[datetime, list[tuple[int, Service]]] = defaultdict(list)
        for service in services:
            ended = service.detached_at
            if ended is None or ended > service.attached_at:
                moves[service.attached_at].append((1, service))
            if ended is not None and ended > service.attached_at:
                moves[ended].append((-1, service))
        self._instants = sorted(moves)
        self._states: list[Attached] = []
        prices, ids = Counter[int](), 0
        for instant in self._instants:
            for step, service in moves[instant]:
                prices[service.price_id] += step
                # Of one that is alone the sum is its id.
                ids += step * service.id
                if not prices[service.price_id]:
                    del prices[service.price_id]
            price_id = next(iter(prices)) if len(prices) == 1 else None
            is_alone = price_id is not None and prices[price_id] == 1
            self._states.append(Attached(len(prices), price_id, ids if is_alone else None))

    def at(self, instant: datetime) -> Attached:
        """Return what is attached at an instant."""
        place = bisect_right(self._instants, instant)
        return self._states[place - 1] if place else NOBODY
