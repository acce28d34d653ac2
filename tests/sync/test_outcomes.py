"""Every fault at every operation ends as the table in docs/faults.md says."""

import time
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import select

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.extensions import db
from dashboard.sync.models import SyncRun, SyncStep
from tests.support.environment import ROOT
from tests.support.operations import OPERATIONS
from tests.support.outcomes import FAULTS, Case
from tests.support.syncing import Syncer

TABLE = ROOT / "docs" / "faults.md"
NOT_POSSIBLE = "–"
ROUNDS = 6


def rows() -> Iterator[list[str]]:
    """Yield the cells of the table's rows, the header first."""
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(OPERATIONS) + 1 and not set(cells[0]) <= {"-", " "}:
            yield cells


def cases() -> Iterator[tuple[str, str, str]]:
    """Yield fault, operation and expected outcome of each cell that can happen."""
    header, *body = rows()
    for fault, *outcomes in body:
        for operation, outcome in zip(header[1:], outcomes, strict=True):
            if outcome != NOT_POSSIBLE:
                yield fault, operation, outcome


def test_the_table_has_every_fault_and_every_operation() -> None:
    header, *body = rows()
    assert header[1:] == list(OPERATIONS)
    assert [row[0] for row in body] == list(FAULTS)


@pytest.mark.parametrize(("fault", "operation", "outcome"), list(cases()))
def test_a_fault_at_an_operation_ends_as_the_table_says(
    bill: Invoice, syncer: Syncer, fault: str, operation: str, outcome: str
) -> None:
    case = Case(bill, syncer, OPERATIONS[operation])
    case.trigger = case.operation.prepare(bill, syncer)
    before = db.session.scalar(select(SyncStep.id).order_by(SyncStep.id.desc()).limit(1)) or 0
    draft = bill.stripe_invoice_id
    syncer.operations()
    run = bring_to_its_end(case, FAULTS[fault](case))
    assert seen(case, run, before, draft) == outcome
    assert_agreement(case)


def bring_to_its_end(case: Case, run: SyncRun) -> SyncRun:
    """Carry the run out again while it is to be retried; wait for what still runs at Stripe."""
    for _ in range(ROUNDS):
        if run.state != "retrying":
            break
        time.sleep(0.2 if case.syncer.simulator.get("holds") else 0)
        run = case.syncer.carry_out(run)
    db.session.refresh(case.bill)
    return run


def seen(case: Case, run: SyncRun, before: int, draft: str | None) -> str:
    """Return what became of the operation, in the table's words."""
    if case.bill.parked_at is not None:
        return f"on hold: {case.bill.parked_code}"
    if run.state != "succeeded":
        return f"{run.state}: {run.error_code}"
    query = select(SyncStep).where(SyncStep.operation == case.operation.step, SyncStep.id > before)
    steps = db.session.scalars(query.order_by(SyncStep.id)).all()
    if draft is not None and case.bill.stripe_invoice_id not in (draft, None):
        return "draft created again"
    if not steps:
        return "not needed"
    if case.bill.status in FINALIZED and (case.trigger != "final" or steps[0].outcome == "refused"):
        return "taken over"
    return words(case, steps)


def words(case: Case, steps: Sequence[SyncStep]) -> str:
    """Return how the first of the operation's steps ended, and whether another followed."""
    first = steps[0]
    # A deletion has no key: it is known by its method.
    own = (
        [first.idempotency_key, None]
        if case.operation.method == "DELETE"
        else [first.idempotency_key]
    )
    calls = [
        call for call in case.syncer.simulator.calls() if call["method"] == case.operation.method
    ]
    sent = sum(call["idempotency_key"] in own for call in calls)
    how = {"done": "sent again" if sent > 1 else "sent once", "read_back": "read back"}
    said = how.get(str(first.outcome), "refused")
    if said == "refused" and case.bill.organization.stripe_customer_id is None:
        return "refused, forgotten"
    if len(steps) > 1:
        return f"{said}, sent under a new key"
    return "refused, lines read" if said == "refused" else said


def assert_agreement(case: Case) -> None:
    """Whatever happened: nothing is billed twice, and what is not on hold equals the ledger."""
    assert case.syncer.simulator.get("audit")["ok"]
    bill = case.bill
    if bill.parked_at is None and bill.stripe_invoice_id is not None:
        # What is not ours on a subscription's invoice bears no key.
        lines = case.syncer.lines(bill)
        assert sum(cents for key, cents in lines.items() if key) == bill.total_cents
