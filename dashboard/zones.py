"""Calendar zones by their names, with the rules that this release comes with.

Not the machine's: two machines with rules of different years would end a cycle at different times.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

# Names that a computer's own settings stand behind, or that nobody lives by.
_ODD = frozenset({"Factory", "localtime", "posixrules"})


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones that a calendar may be kept in, by name."""
    listed = resources.files("tzdata").joinpath("zones").read_text().split()
    return tuple(sorted({"UTC", *listed} - _ODD))


def is_zone(name: str) -> bool:
    """Whether there is a zone of that name."""
    return name in zone_names()


@cache
def zone_named(name: str) -> tzinfo:
    """Return the zone; raise ValueError if there is none of that name."""
    if name == "UTC":
        return UTC
    if not is_zone(name):
        raise ValueError(f"There is no time zone {name!r}")
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
