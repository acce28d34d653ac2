"""Strays: lines of ours that somebody unassigned at Stripe.

Such a line is off the draft, but its item waits in the customer's pending pool, and whatever
invoice is made next may sweep it up. The line is put back as a new one; what waits is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.gateway.records import RemoteLine
from dashboard.sync.calls import perform
from dashboard.sync.compare import Comparison
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.plan import Known
from dashboard.sync.stripe_calls.items import DeleteItem


def remove_strays(work: DraftWork, agreed: Sequence[Known], comparison: Comparison | None) -> bool:
    """Delete what waits of the lines that are missing; return whether Stripe was asked.

    It is asked once a run for each missing line, and only then: a line that is merely gone leaves
    nothing behind. Ends the transaction, so whoever planned must plan anew. Raises `GatewayError`.
    """
    customer = work.invoice.organization.stripe_customer_id
    if comparison is None or customer is None:
        return False
    there = {one.content.key for one in comparison.known}
    missing = {one.content.key for one in agreed} - there - work.sought
    if not missing:
        return False
    work.sought |= missing
    work.checkpoint()
    for item in work.gateway.pending_items(customer):
        key = item.key or item.old_key
        if key in missing:
            remove(work, item, str(key))
    return True


def remove(work: DraftWork, item: RemoteLine, key: str) -> None:
    """Delete one pending item and put on record that somebody unassigned its line."""
    perform(work, DeleteItem(item.id))
    work.run.findings = [
        one | {"state": "unassigned"} if (one["key"], one["state"]) == (key, "missing") else one
        for one in work.run.findings
    ]
    facts = {"key": key, "stripe_id": item.id, "amount_cents": item.amount_cents}
    facts |= {"currency": work.invoice.currency}
    write_entry("invoice.stray_removed", work.invoice, STRIPE, facts, now=work.clock())
