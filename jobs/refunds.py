"""Refunds, made one by one as they are planned; what was lost on the way is found again."""

from __future__ import annotations

from functools import partial

from dashboard.billing.refund_models import Refund
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.restores.held import unless_calls_wait
from dashboard.sync.issue_notes import FORGOTTEN
from dashboard.sync.make_refunds import make_refund, planned_before
from jobs.calls import call_about
from jobs.runtime import job
from jobs.syncs import stripe_is_down

MOST = 500


@job(queue="interactive", timeout=300)
def carry_out_refund(refund_id: int) -> None:
    """Make a planned refund; where that is not possible now, it stays planned."""
    refund = db.session.get(Refund, refund_id)
    if refund is None or refund.state != "planned":
        return
    call_about(refund.invoice, "refund", partial(make_refund, refund))


@job(queue="maintenance", timeout=60)
def carry_out_refunds() -> None:
    """Queue the refunds that are still planned; none while Stripe is known to be down."""
    if not stripe_is_down():
        for refund_id in unless_calls_wait(planned_before(utc_now() - FORGOTTEN, most=MOST)):
            carry_out_refund.enqueue(refund_id)
