"""What Stripe tells: events come a while after what they tell of."""

from __future__ import annotations

import time
from typing import Any

from dashboard.gateway.conformance.bench import Bench, Differs, granted

EVENTS_SETTLE_SECONDS = 15


def told_of(bench: Bench, kind: str, object_id: str, since: int) -> dict[str, Any]:
    """Return what the event of this kind about this object carries, once it is there."""
    query = {"types": [kind], "created": {"gte": since}, "limit": 100}
    end = time.monotonic() + EVENTS_SETTLE_SECONDS
    while time.monotonic() < end:
        events = granted(bench.api.get("events", **query))["data"]
        for event in events:
            if event["data"]["object"]["id"] == object_id:
                told: dict[str, Any] = event["data"]
                return told
        time.sleep(0.5)
    raise Differs(f"no {kind} of {object_id} was sent")
