"""The differences between two bills, by product, service or item, which add up. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dashboard.pricing.exact import EXACT
from dashboard.reading.billed_parts import Part
from dashboard.reading.used_by import UsedBy

# What has no price, by its kind.
OTHERS = {
    "adjustment": "Charges and credits",
    "carry_over": "Carried over",
    "rebilled": "Billed again",
    "taken_back": "Taken back",
}
NOBODY = "No service named"
WAYS = ("product", "service", "item")


class Compared:
    """Something with its parts on two bills."""

    __slots__ = ()

    before: Sequence[Part]
    after: Sequence[Part]

    @property
    def before_cents(self) -> int:
        """What it came to."""
        return sum(part.cents for part in self.before)

    @property
    def after_cents(self) -> int:
        """What it comes to."""
        return sum(part.cents for part in self.after)

    @property
    def cents(self) -> int:
        """How much more that is; below zero for less."""
        return self.after_cents - self.before_cents


@dataclass(slots=True)
class Difference(Compared):
    """One thing on two bills."""

    name: str
    before: list[Part] = field(default_factory=list)
    after: list[Part] = field(default_factory=list)


def differences(
    before: Iterable[Part], after: Iterable[Part], of: Callable[[Part], tuple[Hashable, str]]
) -> list[Difference]:
    """Return what differs and what is equal, the largest difference first.

    `of` says what a part belongs to, and what that is called.
    """
    found: dict[Hashable, Difference] = {}
    for parts, side in ((before, "before"), (after, "after")):
        for part in parts:
            key, name = of(part)
            getattr(found.setdefault(key, Difference(name)), side).append(part)
    return sorted(found.values(), key=lambda one: (-abs(one.cents), -one.after_cents, one.name))


def by_price(part: Part) -> tuple[Hashable, str]:
    """All items of a price are one; a charge, a credit and what was carried over each its own."""
    if part.price_id is None:
        return ("item", part.item_id), part.description
    return ("price", part.price_id), part.price or ""


def by_item(part: Part) -> tuple[Hashable, str]:
    """Each fee and each price's usage is one, on whichever bill it is."""
    if part.kind == "recurring" and part.is_fee:
        name, service = part.description, part.service or ""
        return ("service", part.price_id, part.service_id), (
            name if service in name else f"{name} ({service})"
        )
    if part.is_usage:
        return ("usage", part.price_id), part.description
    return ("item", part.item_id), part.description


def by_product(part: Part) -> tuple[Hashable, str]:
    """All items of a product are one."""
    name = part.product if part.price_id is not None else OTHERS.get(part.kind, part.description)
    return name, name or ""


def by_service(part: Part) -> tuple[Hashable, str]:
    """All items of a service are one; usage is shared out before: see `shared_out`."""
    if part.price_id is None:
        name = OTHERS.get(part.kind, part.description)
        return name, name
    return ("service", part.service_id), part.service or NOBODY


def shared_out(parts: Iterable[Part], used: Sequence[UsedBy]) -> list[Part]:
    """Return the parts with usage shared out among the services that used it, to the cent.

    Tiers and allowance are of all services together, so each has its part of the whole amount, in
    proportion to its units.
    """
    units: dict[tuple[int, int | None], list[UsedBy]] = defaultdict(list)
    for one in used:
        units[one.cycle_id, one.price_id].append(one)
    found: list[Part] = []
    for part in parts:
        by = units.get((part.of_cycle_id, part.price_id)) if part.kind == "metered" else None
        found += _shares(part, by) if by else [part]
    return found


def _shares(part: Part, used: Sequence[UsedBy]) -> list[Part]:
    by_service: dict[int | None, Decimal] = defaultdict(Decimal)
    called: Mapping[int | None, str | None] = {one.service_id: one.service for one in used}
    for one in used:
        by_service[one.service_id] = EXACT.add(by_service[one.service_id], one.whole)
    cents = share_out(part.cents, list(by_service.values()))
    return [
        part._replace(service_id=service_id, service=called[service_id], cents=share)
        for service_id, share in zip(by_service, cents, strict=True)
    ]


def share_out(cents: int, weights: Sequence[Decimal]) -> list[int]:
    """Return whole cents in proportion to the weights, which add up to `cents`.

    What is left of rounding down goes to those that lost the most of it. Without weights above
    zero the first has all.
    """
    scaled = [max(int(EXACT.scaleb(weight, 12)), 0) for weight in weights]
    whole = sum(scaled)
    if not whole:
        return [cents, *[0] * (len(weights) - 1)]
    sign = -1 if cents < 0 else 1
    parts = [divmod(abs(cents) * weight, whole) for weight in scaled]
    left = abs(cents) - sum(share for share, _ in parts)
    first = sorted(range(len(parts)), key=lambda at: (-parts[at][1], at))[:left]
    return [sign * (share + (at in first)) for at, (share, _) in enumerate(parts)]
