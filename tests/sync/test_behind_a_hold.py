"""A hold that a call's own reply ends: what it hid is held for then."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import LOST, put_on_hold, take_off_hold
from dashboard.clock import utc_now
from dashboard.sync.effects import record_invoice
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.sync_acts import add_foreign
from tests.support.syncing import Syncer


def test_a_difference_behind_another_hold_is_held_for_once_that_ends(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    add_foreign(syncer, bill, 500)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    put(bill, b=100)
    syncer.sync(bill)
    with transaction():
        take_off_hold(bill, now=utc_now())
        put_on_hold(bill, LOST, "Stripe does not have it.", now=utc_now())
    found = syncer.gateway.invoice(str(bill.stripe_invoice_id))
    # Of a second that nothing was told of: of one that is known it says nothing new.
    remote = replace(found, as_of=utc_now() + timedelta(seconds=5))
    work: Any = SimpleNamespace(invoice=bill, clock=utc_now)
    with transaction():
        record_invoice(work, remote)
    assert bill.parked_code == "billed_differently"
