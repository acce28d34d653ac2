"""A reissued invoice is voided at Stripe once, and billed again with that, whatever happens.

Nothing is billed again before Stripe has voided it, and nothing is void without being billed again.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.outcome import record_reading
from dashboard.billing.reissue import plan_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.void_models import VoidCase
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.models import SyncStep
from dashboard.sync.stripe_calls.issued import VoidInvoice
from dashboard.sync.void_and_bill import planned_before, void_and_bill
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support import stripe_dashboard
from tests.support.billing import put
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer

TO_VOID = "/void$"


@pytest.fixture
def issued(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill of 42.00 in two lines, open at Stripe."""
    put(bill, a=4000, b=200)
    seal(bill)
    close(bill, syncer)
    assert bill.status == "open"
    return bill


@pytest.fixture
def planned(issued: Invoice) -> Reissue:
    """That it is taken back and billed again."""
    with transaction():
        return plan_reissue(
            issued, seen_cents=4200, reason="Wrong plan", key="k", actor=SUPPORT, now=utc_now()
        )


def carry_out(reissue: Reissue, syncer: Syncer) -> None:
    """Try it once, as its job does."""
    with suppress(Busy, GatewayError), syncer.work_on(reissue.invoice) as work:
        void_and_bill(reissue, work)
    db.session.refresh(reissue)
    db.session.refresh(reissue.invoice)


def billed_anew(reissue: Reissue) -> list[int]:
    """Return the lines that bill it again, wherever they are."""
    query = select(InvoiceItem.amount_cents).where(
        InvoiceItem.organization_id == reissue.organization_id, InvoiceItem.kind == "rebilled"
    )
    return sorted(db.session.scalars(query))


def status_at_stripe(reissue: Reissue, syncer: Syncer) -> str:
    return syncer.gateway.invoice(reissue.stripe_invoice_id).status


def is_done(reissue: Reissue, syncer: Syncer) -> bool:
    """Whether it was voided and billed again, once, and each knows of the other."""
    assert status_at_stripe(reissue, syncer) == "void"
    case = db.session.get_one(VoidCase, reissue.invoice_id, populate_existing=True)
    current = current_invoice(reissue.invoice.organization)
    assert billed_anew(reissue) == [200, 4000]
    assert (case.state, case.billed_on_id) == ("billed", current.id)
    assert current.total_cents == reissue.billed_cents == 4200
    return (reissue.state, reissue.error, reissue.invoice.status) == ("done", None, "void")


def untouched(reissue: Reissue) -> bool:
    """Whether nothing was billed again."""
    cases = select(func.count()).select_from(VoidCase)
    return billed_anew(reissue) == [] and db.session.scalar(cases) == 0


def test_it_is_voided_and_billed_anew_by_one_call(planned: Reissue, syncer: Syncer) -> None:
    syncer.operations()
    carry_out(planned, syncer)
    assert is_done(planned, syncer)
    assert syncer.operations()[0] == "POST POST /v1/invoices/{invoice}/void"
    carry_out(planned, syncer)
    assert is_done(planned, syncer)


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "error_before", "error_after", "rate_limited"]
)
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=23)])
def test_whatever_happens_to_the_call_it_is_billed_anew_once(
    planned: Reissue, syncer: Syncer, fault: str, ahead: timedelta
) -> None:
    kind, status = (fault, {}) if fault != "rate_limited" else ("error_before", {"status": 429})
    rule = syncer.simulator.fault(kind, TO_VOID, method="POST", **status)
    carry_out(planned, syncer)
    assert planned.state == "planned"
    assert untouched(planned)
    carry_out(planned, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    carry_out(planned, Syncer(syncer.gateway, syncer.simulator, ahead=ahead))
    assert is_done(planned, syncer)
    steps = select(SyncStep).where(SyncStep.operation == VoidInvoice.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


@pytest.mark.parametrize("dies_after", [1, 2])
def test_a_worker_that_dies_between_two_transactions_bills_it_anew_once(
    planned: Reissue, syncer: Syncer, dies_after: int
) -> None:
    """Whatever was committed is all that is left: the lease ends, and another worker goes on."""
    with pytest.raises(SystemExit), syncer.work_on(planned.invoice, commits=dies_after) as work:
        void_and_bill(planned, work)
    db.session.rollback()
    assert untouched(planned)
    carry_out(planned, Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(minutes=2)))
    assert is_done(planned, syncer)


@pytest.mark.parametrize("is_first", [True, False])
def test_what_stripe_tells_may_come_before_the_reply_is_kept_or_after(
    planned: Reissue, syncer: Syncer, is_first: bool
) -> None:
    if is_first:
        rule = syncer.simulator.fault("drop_after", TO_VOID, method="POST")
        carry_out(planned, syncer)
        syncer.simulator.delete(f"faults/{rule}")
    else:
        carry_out(planned, syncer)
    hear(planned, syncer)
    assert is_done(planned, syncer)
    carry_out(planned, syncer)
    assert is_done(planned, syncer)


@pytest.mark.parametrize("is_told", [True, False])
def test_somebody_who_voids_it_at_stripe_is_as_good(
    planned: Reissue, syncer: Syncer, is_told: bool
) -> None:
    stripe_dashboard.void(syncer.simulator.url, planned.stripe_invoice_id)
    if is_told:
        hear(planned, syncer)
        assert is_done(planned, syncer)
    carry_out(planned, syncer)
    assert is_done(planned, syncer)


@pytest.mark.parametrize("is_told", [True, False])
def test_what_was_paid_meanwhile_is_not_voided_and_says_so(
    planned: Reissue, syncer: Syncer, is_told: bool
) -> None:
    pay(planned, syncer)
    if is_told:
        hear(planned, syncer)
    carry_out(planned, syncer)
    assert planned.state == "refused"
    assert "was paid meanwhile" in (planned.error or "")
    assert "a credit note takes it back" in (planned.error or "")
    assert (planned.invoice.status, planned.invoice.parked_at) == ("paid", None)
    assert untouched(planned)
    with transaction():
        again = plan_reissue(
            planned.invoice, seen_cents=4200, reason="Wrong plan", key="again", actor=SUPPORT,
            now=utc_now(),
        )  # fmt: skip
    assert again.way == "credit"


def test_one_that_is_refused_when_it_is_made_again_ends(planned: Reissue, syncer: Syncer) -> None:
    """Stripe failed without doing it; by the time that is found out, somebody has paid."""
    rule = syncer.simulator.fault("error_before", TO_VOID, method="POST")
    carry_out(planned, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    pay(planned, syncer)
    carry_out(planned, syncer)
    carry_out(planned, syncer)
    assert planned.state == "refused"
    assert untouched(planned)
    steps = select(SyncStep).where(SyncStep.operation == VoidInvoice.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


def test_what_was_edited_at_stripe_meanwhile_stands(planned: Reissue, syncer: Syncer) -> None:
    """A revision asks for the money by now, and nobody looked at that one."""
    revision = stripe_dashboard.edit(syncer.simulator.url, planned.stripe_invoice_id)["id"]
    carry_out(planned, syncer)
    assert planned.state == "refused"
    assert "was edited at Stripe" in (planned.error or "")
    assert planned.invoice.stripe_invoice_id == revision
    assert syncer.gateway.invoice(revision).status != "void"
    assert untouched(planned)


def test_a_lost_job_is_found_again(planned: Reissue) -> None:
    now = utc_now()
    assert planned_before(now - timedelta(seconds=20), most=10) == []
    assert planned_before(now + timedelta(seconds=1), most=10) == [planned.id]


def hear(reissue: Reissue, syncer: Syncer) -> None:
    """Let an event or a reading tell of it first."""
    found = syncer.gateway.invoice(reissue.stripe_invoice_id)
    with transaction():
        record_reading(reissue.invoice, found, now=utc_now())
    db.session.refresh(reissue)


def pay(reissue: Reissue, syncer: Syncer) -> None:
    """Have it paid by other means, in Stripe's dashboard."""
    path = f"invoices/{reissue.stripe_invoice_id}/pay"
    stripe_dashboard.act(syncer.simulator.url, path, paid_out_of_band="true")
