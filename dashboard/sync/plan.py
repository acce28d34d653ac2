"""The plan: what a sync would change at Stripe, in words and numbers. Pure and deterministic."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

from dashboard.gateway.protocol import LINES_PER_CALL
from dashboard.gateway.records import LineContent

Kind = Literal["remove", "update", "add"]


@dataclass(frozen=True, slots=True)
class Known:
    """A line as Stripe has it or last confirmed it.

    `line_id` None: not learned yet. `marked` False: the line does not carry our metadata (an
    adopted one), so it wants an update even where its content is right.
    """

    content: LineContent
    line_id: str | None
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One line to remove, update or add; `before` and `after` are None where there is none."""

    kind: Kind
    key: str
    line_id: str | None
    before: LineContent | None
    after: LineContent | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered changes that make Stripe's lines equal to the ledger's, and what they cost."""

    create: bool
    changes: tuple[Change, ...]
    unchanged: int
    cents_before: int
    cents_after: int
    reads: int
    # Calls beside those for the lines, as the one that switches tax.
    others: int = 0

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of one kind, in order."""
        return tuple(change for change in self.changes if change.kind == kind)

    @property
    def is_empty(self) -> bool:
        """Whether Stripe already has what the ledger says."""
        return not self.changes and not self.create

    @property
    def needs_line_ids(self) -> bool:
        """Whether a line must change whose id at Stripe no reply has shown yet."""
        return any(one.line_id is None for one in self.changes if one.kind != "add")

    @property
    def calls(self) -> int:
        """The number of calls to Stripe that applying it takes, reads included."""
        bulk = sum(ceil(len(self.of(kind)) / LINES_PER_CALL) for kind in KINDS)
        return int(self.create) + bulk + self.reads + self.others

    @property
    def hash(self) -> str:
        """A name for exactly these changes, so that what was previewed is what is applied.

        What they cost is no part of it: a preview does not read the ids that applying may have to.
        """
        named = {"create": self.create, "changes": [_change_json(one) for one in self.changes]}
        canonical = json.dumps(named, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain data: what a run keeps and a page shows."""
        return {
            "create": self.create,
            "changes": [_change_json(change) for change in self.changes],
            "unchanged": self.unchanged,
            "cents_before": self.cents_before,
            "cents_after": self.cents_after,
            "calls": self.calls,
        }


# Applied in this order: a line is gone or changed before a new one counts against Stripe's limit.
KINDS: tuple[Kind, ...] = ("remove", "update", "add")


def make_plan(
    desired: Sequence[LineContent],
    known: Sequence[Known],
    *,
    exists: bool,
    unwanted: Sequence[Known] = (),
    added_cents: int = 0,
) -> Plan:
    """Return the plan that leads from `known` (what Stripe has) to `desired` (the ledger).

    `unwanted` are lines added at Stripe that somebody decided to remove; `added_cents` is the sum
    of those that stay. A key that Stripe has twice keeps its best copy and loses the others.
    """
    kept, surplus = _one_per_key(desired, known)
    wanted = {line.key: line for line in desired}
    gone = [one for key, one in sorted(kept.items()) if key not in wanted]
    removed = [*gone, *surplus, *unwanted]
    changes = [
        *(Change("remove", one.content.key, one.line_id, one.content, None) for one in removed),
        *_updates(desired, kept),
        *(Change("add", one.key, None, None, one) for one in desired if one.key not in kept),
    ]
    touched = sum(1 for change in changes if change.kind == "update")
    unlearned = any(one.line_id is None for one in changes if one.kind != "add")
    return Plan(
        create=not exists and bool(desired),
        changes=tuple(changes),
        unchanged=len(desired) - touched - sum(1 for one in changes if one.kind == "add"),
        cents_before=sum(one.content.amount_cents for one in (*known, *unwanted)) + added_cents,
        cents_after=sum(one.amount_cents for one in desired) + added_cents,
        reads=ceil(len(known) / LINES_PER_CALL) if unlearned else 0,
    )


def _updates(desired: Iterable[LineContent], kept: dict[str, Known]) -> Iterable[Change]:
    for line in desired:
        one = kept.get(line.key)
        if one is not None and (one.content != line or not one.marked):
            yield Change("update", line.key, one.line_id, one.content, line)


def _one_per_key(
    desired: Sequence[LineContent], known: Sequence[Known]
) -> tuple[dict[str, Known], list[Known]]:
    """Return the line to keep for each key, and the surplus copies of keys that occur twice."""
    wanted = set(desired)
    kept: dict[str, Known] = {}
    surplus: list[Known] = []
    # A copy that is already right costs no update, so those are met first; the sort is stable.
    for one in sorted(known, key=lambda line: line.content not in wanted):
        if one.content.key in kept:
            surplus.append(one)
        else:
            kept[one.content.key] = one
    return kept, surplus


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "key": change.key,
        "before": None if change.before is None else line_json(change.before),
        "after": None if change.after is None else line_json(change.after),
    }


def line_json(line: LineContent) -> dict[str, Any]:
    """Return a line as plain data; instants as ISO 8601 in UTC."""
    return {
        "key": line.key,
        "amount_cents": line.amount_cents,
        "description": line.description,
        "period_start": line.period_start.isoformat(),
        "period_end": line.period_end.isoformat(),
    }
