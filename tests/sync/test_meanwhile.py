"""What others do while a call is under way is neither lost nor overwritten."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import current_app

from dashboard.billing.close import close
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.customer_records import CustomerDraft, RemoteCustomer
from dashboard.gateway.records import LineContent, RemoteInvoice
from dashboard.gateway.stripe import StripeGateway
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, due_for_sync, request_sync
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.sync_acts import seal
from tests.support.syncing import Syncer, gateway_of


class SlowGateway(StripeGateway):
    """Does something else once before a call returns, in a session of its own."""

    meanwhile: Callable[[], object] | None = None

    def _let_others(self) -> None:
        act, self.meanwhile = self.meanwhile, None
        if act is None:
            return
        app = current_app._get_current_object()  # type: ignore[attr-defined]

        def run() -> None:
            with app.app_context(), transaction():
                act()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(run).result()

    def update_lines(
        self, invoice_id: str, lines: Sequence[tuple[str, LineContent]], *, run: str, key: str
    ) -> RemoteInvoice:
        """Update, and let the others go before the reply is seen."""
        reply = super().update_lines(invoice_id, lines, run=run, key=key)
        self._let_others()
        return reply

    def finalize(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Finalize, and let the others go before the reply is seen."""
        reply = super().finalize(invoice_id, key=key)
        self._let_others()
        return reply

    def create_customer(self, draft: CustomerDraft, *, key: str) -> RemoteCustomer:
        """Create, and let the others go before the reply is seen."""
        reply = super().create_customer(draft, key=key)
        self._let_others()
        return reply


@pytest.fixture
def slow(syncer: Syncer) -> Syncer:
    """Syncs through a gateway during whose calls other things can happen."""
    return Syncer(gateway_of(SlowGateway, syncer.simulator.url), syncer.simulator)


def during_the_call(slow: Syncer, act: Callable[[], object]) -> None:
    """Do something during the next call that can be interrupted."""
    assert isinstance(slow.gateway, SlowGateway)
    slow.gateway.meanwhile = act


def changed(bill: Invoice, syncer: Syncer) -> None:
    """Bring the bill to Stripe, then let a line change."""
    put(bill, a=100)
    syncer.sync(bill)
    put(bill, a=200)


def due_tomorrow() -> list[int]:
    """Return what will be due within a day."""
    return due_for_sync(now=utc_now() + timedelta(days=1), most=10)


def test_usage_during_a_call_is_due_at_the_next_sync(
    bill: Invoice, syncer: Syncer, slow: Syncer
) -> None:
    changed(bill, syncer)
    bill_id = bill.id
    during_the_call(slow, lambda: put(db.session.get_one(Invoice, bill_id), a=300))
    assert slow.sync(bill).state == "succeeded"
    db.session.refresh(bill)
    assert bill.is_dirty
    assert due_tomorrow() == [bill.id]
    syncer.sync(bill)
    assert syncer.lines(bill) == {"a": 300}


def test_an_edit_told_during_a_call_is_looked_at_next(
    bill: Invoice, syncer: Syncer, slow: Syncer
) -> None:
    changed(bill, syncer)
    bill_id = bill.id

    def told() -> None:
        invoice = db.session.get_one(Invoice, bill_id)
        invoice.needs_verification = True
        invoice.next_sync_at = utc_now()

    during_the_call(slow, told)
    slow.sync(bill)
    assert due_tomorrow() == [bill.id]


def test_a_resync_asked_for_during_a_call_is_done_next(
    bill: Invoice, syncer: Syncer, slow: Syncer
) -> None:
    changed(bill, syncer)
    bill_id = bill.id

    def ask() -> None:
        invoice = db.session.get_one(Invoice, bill_id)
        request_sync(invoice, Request("support", verify=True), now=utc_now())

    during_the_call(slow, ask)
    slow.sync(bill)
    assert due_tomorrow() == [bill.id]


def test_a_payment_told_during_the_finalization_stays(
    bill: Invoice, syncer: Syncer, slow: Syncer
) -> None:
    put(bill, a=100)
    seal(bill)
    bill_id = bill.id

    def paid() -> None:
        invoice = db.session.get_one(Invoice, bill_id)
        invoice.status = invoice.stripe_status = "paid"
        invoice.paid_at = utc_now()

    during_the_call(slow, paid)
    slow.sync(bill, "final", verify=True)
    db.session.refresh(bill)
    assert (bill.status, bill.stripe_status) == ("paid", "paid")


def test_two_bills_that_meet_a_new_organization_use_one_customer(
    bill: Invoice, syncer: Syncer, slow: Syncer
) -> None:
    put(bill, a=100)
    with transaction():
        other = close(bill, now=bill.period_end)
    put(other, b=200)
    other_id = other.id
    # The other bill's first sync goes through while this one's customer is being created.
    during_the_call(slow, lambda: syncer.sync(db.session.get_one(Invoice, other_id)))
    assert slow.sync(bill).state == "succeeded"
    db.session.expire_all()
    organization = db.session.get_one(Organization, bill.organization_id)
    drafts = [syncer.gateway.invoice(str(one.stripe_invoice_id)) for one in (bill, other)]
    assert {draft.customer_id for draft in drafts} == {organization.stripe_customer_id}
