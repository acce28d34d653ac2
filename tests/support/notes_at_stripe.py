"""Credit notes of a bill that is open at the simulator, as their job carries them out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import requests
from sqlalchemy import select

from dashboard.billing.corrections import keep_payments
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import WantedNote, plan_note
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.outcome import record_reading
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.issue_notes import carry_out_note
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import put
from tests.support.simulator import API_KEY
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer


@pytest.fixture
def issued(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill of 42.00 in two lines, open at Stripe."""
    put(bill, a=4000, b=200)
    seal(bill)
    close(bill, syncer)
    assert bill.status == "open"
    return bill


def plan(bill: Invoice, *, key: str = "k", shares: dict[str, int] | None = None, **cents: int):
    """Plan a note over items, by the names they were put under."""
    items = {item.key: item for item in items_of(bill)}
    lines = {items[name].id: amount for name, amount in cents.items()}
    wanted = WantedNote(lines, memo="For the outage", reason="Ticket 4711", **(shares or {}))
    with transaction():
        return plan_note(bill, wanted, key=key, actor=SUPPORT, now=utc_now())


def items_of(bill: Invoice) -> list[InvoiceItem]:
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == bill.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def credited(bill: Invoice) -> dict[str, int]:
    """Return what is taken off each item."""
    return {item.key: item.credited_cents for item in items_of(bill) if item.credited_cents}


def issue(note: CreditNote, syncer: Syncer) -> None:
    """Try to issue it once, as its job does."""
    with suppress(Busy, GatewayError), syncer.work_on(note.invoice) as work:
        carry_out_note(note, work)
    db.session.refresh(note)


def at_stripe(bill: Invoice, syncer: Syncer) -> list[int]:
    """Return the notes that Stripe has of the bill."""
    return [one.amount_cents for one in syncer.gateway.credit_notes(str(bill.stripe_invoice_id))]


def pay(bill: Invoice, syncer: Syncer) -> None:
    """Have a card pay it at Stripe, and read that."""
    customer = bill.organization.stripe_customer_id
    card = ask(syncer, "post", "payment_methods/pm_card_visa/attach", customer=customer)
    ask(syncer, "post", f"invoices/{bill.stripe_invoice_id}/pay", payment_method=card["id"])
    found = syncer.gateway.invoice(str(bill.stripe_invoice_id))
    with transaction():
        record_reading(bill, found, now=utc_now())
        keep_payments(bill, found.payments)
    assert bill.status == "paid"


def ask(syncer: Syncer, method: str, path: str, **sent: object) -> Any:
    """Make a call of somebody else's."""
    answer = requests.request(
        method,
        f"{syncer.simulator.url}/v1/{path}",
        **{"params" if method == "get" else "data": sent},
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    answer.raise_for_status()
    return answer.json()
