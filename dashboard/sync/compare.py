"""Three-way comparison of a draft's lines: the ledger, what was last agreed, and Stripe. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboard.gateway.records import LineContent, RemoteLine
from dashboard.sync.plan import Known, line_json

State = Literal[
    "equal", "we_changed", "stripe_changed", "both_changed", "missing", "foreign", "duplicate"
]
# On the run's record a missing line becomes "unassigned" once its item was found pending.


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one line; the contents are None where that side has no such line."""

    state: State
    key: str | None
    line_id: str | None
    ours: LineContent | None
    agreed: LineContent | None
    theirs: LineContent | None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data for the run's record and its page."""
        sides = {"ours": self.ours, "agreed": self.agreed, "theirs": self.theirs}
        return {
            "state": self.state,
            "key": self.key,
            "line_id": self.line_id,
            **{name: None if one is None else line_json(one) for name, one in sides.items()},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every line of the three sides, classed; `known` is Stripe's side as a plan's start."""

    findings: tuple[Finding, ...]
    known: tuple[Known, ...]
    added: tuple[RemoteLine, ...]

    @property
    def differences(self) -> tuple[Finding, ...]:
        """The findings that are not `equal`."""
        return tuple(finding for finding in self.findings if finding.state != "equal")


def compare(
    desired: Sequence[LineContent], synced: Sequence[Known], remote: Sequence[RemoteLine]
) -> Comparison:
    """Class every line by who changed it since it was last agreed."""
    key_of = {one.line_id: one.content.key for one in synced if one.line_id is not None}
    known: list[Known] = []
    added: list[RemoteLine] = []
    for line in remote:
        key = line.key or key_of.get(line.id)
        if key is None:
            added.append(line)
        else:
            known.append(Known(content_of(line, key), line.id, marked=line.key is not None))
    findings = [
        *_of_keys(desired, synced, known),
        *(Finding("foreign", None, one.id, None, None, content_of(one, "")) for one in added),
    ]
    return Comparison(tuple(findings), tuple(known), tuple(added))


def content_of(line: RemoteLine, key: str) -> LineContent:
    """Return what a line at Stripe says, under our key."""
    return LineContent(key, line.amount_cents, line.description, line.period_start, line.period_end)


def _of_keys(
    desired: Sequence[LineContent], synced: Sequence[Known], known: Sequence[Known]
) -> list[Finding]:
    ours = {line.key: line for line in desired}
    agreed = {one.content.key: one.content for one in synced}
    theirs: dict[str, Known] = {}
    findings: list[Finding] = []
    for one in known:
        key = one.content.key
        if key in theirs:
            findings.append(
                Finding("duplicate", key, one.line_id, ours.get(key), None, one.content)
            )
        theirs.setdefault(key, one)
    for key in dict.fromkeys((*ours, *agreed, *theirs)):
        at_stripe = theirs.get(key)
        content = None if at_stripe is None else at_stripe.content
        state = _state(ours.get(key), agreed.get(key), content)
        if state is not None:
            line_id = None if at_stripe is None else at_stripe.line_id
            findings.append(Finding(state, key, line_id, ours.get(key), agreed.get(key), content))
    return findings


def _state(
    ours: LineContent | None, agreed: LineContent | None, theirs: LineContent | None
) -> State | None:
    """Return who moved, or None where a line is gone on both sides."""
    if ours == theirs:
        return None if ours is None else "equal"
    if agreed is not None and theirs is None:
        return "missing"
    if agreed is None or theirs == agreed:
        return "we_changed"
    return "stripe_changed" if ours == agreed else "both_changed"
