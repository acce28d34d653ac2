"""What people do to a single bill before it is issued: hold it, release it, approve it."""

from __future__ import annotations

from dashboard.billing.close import seal_now
from dashboard.billing.locks import lock_invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.bulk.begin import Wish, begin, count_members
from dashboard.bulk.carry_on import carry_on
from dashboard.bulk.held import APPROVE
from dashboard.closing.hold import hold_bill
from dashboard.closing.people import APPROVAL_WANTED
from dashboard.sync.let_issue import approve_bill, release_bill
from dashboard.transaction import checkpoint
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


def approve_many(stage: Stage) -> None:
    """Approve what is above the limit by a slice of a bulk action."""
    invoice, now = stage.draft(), stage.now()
    seal_now(invoice, now=now)
    put_on_hold(lock_invoice(invoice.id), APPROVAL_WANTED, "It waits.", now=now)
    checkpoint()
    members = APPROVE.held_for(APPROVAL_WANTED, now=now)
    wish = Wish("asked", count_members(members), {"words": "all", "query": ""})
    act = begin(APPROVE, members, wish, actor=SUPPORT, now=stage.now())
    checkpoint()
    carry_on(act.id, now=stage.now())
