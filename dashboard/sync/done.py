"""What a run does at Stripe over all of its rounds: the changes it began with, and its repairs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dashboard.sync.plan import Plan

# As `Plan.to_json` has it: kind, key, and the line before and after, None where there is none.
Change = dict[str, Any]


def with_later(
    earlier: Sequence[Change], plan: Plan, *, wanted: Collection[str]
) -> tuple[Change, ...]:
    """Return the changes of a run whose next round goes by `plan`, one for each line. Pure.

    What goes on from where an earlier change led is one change with it; what begins elsewhere
    replaces it, as Stripe did not have what it was to change. `wanted`: the keys the ledger bills.
    A second copy of a line that the run added itself comes and goes without a trace.
    """
    lines = {one["key"]: one for one in earlier if _is_of_a_line(one, wanted)}
    copies = [one for one in earlier if not _is_of_a_line(one, wanted)]
    for one in plan.to_json()["changes"]:
        before = lines.get(one["key"])
        if _is_of_a_line(one, wanted):
            lines[one["key"]] = _after(before, one)
        elif (before is None or before["kind"] != "add") and one not in earlier:
            copies.append(one)
    return (*copies, *(one for one in lines.values() if one["before"] or one["after"]))


def moved_cents(changes: Sequence[Change]) -> int:
    """Return by how much the changes move the total of Stripe's draft."""
    return sum(_cents(one["after"]) - _cents(one["before"]) for one in changes)


def count_of(changes: Sequence[Change], kind: str) -> int:
    """Return how many of the changes are of one kind."""
    return sum(1 for one in changes if one["kind"] == kind)


def _is_of_a_line(one: Change, wanted: Collection[str]) -> bool:
    """Whether it is about the line of a key, and not about a surplus copy of it."""
    return one["kind"] != "remove" or one["key"] not in wanted


def _after(earlier: Change | None, later: Change) -> Change:
    if earlier is None or later["before"] != earlier["after"]:
        return later
    before, after = earlier["before"], later["after"]
    kind = "add" if before is None else "remove" if after is None else "update"
    return {"kind": kind, "key": later["key"], "before": before, "after": after}


def _cents(line: dict[str, Any] | None) -> int:
    return 0 if line is None else int(line["amount_cents"])
