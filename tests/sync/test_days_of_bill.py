"""The days of a bill as Stripe's draft names them: by the calendar its cycles are counted by."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.change import change_organization
from dashboard.sync.stripe_draft import days_of_bill
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import put
from tests.support.events import invoice_json
from tests.support.syncing import Syncer


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "2026-03-31 to 2026-04-30 (UTC)"),
        ("Europe/Berlin", "2026-04-01 to 2026-05-01 (Europe/Berlin)"),
    ],
)
def test_the_days_are_those_of_the_calendar(zone: str, words: str) -> None:
    start, end = (datetime(2026, month, day, 22, tzinfo=UTC) for month, day in ((3, 31), (4, 30)))
    assert days_of_bill(Invoice(period_start=start, period_end=end), zone) == words


def change(bill: Invoice, **wanted: object) -> None:
    """Change the organization."""
    with transaction():
        change_organization(bill.organization, wanted, now=utc_now(), actor=SUPPORT)


def end_early(bill: Invoice, at: datetime) -> None:
    """Let the cycle end earlier than it was to, as a change of cycle or an early roll does."""
    with transaction():
        bill.cycle.ends_at = bill.period_end = at


def test_a_draft_names_the_days_of_a_cycle_that_was_shortened(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    before = bill.automatically_finalizes_at
    end_early(bill, bill.period_end - timedelta(days=3))
    put(bill, a=200)
    syncer.sync(bill)
    said = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))["description"]
    assert f"to {bill.period_end:%Y-%m-%d} (" in said
    assert before - bill.automatically_finalizes_at == timedelta(days=3)
    syncer.operations()
    syncer.sync(bill)
    assert syncer.operations() == []


def test_a_bill_that_was_rolled_early_is_issued_with_the_days_it_has(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    change(bill, collection_method="send_invoice", days_until_due=14)
    end_early(bill, bill.period_end - timedelta(days=3))
    with transaction():
        seal_now(bill, now=utc_now())
    syncer.sync(bill, "final", verify=True)
    issued = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    assert f"to {bill.period_end:%Y-%m-%d} (" in issued["description"]
    assert (issued["status"], issued["collection_method"]) == ("open", "charge_automatically")


def test_another_calendar_is_for_the_cycles_to_come(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    with transaction():
        bill.organization.cycle_zone = "Asia/Kolkata"
    syncer.operations()
    syncer.sync(bill, verify=True)
    assert "POST POST /v1/invoices/{invoice}" not in syncer.operations()


def test_a_draft_of_an_older_release_is_told_no_days(bill: Invoice, syncer: Syncer) -> None:
    """What it says is not known, so it is left as it is."""
    put(bill, a=100)
    syncer.sync(bill)
    with transaction():
        bill.agreed_terms = {"collection_method": "charge_automatically", "days_until_due": None}
    syncer.operations()
    syncer.sync(bill, verify=True)
    assert "POST POST /v1/invoices/{invoice}" not in syncer.operations()
