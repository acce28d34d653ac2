"""What was looked at, what was seen, and what somebody has to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "look", "mend"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `to_do` says what to do; nothing where all is well.

    `look`: it works, and somebody should know. `mend`: something does not work, or will not.
    """

    name: str
    state: State
    seen: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """What was found in one place."""

    name: str
    findings: Sequence[Finding]


def ok(name: str, seen: str) -> Finding:
    """Return that all is well."""
    return Finding(name, "ok", seen)


def look(name: str, seen: str, to_do: str) -> Finding:
    """Return that it works, and what somebody may want to change."""
    return Finding(name, "look", seen, to_do)


def mend(name: str, seen: str, to_do: str) -> Finding:
    """Return that something has to be done, and what."""
    return Finding(name, "mend", seen, to_do)


def is_well(areas: Sequence[Area]) -> bool:
    """Whether nothing has to be mended."""
    return all(one.state != "mend" for area in areas for one in area.findings)
