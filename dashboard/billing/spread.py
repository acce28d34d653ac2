"""Split an amount over the items of an invoice: whole minor units that add up to it."""

from __future__ import annotations

from collections.abc import Sequence


def spread(cents: int, rooms: Sequence[int]) -> list[int]:
    """Return a share of `cents` for each of `rooms`, in proportion and never more than it holds.

    All are minor units, and none is below zero. Each share is rounded down first; what is left goes
    one by one to the largest fractions, the first of equal ones first: so the same question has the
    same answer, and the shares add up to `cents`. Raises ValueError where the rooms hold less.
    """
    whole = sum(rooms)
    if not 0 <= cents <= whole:
        raise ValueError(f"{cents} do not fit into {whole}")
    if not cents:
        return [0] * len(rooms)
    shares, fractions = zip(*(divmod(cents * room, whole) for room in rooms), strict=True)
    left = cents - sum(shares)
    largest = sorted(range(len(rooms)), key=lambda place: -fractions[place])[:left]
    return [share + (place in largest) for place, share in enumerate(shares)]


def spread_in_steps(cents: int, rooms: Sequence[int], step: int) -> list[int]:
    """Return `spread`, with each share in whole `step`s of a currency that has no smaller ones.

    `cents` is a multiple of `step`, and so is what is used of each room. Raises ValueError.
    """
    if cents % step:
        raise ValueError(f"{cents} is no multiple of {step}")
    return [share * step for share in spread(cents // step, [room // step for room in rooms])]
