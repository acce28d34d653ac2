"""What a cycle reached of its budget is told to other systems, once for each threshold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Row

from dashboard.outgoing.tell import Fact, tell

# What the statements that note alerts return of each.
NOTED = "id, organization_id, kind, percent, budget_cents, cents, currency, is_news"


def tell_crossed(noted: Iterable[Row[tuple[object, ...]]], *, now: datetime) -> None:
    """Tell of alerts that were just noted; of several that one look found, of the highest."""
    tell([_fact(one, now) for one in noted if one.is_news], now=now)


def _fact(alert: Row[tuple[object, ...]], now: datetime) -> Fact:
    return Fact(
        kind="budget.crossed",
        subject=str(alert.id),
        ordering_key=f"organization:{alert.organization_id}",
        at=now,
        data={
            "budget": {
                "of": alert.kind,
                "percent": alert.percent,
                "amount_cents": alert.budget_cents,
                "cents": alert.cents,
                "currency": alert.currency,
            }
        },
        organization_id=alert.organization_id,
    )
