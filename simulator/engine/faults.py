"""Misbehaviour by rule: which request is hit, and by what.

A rule matches requests by method and by a regular expression over the path. It hits the nth match,
or each match with a probability (seeded, so a run can be repeated), or every match; `times` bounds
the hits.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from simulator.engine.store import new_id

KINDS = (
    "drop_before",  # the connection closes; nothing was executed
    "drop_after",  # executed and committed; the connection closes without a reply
    "error_before",  # an error status; nothing was executed, nothing kept under the key
    "error_after",  # executed and committed; an error status, which the key then replays
    "rate_limit",  # 429 with Stripe-Rate-Limited-Reason
    "lock_timeout",  # 429 without it, code lock_timeout
    "slow",  # waits `seconds`, then goes on
    "hold_before",  # held before the request counts as begun
    "hold_during",  # held with its idempotency key in flight, before executing
    "hold_after",  # held after the commit, before the reply
)


class BadRule(ValueError):
    """A rule that makes no sense; the message says why."""


@dataclass
class Rule:
    """One fault rule with its counters."""

    id: str
    kind: str
    path: re.Pattern[str]
    method: str | None = None
    nth: int | None = None
    probability: float | None = None
    times: int | None = None
    status: int = 500
    reason: str = "global-rate"
    seconds: float | None = None
    random: random.Random = field(default_factory=random.Random)
    matched: int = 0
    hits: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Count the request and say whether this rule hits it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method not in (None, method) or not self.path.search(path):
            return False
        self.matched += 1
        hit = self._hits_this_one()
        self.hits += hit
        return hit

    def facts(self) -> dict[str, Any]:
        """Return what the control surface shows."""
        names = ("id", "kind", "method", "nth", "probability", "times", "status", "reason")
        shown = {name: getattr(self, name) for name in (*names, "seconds", "matched", "hits")}
        return {**shown, "path": self.path.pattern}

    def _hits_this_one(self) -> bool:
        if self.nth is not None:
            return self.matched == self.nth
        if self.probability is not None:
            return self.random.random() < self.probability
        return True


class Faults:
    """The rules in force, asked once per request."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._lock = threading.Lock()

    def add(self, wanted: dict[str, Any]) -> Rule:
        """Put a rule in force. Raises BadRule for unknown kinds, fields or a bad expression."""
        rule = parse(wanted)
        with self._lock:
            self._rules[rule.id] = rule
        return rule

    def strike(self, method: str, path: str) -> Rule | None:
        """Return the first rule that hits this request; every rule it matches is counted."""
        if not self._rules:
            return None
        with self._lock:
            hits = [rule for rule in self._rules.values() if rule.strikes(method, path)]
        return hits[0] if hits else None

    def facts(self) -> list[dict[str, Any]]:
        """Return every rule with its counters, oldest first."""
        with self._lock:
            return [rule.facts() for rule in self._rules.values()]

    def remove(self, identifier: str | None = None) -> bool:
        """Lift one rule, or all of them; False if there is no such rule."""
        with self._lock:
            if identifier is None:
                self._rules.clear()
                return True
            return self._rules.pop(identifier, None) is not None


def parse(wanted: dict[str, Any]) -> Rule:
    """Return the rule that a control request describes. Raises BadRule."""
    known = {"method", "path", "nth", "probability", "seed", "times", "kind", "status", "reason"}
    unknown = sorted(set(wanted) - known - {"seconds"})
    if unknown:
        raise BadRule(f"Unknown field {unknown[0]!r} in a fault rule.")
    if wanted.get("kind") not in KINDS:
        raise BadRule(f"A fault's kind is one of {', '.join(KINDS)}.")
    try:
        path = re.compile(str(wanted.get("path", "")))
    except re.error as problem:
        raise BadRule(f"The path {wanted['path']!r} is not a regular expression.") from problem
    given = {name: wanted[name] for name in known & set(wanted) if wanted[name] is not None}
    seed = given.pop("seed", None)
    method = given.pop("method", None)
    given["path"] = path
    return Rule(
        id=new_id("fault"),
        method=method.upper() if method else None,
        seconds=wanted.get("seconds"),
        random=random.Random(seed),  # noqa: S311 - repeatable misfortune, not a secret
        **given,
    )
