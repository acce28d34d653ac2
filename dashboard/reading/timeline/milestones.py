"""When bills were issued, paid, declined, void or given up: the invoices' own instants.

They stand on the invoice whoever brought the news, a reply or an event; the audit trail has only
what an event brought.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String, case, column, select, true, values

from dashboard.billing.lost_customer import NOBODY_CHARGES
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.reading.timeline.happening import Happening, Milestone
from dashboard.reading.timeline.wanted import Window

SOURCE = "milestones"
# Of a customer who was deleted at Stripe nobody declined anything.
_DECLINED_AT = case(
    (Invoice.payment_failure.is_distinct_from(NOBODY_CHARGES), Invoice.payment_failed_at)
)
# In the order in which they come: of one instant the later one is the newer.
STEPS = {
    "issued": (Invoice.finalized_at, "bill"),
    "declined": (_DECLINED_AT, "money"),
    "uncollectible": (Invoice.uncollectible_at, "money"),
    "void": (Invoice.voided_at, "money"),
    "paid": (Invoice.paid_at, "money"),
    "confirm": (Invoice.action_required_at, "money"),
}
OF = frozenset(kind for _, kind in STEPS.values())
# Ids of steps: those of an invoice begin at its id times this.
ROOM = 8


def read_milestones(window: Window) -> list[Happening]:
    """Return the newest steps of an organization's bills."""
    return [
        Happening(one.at, window.rank, one.id, SOURCE, STEPS[one.step][1], one)
        for one in map(Milestone._make, db.session.execute(_query(window)))
    ]


def _query(window: Window) -> Any:
    kind = window.wanted.kind
    wanted = [
        (name, number, at, of)
        for number, (name, (at, of)) in enumerate(STEPS.items())
        if kind in (None, of)
    ]
    steps = (
        values(
            column("step", String),
            column("number", Integer),
            column("at", DateTime(timezone=True)),
            name="steps",
        )
        .data([(name, number, at) for name, number, at, _ in wanted])
        .lateral()
    )  # fmt: skip
    row_id = (Invoice.id * ROOM + steps.c.number).cast(BigInteger)
    return (
        select(
            row_id,
            steps.c.at,
            steps.c.step,
            Invoice.sequence,
            Invoice.number,
            Invoice.currency,
            Invoice.total_cents,
            Invoice.amount_paid_cents,
            Invoice.payment_failure,
            Invoice.decline["code"].astext,
        )
        .select_from(Invoice)
        .join(steps, true())
        .where(
            Invoice.organization_id == window.wanted.organization_id,
            steps.c.at.is_not(None),
            *window.holds(steps.c.at, row_id),
        )
        .order_by(steps.c.at.desc(), row_id.desc())
        .limit(window.size)
    )
