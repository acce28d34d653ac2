"""What nobody expected ends a run too: in a state, with a sentence, and the invoice held."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select, text

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.records import LineContent, RemoteInvoice
from dashboard.gateway.stripe import StripeGateway
from dashboard.reading.sync_status import status_of
from dashboard.sync.broken import MOST_INTERRUPTIONS
from dashboard.sync.models import AddedLine, SyncRun
from dashboard.sync.request import due_for_sync
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.money import client_of
from tests.support.needs import on_hold
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer, gateway_of


class BrokenGateway(StripeGateway):
    """Meets something unexpected after lines were added: at Stripe they are there."""

    error: BaseException | None = None

    def add_lines(
        self, invoice_id: str, lines: Sequence[LineContent], *, run: str, key: str
    ) -> RemoteInvoice:
        """Add them, and break."""
        reply = super().add_lines(invoice_id, lines, run=run, key=key)
        if self.error is not None:
            raise type(self.error)(*self.error.args)
        return reply


@pytest.fixture
def broken(bill: Invoice, syncer: Syncer) -> Syncer:
    """Syncs a bill with one new line through a gateway that breaks at it."""
    gateway = gateway_of(BrokenGateway, syncer.simulator.url)
    syncer.gateway = gateway
    put(bill, a=4000)
    syncer.sync(bill)
    put(bill, b=200)
    gateway.error = KeyError("amount_remaining")
    return syncer


def again(run: SyncRun, syncer: Syncer, times: int) -> None:
    """Carry the run out again so many times, each once its wait and lease are over."""
    for _ in range(times):
        syncer.ahead += timedelta(minutes=20)
        syncer.carry_out(run)


def schedule(bill: Invoice, syncer: Syncer) -> int | None:
    """Return when Stripe would finalize the draft by itself."""
    return invoice_at_stripe(bill, syncer)["automatically_finalizes_at"]


def invoice_at_stripe(bill: Invoice, syncer: Syncer) -> dict[str, Any]:
    url = f"{syncer.simulator.url}/v1/invoices/{bill.stripe_invoice_id}"
    answer = requests.get(url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=5)
    return dict(answer.json())


def test_what_was_not_expected_is_tried_again_with_its_name_and_later(
    bill: Invoice, broken: Syncer
) -> None:
    run = broken.sync(bill)
    assert (run.state, run.error_code) == ("retrying", "unexpected")
    assert "KeyError" in str(run.error)
    assert run.next_attempt_at is not None
    assert run.next_attempt_at > broken.clock()
    assert bill.parked_at is None


def test_after_some_attempts_the_run_ends_and_the_invoice_waits_for_a_person(
    bill: Invoice, broken: Syncer
) -> None:
    assert schedule(bill, broken) is not None
    run = broken.sync(bill)
    again(run, broken, MOST_INTERRUPTIONS - 2)
    assert (run.state, bill.parked_at) == ("retrying", None)
    again(run, broken, 1)
    assert (run.state, run.error_code) == ("failed", "unexpected")
    assert bill.parked_code == "unexpected"
    assert "KeyError" in str(bill.parked_reason)
    # Shown on the organization's page and to whoever looks after the fleet, and on record.
    assert status_of(bill).state == "parked"
    assert on_hold() == [str(bill.id)]
    action = AuditEntry.action == "sync.given_up"
    assert len(db.session.scalars(select(AuditEntry).where(action)).all()) == 1
    # Nothing is sent by the clock, and Stripe does not bill the stale draft.
    assert bill.id not in due_for_sync(now=broken.clock() + timedelta(days=9), most=9)
    assert schedule(bill, broken) is None


def test_once_it_is_mended_a_sync_lets_the_invoice_go_on(bill: Invoice, broken: Syncer) -> None:
    run = broken.sync(bill)
    again(run, broken, MOST_INTERRUPTIONS - 1)
    broken.gateway.error = None  # type: ignore[attr-defined]  # it is a BrokenGateway
    mended = broken.sync(bill)
    assert (mended.state, mended.error, bill.parked_at) == ("succeeded", None, None)
    assert broken.lines(bill) == {"a": 4000, "b": 200}
    assert schedule(bill, broken) is not None


def test_a_row_that_the_database_refuses_is_undone_and_told(
    bill: Invoice, broken: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken.gateway.error = None  # type: ignore[attr-defined]  # it is a BrokenGateway

    def refused(*_arguments: object) -> None:
        db.session.execute(text("select 1 / 0"))

    monkeypatch.setattr("dashboard.sync.converge.keep_members", refused)
    run = broken.sync(bill)
    assert (run.state, run.error_code) == ("retrying", "unexpected")
    assert "DataError" in str(run.error)


def test_a_run_that_kills_its_worker_each_time_ends(bill: Invoice, broken: Syncer) -> None:
    broken.gateway.error = SystemExit(137)  # type: ignore[attr-defined]  # it is a BrokenGateway
    with pytest.raises(SystemExit):
        broken.sync(bill)
    run = db.session.scalars(select(SyncRun).order_by(SyncRun.id.desc()).limit(1)).one()
    for _ in range(MOST_INTERRUPTIONS - 1):
        with pytest.raises(SystemExit):
            again(run, broken, 1)
    db.session.refresh(run)
    assert run.state == "running"
    again(run, broken, 1)
    assert (run.state, bill.parked_code) == ("failed", "unexpected")
    assert "its worker ended" in str(run.error)
    assert schedule(bill, broken) is None


def test_a_run_that_a_killed_worker_left_goes_on_as_before(bill: Invoice, broken: Syncer) -> None:
    broken.gateway.error = SystemExit(137)  # type: ignore[attr-defined]  # it is a BrokenGateway
    with pytest.raises(SystemExit):
        broken.sync(bill)
    broken.gateway.error = None  # type: ignore[attr-defined]
    run = db.session.scalars(select(SyncRun).order_by(SyncRun.id.desc()).limit(1)).one()
    again(run, broken, 1)
    assert (run.state, run.interruptions) == ("succeeded", 1)


@pytest.mark.parametrize("odd", ["Stor\0age", "Stor\u202eage", "x" * 5000])
def test_odd_text_on_a_line_at_stripe_breaks_nothing(
    bill: Invoice, syncer: Syncer, odd: str
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    [line] = syncer.gateway.lines(str(bill.stripe_invoice_id))
    invoices, stripe_id = client_of(syncer).invoices, str(bill.stripe_invoice_id)
    invoices.update_lines(stripe_id, {"lines": [{"id": line.id, "description": odd}]})
    invoices.add_lines(stripe_id, {"lines": [{"amount": 100, "description": odd}]})
    run = syncer.sync(bill, verify=True)
    assert (run.state, run.error) == ("succeeded", None)
    [found] = db.session.scalars(select(AddedLine))
    assert "\0" not in found.description
    assert len(found.description) <= 500
    ours = [one for one in syncer.gateway.lines(str(bill.stripe_invoice_id)) if one.key == "a"]
    assert [one.description for one in ours] == ["Item a"]
    with transaction():
        assert status_of(bill).state == "differs"
