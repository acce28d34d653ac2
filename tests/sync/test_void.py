"""Voided at Stripe before the ledger was done, or edited there: what stands is asked for once."""

import pytest
from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.support import stripe_dashboard
from tests.support.billing import put
from tests.support.syncing import Syncer


@pytest.fixture
def unsynced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A draft of 253.99 that Stripe finalized with 216.99 of it."""
    put(bill, a=21699)
    syncer.sync(bill)
    put(bill, b=3700)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    return bill


def case_of(bill: Invoice) -> VoidCase | None:
    """Return its case, if it has one."""
    return db.session.scalar(select(VoidCase).where(VoidCase.invoice_id == bill.id))


def following(bill: Invoice) -> dict[str, int]:
    """Return the items of the current invoice."""
    return {item.key: item.amount_cents for item in current_invoice(bill.organization).items}


def test_voided_before_it_was_reconciled_it_waits_and_the_rest_goes_on(
    unsynced: Invoice, syncer: Syncer
) -> None:
    stripe_dashboard.void(syncer.simulator.url, unsynced.stripe_invoice_id)
    syncer.sync(unsynced)
    assert (unsynced.status, unsynced.parked_code) == ("void", None)
    case = case_of(unsynced)
    assert case is not None
    assert case.cents == 21699
    assert list(following(unsynced).values()) == [3700]


def test_voided_after_it_was_reconciled_it_ends_the_same(unsynced: Invoice, syncer: Syncer) -> None:
    syncer.sync(unsynced)
    assert list(following(unsynced).values()) == [3700]
    stripe_id = str(unsynced.stripe_invoice_id)
    stripe_dashboard.void(syncer.simulator.url, stripe_id)
    tell_again(unsynced, syncer)
    case = case_of(unsynced)
    assert case is not None
    assert (unsynced.status, case.cents) == ("void", 21699)
    assert list(following(unsynced).values()) == [3700]


@pytest.mark.parametrize("voided_first", [True, False])
def test_what_stripe_asked_for_beyond_what_was_due_is_never_credited(
    bill: Invoice, syncer: Syncer, voided_first: bool
) -> None:
    put(bill, a=21699)
    syncer.sync(bill)
    put(bill, a=20000, b=3700)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    if not voided_first:
        syncer.sync(bill)
        assert sum(following(bill).values()) == 3700 - 1699
    stripe_dashboard.void(syncer.simulator.url, bill.stripe_invoice_id)
    if voided_first:
        syncer.sync(bill)
    else:
        tell_again(bill, syncer)
    case = case_of(bill)
    assert case is not None
    assert case.cents == 20000
    assert list(following(bill).values()) == [3700]


def test_a_revision_made_before_we_reconciled_is_the_bill(
    unsynced: Invoice, syncer: Syncer
) -> None:
    revision = stripe_dashboard.edit(syncer.simulator.url, unsynced.stripe_invoice_id)
    syncer.sync(unsynced)
    assert (unsynced.status, unsynced.stripe_invoice_id) == ("open", revision["id"])
    assert (case_of(unsynced), unsynced.parked_code) == (None, None)
    assert list(following(unsynced).values()) == [3700]


def tell_again(bill: Invoice, syncer: Syncer) -> None:
    """Let the ledger hear how the invoice is at Stripe."""
    with transaction():
        remote = syncer.gateway.invoice(str(bill.stripe_invoice_id))
        record_remote(bill, remote, now=syncer.clock())
