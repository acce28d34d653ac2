"""Runs of long ago go with their steps; what anybody still goes by stays, however old it is."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.extensions import db
from dashboard.sync.forget import forget_runs
from dashboard.sync.models import SyncRun, SyncStep
from dashboard.transaction import rollback, transaction
from tests.factories import NOW, make_organization
from tests.people import bill_of

OLD = NOW - timedelta(days=500)
BEFORE = NOW - timedelta(days=400)


pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def bill() -> Invoice:
    """An invoice that was paid."""
    with transaction():
        invoice = bill_of(make_organization())
        invoice.status = "sealed"
        db.session.flush()
        invoice.status = "paid"
    return invoice


def run(bill: Invoice, *, at: datetime = OLD, outcome: str | None = "done", **more: object) -> int:
    """Return the id of a run with one step, both committed."""
    values = {"state": "succeeded", "trigger": "scheduled", "actor_kind": "system"} | more
    with transaction():
        made = SyncRun(
            organization_id=bill.organization_id,
            invoice=bill,
            actor_label="clock",
            created_at=at,
            **values,
        )
        made.steps.append(
            SyncStep(
                organization_id=bill.organization_id,
                invoice_id=bill.id,
                position=1,
                operation="update_lines",
                body={},
                idempotency_key=f"key-{at.timestamp()}-{len(kept())}",
                fence=1,
                sent_at=at,
                outcome=outcome,
            )
        )
        db.session.add(made)
    return made.id


def kept() -> list[int]:
    """Return the ids of the runs that are there."""
    return list(db.session.scalars(select(SyncRun.id).order_by(SyncRun.id)))


def forget(most: int = 100) -> None:
    """Go through all of them, so many at a time."""
    place: int | None = 0
    while place is not None:
        with transaction():
            place = forget_runs(place, before=BEFORE, most=most)


def test_what_is_older_goes_with_its_steps_but_for_the_newest(bill: Invoice) -> None:
    runs = [run(bill) for _ in range(3)]
    forget()
    assert kept() == runs[2:]
    assert db.session.scalars(select(SyncStep.run_id)).all() == runs[2:]


def test_what_is_younger_stays(bill: Invoice) -> None:
    runs = [run(bill, at=at) for at in (OLD, BEFORE, NOW)]
    forget()
    assert kept() == runs[1:]


@pytest.mark.parametrize("state", ["queued", "running", "retrying"])
def test_what_is_under_way_stays(bill: Invoice, state: str) -> None:
    runs = [run(bill, state=state), run(bill)]
    forget()
    assert kept() == runs


def test_a_step_that_is_not_settled_keeps_its_run(bill: Invoice) -> None:
    runs = [run(bill, outcome=None), run(bill)]
    forget()
    assert kept() == runs


def test_an_invoice_that_is_parked_keeps_all_of_its_runs(bill: Invoice) -> None:
    runs = [run(bill), run(bill)]
    with transaction():
        put_on_hold(bill, "differs", "It differs.", now=NOW)
    forget()
    assert kept() == runs


def test_an_invoice_that_is_not_issued_keeps_all_of_its_runs() -> None:
    with transaction():
        bill = bill_of(make_organization())
    runs = [run(bill), run(bill)]
    forget()
    assert kept() == runs


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_in_slices_of_any_size_the_same_stays(bill: Invoice, most: int) -> None:
    runs = [run(bill, outcome=outcome) for outcome in ("done", None, "done", "done", "refused")]
    forget(most)
    assert kept() == [runs[1], runs[4]]


def test_what_was_removed_when_it_was_broken_off_stays_removed(bill: Invoice) -> None:
    runs = [run(bill) for _ in range(4)]
    with transaction():
        place = forget_runs(0, before=BEFORE, most=2)
    forget_runs(place or 0, before=BEFORE, most=2)
    rollback()
    assert kept() == runs[2:]
    forget()
    assert kept() == runs[3:]
