"""Events are processed many at a time, each with its own result, and none in another's way."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.installation import this_installation
from dashboard.sync.models import SyncRun, SyncStep
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.echoes import ECHO
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.inbox import claim, due_events, waits_for_a_batch
from tests.support.events import event
from tests.support.lives import (
    CENTS,
    START,
    arrive,
    drain_once,
    events,
    life,
    payment,
    sealed_bill,
    shown,
)
from tests.support.queries import count_queries

STATEMENTS = 16


def outcomes() -> list[tuple[str, str | None]]:
    """Return state and sentence of each event, oldest first."""
    return [(one.state, one.result) for one in events()]


@pytest.mark.parametrize("second", [{}, {"created": START}])
def test_a_bill_is_finalized_and_paid_by_one_batch(db: SQLAlchemy, second: dict[str, int]) -> None:
    """In the order in which it happened, also when all of that was in one second."""
    bill = sealed_bill()
    arrive([one | second for one in reversed(life("acme"))])
    drained = drain_once()
    assert (drained.taken, drained.waiting, drained.alone, drained.runs) == (3, [], [], [])
    assert (bill.status, bill.amount_paid_cents, bill.amount_remaining_cents) == ("paid", CENTS, 0)
    [kept] = db.session.scalars(select(InvoicePayment))
    assert (kept.invoice_id, kept.paid_by, kept.is_paid) == (bill.id, "pi_acme", True)
    assert outcomes() == [
        ("processed", "The invoice went from open to paid."),
        ("processed", "The payment of the invoice was recorded."),
        ("processed", "The invoice went from sealed to open."),
    ]
    for one in events():
        assert (one.attempts, one.error, one.next_attempt_at) == (1, None, None)
        assert one.handled_at is not None
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.action, one.facts["from"], one.subject_id) for one in entries] == [
        ("invoice.open", "sealed", bill.id),
        ("invoice.paid", "open", bill.id),
    ]


@pytest.mark.parametrize(
    ("outcome", "ends_as"), [("done", ("ignored", ECHO)), (None, ("processed", None))]
)
def test_our_own_finalization_is_ended_once_its_reply_is_recorded(
    db: SQLAlchemy, outcome: str | None, ends_as: tuple[str, str | None]
) -> None:
    bill = sealed_bill()
    with transaction():
        run = request_sync(bill, Request("final"), now=utc_now())
        step = SyncStep(
            organization_id=bill.organization_id, run_id=run.id, invoice_id=bill.id, position=1,
            operation="finalize", body={}, idempotency_key="ours", fence=1, sent_at=utc_now(),
        )  # fmt: skip
        db.session.add(step)
    arrive([event("invoice.finalized", shown("acme", "open"), key="ours")])
    with transaction():
        step.outcome = outcome
    drained = drain_once()
    assert (drained.taken, drained.done) == (1, 1)
    [(state, result)] = outcomes()
    assert (state, result if outcome else None) == ends_as


def test_a_batch_takes_as_many_statements_for_many_bills_as_for_few(db: SQLAlchemy) -> None:
    this_installation()
    counts = []
    for bills in (2, 20):
        slugs = [f"bill-{bills}-{number}" for number in range(bills)]
        for slug in slugs:
            sealed_bill(slug)
        arrive([one for slug in slugs for one in life(slug)])
        with count_queries(db.engine) as queries:
            assert drain_once().done == 3 * bills
        counts.append(queries.count)
    assert counts[0] == counts[1] <= STATEMENTS
    paid = select(func.count()).where(Invoice.status == "paid", Invoice.amount_paid_cents == CENTS)
    assert db.session.scalar(paid) == 22


def test_a_bad_event_and_one_that_needs_a_reading_go_alone_and_hold_up_nobody(
    db: SQLAlchemy,
) -> None:
    good, other = sealed_bill("good"), sealed_bill("other")
    broken = event("invoice.paid", {"id": "in_good"})
    void = event("invoice.voided", shown("other", "void"))
    refund = {"object": "refund", "id": "re_1", "payment_intent": "pi_good", "amount": 1}
    refund |= {"status": "succeeded", "created": 1}
    ids = arrive([broken, *life("good"), void, event("refund.created", refund), *life("other")])
    drained = drain_once()
    assert sorted(drained.alone) == [ids[0], ids[4], ids[5]]
    assert (good.status, other.status) == ("paid", "paid")
    apart = [(one.state, one.attempts, one.id in drained.alone) for one in events()]
    assert sorted(set(apart)) == [("processed", 1, False), ("received", 0, True)]
    # No batch takes them again: each is claimed, and counted, by itself.
    assert drain_once().taken == 0
    assert not waits_for_a_batch(now=utc_now())
    assert due_events(now=utc_now(), most=9)[1] == sorted(drained.alone)
    with transaction():
        taken = claim(ids[0], now=utc_now())
        assert taken is not None
        assert taken.attempts == 1


def test_a_handler_that_fails_in_a_batch_leaves_nothing_of_what_it_did(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill, other = sealed_bill("bad"), sealed_bill("good")

    def handler(delivery: Delivery) -> Handled:
        assert delivery.held is not None
        found = delivery.held.called("in_bad")
        assert found is not None
        found.number = "changed"
        database.session.flush()
        raise KeyError("it")

    monkeypatch.setitem(HANDLERS, "invoice.overpaid", handler)  # type: ignore[arg-type]  # a dict in fact
    ids = arrive([event("invoice.overpaid", shown("bad")), *life("good")])
    assert drain_once().alone == [ids[0]]
    assert (bill.status, bill.number, other.status) == ("sealed", None, "paid")


def test_where_every_try_fails_at_another_event_all_go_by_themselves(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def handler(delivery: Delivery) -> Handled:
        if any(delivery.held is one for one in tries):
            return Handled("It went along.")
        # The first of each try: the next one is without it, and fails at another.
        tries.append(delivery.held)
        raise KeyError("it")

    monkeypatch.setitem(HANDLERS, "invoice.overpaid", handler)  # type: ignore[arg-type]  # a dict in fact
    ids = arrive([event("invoice.overpaid", shown("bad")) for _ in range(9)])
    assert sorted(drain_once().alone) == ids
    assert {(one.state, one.attempts) for one in events()} == {("received", 0)}


def test_what_the_database_refuses_sends_each_of_them_by_itself(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill, other = sealed_bill("bad"), sealed_bill("good")
    long = "N" * 41

    def handler(delivery: Delivery) -> Handled:
        found = delivery.held and delivery.held.called("in_bad")
        assert found
        found.number = long
        return Handled("It is too long for its column.")

    monkeypatch.setitem(HANDLERS, "invoice.overpaid", handler)  # type: ignore[arg-type]  # a dict in fact
    ids = arrive([event("invoice.overpaid", shown("bad")), *life("good")])
    assert sorted(drain_once().alone) == ids
    assert (bill.number, other.status) == (None, "sealed")
    assert {(one.state, one.attempts) for one in events()} == {("received", 0)}


def test_a_stranger_is_ignored_and_one_who_claims_to_be_ours_is_looked_up(db: SQLAlchemy) -> None:
    bill = sealed_bill()
    with transaction():
        bill.stripe_invoice_id = None
    claims = {"metadata": {"invoice": str(bill.id)}}
    strange = {"metadata": {"dashboard_installation": "another", "dashboard_invoice": str(bill.id)}}
    ids = arrive(
        [event("invoice.paid", shown("acme", "paid") | one) for one in ({}, strange, claims)]
    )
    assert drain_once().alone == [ids[2]]
    assert [one.state for one in events()] == ["ignored", "ignored", "received"]


def test_the_same_payment_told_twice_is_kept_once(db: SQLAlchemy) -> None:
    sealed_bill()
    arrive([event("invoice_payment.paid", payment("acme")) for _ in range(2)])
    assert drain_once().done == 2
    assert db.session.scalar(select(func.count()).select_from(InvoicePayment)) == 1


def test_cards_of_customers_go_along(db: SQLAlchemy) -> None:
    bill = sealed_bill()
    card = {"object": "payment_method", "id": "pm_1", "customer": "cus_acme"}
    card |= {"card": {"brand": "visa", "last4": "4242"}}
    gone = event("payment_method.detached", card | {"customer": None})
    gone["data"]["previous_attributes"] = {"customer": "cus_acme"}
    arrive([event("payment_method.attached", card), *life("acme")])
    assert drain_once().done == 4
    organization = bill.organization
    assert (organization.payment_method or {}).get("last4") == "4242"
    arrive([gone])
    assert drain_once().done == 1
    db.session.refresh(organization)
    assert organization.payment_method is None


def test_a_deleted_customer_and_what_was_told_of_it_before_take_two_looks(db: SQLAlchemy) -> None:
    bill = sealed_bill()
    card = {"object": "payment_method", "id": "pm_1", "customer": "cus_acme", "card": {}}
    deleted = event("customer.deleted", {"object": "customer", "id": "cus_acme"}, created=1)
    ids = arrive([deleted, event("payment_method.updated", card, created=2)])
    assert drain_once().alone == ids[1:]
    assert bill.organization.stripe_customer_id is None


def test_a_run_that_waits_to_try_again_is_hastened_by_the_end_it_waited_for(
    db: SQLAlchemy,
) -> None:
    bill = sealed_bill()
    with transaction():
        run = request_sync(bill, Request("final", verify=True), now=utc_now())
        run.state, run.next_attempt_at = "retrying", utc_now()
    arrive(life("acme"))
    drain_once()
    db.session.refresh(run)
    assert (run.state, run.next_attempt_at) == ("retrying", None)


def test_a_bill_that_stripe_finalized_first_is_reconciled_by_a_run(db: SQLAlchemy) -> None:
    bill = sealed_bill(status="draft")
    arrive(life("acme")[:1])
    [run] = drain_once().runs
    assert (run.invoice_id, run.trigger, run.verify) == (bill.id, "event", True)
    assert bill.status == "draft"
    assert db.session.scalar(select(func.count()).select_from(SyncRun)) == 1


def test_an_empty_inbox_costs_one_look(db: SQLAlchemy) -> None:
    with count_queries(db.engine) as queries:
        assert drain_once().taken == 0
    assert queries.count == 1
