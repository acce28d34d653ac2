"""By how much acts on record moved the bill, as the history of its lines has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all

from dashboard.billing.change_models import ItemChange
from dashboard.billing.models import InvoiceItem
from dashboard.extensions import db

# What an act on a service causes, as the history calls it.
CAUSES = {"service.attached": "attach", "service.changed": "quantity", "service.detached": "detach"}


def moves_of(
    organization_id: int, instants: Collection[datetime]
) -> Mapping[tuple[datetime, str, int | None], int]:
    """Return by how many cents each service's acts of these instants moved the bill."""
    if not instants:
        return {}
    kept, line = ItemChange.__table__, InvoiceItem.__table__
    halves = [
        _half(organization_id, instants, kept, kept.c.cents),
        _half(organization_id, instants, line, line.c.amount_cents - line.c.carried_cents),
    ]
    moved: dict[tuple[datetime, str, int | None], int] = defaultdict(int)
    for at, cause, about_id, cents in db.session.execute(union_all(*halves)):
        moved[at, cause, about_id] += int(cents)
    return moved


def _half(
    organization_id: int, instants: Collection[datetime], of: Any, cents: ColumnElement[int]
) -> Any:
    is_then = of.c.changed_at.in_(sorted(instants))
    moved = func.sum(cents - of.c.cents_before)
    return (
        select(of.c.changed_at, of.c.cause, of.c.cause_id, moved)
        .where(of.c.organization_id == organization_id, is_then, of.c.cause.in_(CAUSES.values()))
        .group_by(of.c.changed_at, of.c.cause, of.c.cause_id)
    )
