"""Stripe's JSON of subscriptions to our records; shapes of API version 2026-10-28."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.gateway.errors import OddObject
from dashboard.gateway.odd import MOST_OF_A_WORD, cut, instant, moment
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.gateway.taxes import automatic_tax


def parse_subscription(
    data: Mapping[str, Any], *, as_of: datetime | None = None
) -> RemoteSubscription:
    """Return the subscription in `data`; raise `OddObject` for one without items."""
    items = data["items"]["data"]
    if not items:
        raise OddObject("it has no items")
    ends = [moment(one, "current_period_end") for one in items]
    recurring = items[0]["price"].get("recurring") or {}
    intervals = [one["price"].get("recurring") or {} for one in items]
    kinds = {(one.get("interval"), one.get("interval_count")) for one in intervals}
    customer = data["customer"]
    return RemoteSubscription(
        id=data["id"],
        customer_id=customer if isinstance(customer, str) else str(customer["id"]),
        status=str(data["status"])[:MOST_OF_A_WORD],
        currency=data["currency"],
        anchor_at=moment(data, "billing_cycle_anchor"),
        period_start=moment(items[0], "current_period_start"),
        period_end=min(ends),
        periods_differ=len(set(ends)) > 1 or len(kinds) > 1,
        interval=str(recurring.get("interval") or ""),
        interval_count=int(recurring.get("interval_count") or 1),
        paused_how=cut((data.get("pause_collection") or {}).get("behavior"), MOST_OF_A_WORD),
        ends_at=instant(data, "ended_at") or instant(data, "cancel_at"),
        as_of=as_of,
        automatic_tax=automatic_tax(data)[0],
    )
