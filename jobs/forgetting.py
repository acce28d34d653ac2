"""What is over for long goes, in slices: each is a short transaction, so it may end anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import current_app

from dashboard.bulk.forget import forget_members
from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.outgoing.endpoints import seal_secrets_anew
from dashboard.outgoing.forget import forget_told
from dashboard.sync.forget import forget_runs
from dashboard.usage.forget import forget_keys
from dashboard.webhooks.forget import forget_events, prune_lines
from jobs.runtime import job
from jobs.walk import Slice, walk

# A few dozen milliseconds each.
ROWS, PAGES = 1000, 200
MOST_SECONDS = 300.0


@job(queue="maintenance", timeout=600, is_alone=True)
def forget_old() -> None:
    """Remove runs, events and keys that are older than the settings keep them."""
    ends_at = time.monotonic() + MOST_SECONDS
    seal_secrets_anew(current_app.extensions["config"].signing_keys)
    for name, forget in slices(current_app.extensions["config"], utc_now()):
        walk(name, forget, ends_at)


def slices(config: Config, now: datetime) -> Iterator[tuple[str, Slice]]:
    """Yield what is to be removed slice by slice, and under which name its place is kept."""

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    if days := config.sync_runs_kept_days:
        runs = before(days)
        yield "runs", lambda place: forget_runs(place, before=runs, most=ROWS)
        # What failed of them is told by their runs and by the audit trail.
        yield "bulk", lambda place: forget_members(place, before=runs, most=ROWS)
    if days := config.webhook_events_kept_days:
        events = before(days)
        yield "events", lambda place: forget_events(place, before=events, most=ROWS)
        yield "lines", lambda place: prune_lines(place, now=now, most=PAGES)
    if days := config.outgoing_events_kept_days:
        told = before(days)
        yield "told", lambda place: forget_told(place, before=told, most=ROWS)
    if days := config.keys_kept_days:
        keys = before(days)
        yield "keys", lambda place: forget_keys(place, before=keys, most=PAGES)
