"""That usage was refused is told to other systems, at most once a minute for each kind of it.

Nothing of a refused batch is kept, so what is told has a transaction of its own. A sender that is
wrong may be so a thousand times a second: what was told in this minute costs it nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from dashboard.outgoing.tell import Fact, tell
from dashboard.text import shown

MINUTE = 60
MOST_REASONS = 10
LONGEST = 200
# What this process told in the present minute; another may have told it too, and finds it taken.
_LOCK = Lock()
_told: dict[tuple[int, str], int] = {}


def fresh_refusals(
    token_id: int, problems: Sequence[Mapping[str, Any]], *, now: datetime
) -> dict[str, Mapping[str, Any]]:
    """Return by reason the first problem of each that was not told in this minute."""
    minute = int(now.timestamp()) // MINUTE
    found: dict[str, Mapping[str, Any]] = {}
    for one in problems:
        if len(found) < MOST_REASONS:
            found.setdefault(str(one["code"]), one)
    with _LOCK:
        fresh = {code: one for code, one in found.items() if _told.get((token_id, code)) != minute}
        if fresh:
            for key in [key for key, at in _told.items() if at != minute]:
                del _told[key]
            _told.update(dict.fromkeys(((token_id, code) for code in fresh), minute))
    return fresh


def tell_refused(
    token_id: int,
    sender: str,
    fresh: Mapping[str, Mapping[str, Any]],
    problems: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Tell that a batch was refused, for each of its reasons; the caller commits."""
    tell(list(_facts(token_id, sender, fresh, problems, now)), now=now)


def _facts(
    token_id: int,
    sender: str,
    fresh: Mapping[str, Mapping[str, Any]],
    problems: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Iterator[Fact]:
    minute = int(now.timestamp()) // MINUTE
    for code, first in fresh.items():
        yield Fact(
            kind="usage.refused",
            subject=f"{token_id}:{code}:{minute}",
            ordering_key=f"usage:{token_id}",
            at=now,
            data={
                "refusal": {
                    "sender": sender,
                    "code": code,
                    "records": sum(one["code"] == code for one in problems),
                    "first": {
                        "index": first["index"],
                        "field": first["field"],
                        "detail": shown(str(first["detail"]), most=LONGEST),
                    },
                }
            },
        )
