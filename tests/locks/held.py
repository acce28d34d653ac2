"""What people do to a single bill before it is issued: hold it, release it, approve it."""

from __future__ import annotations

from dashboard.billing.close import seal_now
from dashboard.billing.locks import lock_invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.closing.hold import hold_bill
from dashboard.closing.people import APPROVAL_WANTED
from dashboard.sync.let_issue import approve_bill, release_bill
from tests.factories import SUPPORT
from tests.locks.stage import Stage


def let_issue(stage: Stage) -> None:
    """Hold a draft and release it, then approve one that was sealed above the limit."""
    invoice, now = stage.draft(), stage.now()
    hold_bill(invoice, reason="asked", actor=SUPPORT, now=now)
    release_bill(invoice, reason="asked", actor=SUPPORT, now=now)
    seal_now(invoice, now=now)
    put_on_hold(lock_invoice(invoice.id), APPROVAL_WANTED, "It waits.", now=now)
    total = invoice.total_cents
    approve_bill(invoice, total_cents=total, reason="asked", actor=SUPPORT, now=now)
