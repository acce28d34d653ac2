"""Service standing: moved by the clock, slice by slice."""

from __future__ import annotations

import time
from collections.abc import Collection

import structlog

from dashboard.clock import utc_now
from dashboard.restores.held import is_held
from dashboard.standing.look import look, next_slice
from jobs.apart import together_or_apart
from jobs.runtime import job
from jobs.walk import walk

# So many organizations at a time: three statements for each slice, and one for each that moves.
SIZE = 500
MOST_SECONDS = 50.0
log = structlog.get_logger("jobs.standing")


@job(queue="maintenance", timeout=120, is_alone=True)
def move_standings() -> None:
    """Give organizations that owe something late, or did, the standing that they have now."""
    if is_held():
        # What was paid meanwhile is not known yet.
        return
    walk("standing", _look, time.monotonic() + MOST_SECONDS)


def _look(place: int) -> int | None:
    found = next_slice(place, most=SIZE, now=utc_now())
    if found.organization_ids:
        together_or_apart(_move, found.organization_ids, failed=_failed)
    return found.next_place


def _move(organization_ids: Collection[int]) -> None:
    moved = look(organization_ids, now=utc_now())
    if moved:
        log.info("standings_moved", organizations=moved)


def _failed(organization_id: int, error: Exception) -> None:
    # It is found again at the next turn.
    log.error("standing_not_looked_at", organization_id=organization_id, exc_info=error)
