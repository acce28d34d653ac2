"""Roll-up: more lines than Stripe accepts become few enough, exact to the cent. Pure.

The smallest lines of one price become one line; the full detail stays in the ledger. Which lines
they are depends on the lines alone, so a rolled-up invoice still diffs to few calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.gateway.records import LineContent


@dataclass(frozen=True, slots=True)
class Member:
    """A line that may be rolled up, and the family (a price) it may be rolled up with."""

    line: LineContent
    family: str
    family_name: str


# When no family is large enough, whatever is left is rolled up together.
REST, REST_NAME = "rest", "Other items"


def roll_up(members: Sequence[Member], limit: int) -> tuple[LineContent, ...]:
    """Return at most `limit` lines with the same sum; those that stay keep their order.

    The largest family gives its smallest lines first; a family of which all is rolled up and that
    was not enough is followed by the next.
    """
    rolled: dict[str, list[Member]] = {}
    for family, lines in _by_size(members):
        excess = _count(members, rolled) - limit
        if excess <= 0 or len(lines) < 2:
            break
        # One line takes the place of those that go, so one more of them must go.
        rolled[family] = sorted(lines, key=_smallness)[: excess + 1]
    if _count(members, rolled) > limit:
        return roll_up([Member(one.line, REST, REST_NAME) for one in members], limit)
    gone = {one.line.key for lines in rolled.values() for one in lines}
    kept = [one.line for one in members if one.line.key not in gone]
    return (*kept, *(_line(family, lines) for family, lines in sorted(rolled.items())))


def _by_size(members: Sequence[Member]) -> list[tuple[str, list[Member]]]:
    families: dict[str, list[Member]] = defaultdict(list)
    for one in members:
        families[one.family].append(one)
    return sorted(families.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _count(members: Sequence[Member], rolled: dict[str, list[Member]]) -> int:
    return len(members) - sum(len(lines) - 1 for lines in rolled.values())


def _smallness(one: Member) -> tuple[int, str]:
    return abs(one.line.amount_cents), one.line.key


def _line(family: str, members: Sequence[Member]) -> LineContent:
    lines = sorted((one.line for one in members), key=lambda line: line.key)
    return LineContent(
        key=f"rollup:{family}",
        amount_cents=sum(line.amount_cents for line in lines),
        description=f"{members[0].family_name}: {len(lines)} smaller items together",
        period_start=min(line.period_start for line in lines),
        period_end=max(line.period_end for line in lines),
        members=_members(lines),
    )


def _members(lines: Sequence[LineContent]) -> tuple[tuple[str, int], ...]:
    """Return what all of them stand for: a line that a credit lowered stands for two and more."""
    cents: dict[str, int] = {}
    for line in lines:
        for key, part in line.members or ((line.key, line.amount_cents),):
            cents[key] = cents.get(key, 0) + part
    return tuple(cents.items())
