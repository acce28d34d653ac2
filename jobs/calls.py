"""Calls to Stripe about an invoice that no sync makes, as tasks make them."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from flask import current_app

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.reasons import Reason, calling_for
from dashboard.sync.work import Work, work_on
from dashboard.transaction import checkpoint
from jobs.syncs import owner

log = structlog.get_logger("jobs.calls")


def call_about(invoice: Invoice, reason: Reason, act: Callable[[Work], None]) -> None:
    """Do `act` under the invoice's lease; where that is not possible now, it is left for later.

    So it is while another worker writes the invoice, and where Stripe's answer is not known.
    """
    try:
        with (
            calling_for(reason),
            work_on(
                invoice,
                gateway=current_app.extensions["gateway"],
                checkpoint=checkpoint,
                clock=utc_now,
                pause=time.sleep,
                owner=owner(),
            ) as work,
        ):
            act(work)
    except (Busy, GatewayError) as why:
        log.info("call_waits", calls_for=reason, reason=why.message)
        db.session.rollback()
