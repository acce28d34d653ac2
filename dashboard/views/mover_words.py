"""What a mover is said to be, and how its bar is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from dashboard.reading.billed_parts import Part
from dashboard.reading.differences import Difference
from dashboard.reading.movers import Mover
from dashboard.views.formatting import money, quantity

WIDTH = 148
EDGE = 4


class Said(NamedTuple):
    """Words, and the name of the service that they end with."""

    words: str
    service: str | None = None


def said_of(mover: Mover) -> Said:
    """Return what happened to it: 3 attached on 11 Nov; since 20 Nov, on `replay`."""
    one = mover.difference
    parts = one.after or one.before
    if any(part.is_usage for part in parts):
        return _of_usage(mover)
    if parts[0].is_fee:
        return Said(_of_fees(one))
    when = _when(part.created_at for part in parts)
    return Said(when if one.after else f"{when}, in the last cycle")


def rest_words(rest: Difference, currency: str) -> str:
    """Return what everything else is; a charge or credit in it is named if it is the only one."""
    made = [part for part in rest.after if part.kind == "adjustment"]
    if len(made) != 1:
        return "Everything else"
    what = "credit" if made[0].cents < 0 else "charge"
    return f"Everything else, with the {money(abs(made[0].cents), currency)} {what}"


def _of_usage(mover: Mover) -> Said:
    one = mover.difference
    if not one.before:
        first = "not used in the last cycle by then"
    elif not one.after:
        first = "not used yet in this cycle"
    else:
        first = f"since {short(mover.since)}" if mover.since else ""
    if mover.service is None:
        return Said(first or "since the cycle started")
    return Said(f"{first}, on" if first else "on", mover.service)


def _of_fees(one: Difference) -> str:
    before, after = _services(one.before), _services(one.after)
    new = [part for service_id, part in after.items() if service_id not in before]
    gone = [part for service_id, part in before.items() if service_id not in after]
    if new and gone:
        return f"{len(new)} attached, {len(gone)} detached"
    if new:
        return f"{len(new)} attached {_when(part.attached_at for part in new)}"
    if gone:
        return f"{len(gone)} detached {_when(part.detached_at for part in gone)}".strip()
    counts = [sum(part.quantity for part in some.values()) for some in (before, after)]
    if counts[0] != counts[1]:
        return f"{quantity(counts[1])} instead of {quantity(counts[0])}"
    versions = [{part.price_version_id for part in some} for some in (one.before, one.after)]
    if versions[0] != versions[1]:
        return "at a new price"
    return "for more of the cycle" if one.cents > 0 else "for less of the cycle"


def _services(parts: Iterable[Part]) -> dict[int | None, Part]:
    return {part.service_id: part for part in parts}


def _when(instants: Iterable[datetime | None]) -> str:
    """Return the day that all of them are on, or the first of their days."""
    days = sorted({one.date() for one in instants if one is not None})
    if not days:
        return ""
    return f"{'on' if len(days) == 1 else 'since'} {short(days[0])}"


def short(day: date | None) -> str:
    """Return a day of this cycle: 20 Nov."""
    return f"{day:%-d %b}" if day else ""


class Bar(NamedTuple):
    """A bar of a drawing `WIDTH` wide: to the right of `zero` is more, to the left less."""

    x: str
    width: str
    zero: str
    is_less: bool


def bars(cents: Sequence[int]) -> list[Bar]:
    """Return a bar for each difference, all on one scale around one zero."""
    more, less = max([*cents, 0]), -min([*cents, 0])
    scale = (WIDTH - 2 * EDGE) / (more + less) if more + less else 0
    zero = EDGE + less * scale
    return [
        Bar(
            f"{zero + min(one, 0) * scale:.1f}",
            f"{abs(one) * scale:.1f}",
            f"{zero:.1f}",
            one < 0,
        )
        for one in cents
    ]


def percent(cents: int, of: int) -> str:
    """Return a difference as a share of what it was: +20.5%; nothing where that says nothing."""
    if of <= 0:
        return ""
    thousandths = abs(cents) * 1000 // of
    sign = "+" if cents >= 0 else "\N{MINUS SIGN}"
    return f"{sign}{thousandths // 10}.{thousandths % 10}%"
