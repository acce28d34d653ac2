"""The clock finds what needs a person, and lets go what does not any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.audit.write import write_entry
from dashboard.billing.close import seal_now
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.void import open_case
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.needs.act import note, snooze, take
from dashboard.needs.found import Found
from dashboard.needs.models import Need
from dashboard.sync.models import AddedLine, SyncRun
from dashboard.transaction import transaction
from dashboard.webhooks.models import WebhookEvent
from tests.factories import SUPPORT, UserFactory
from tests.people import bill_of, make_bill
from tests.support.needs import look_now, sentences
from tests.support.queries import count_queries

NOW = utc_now()


@pytest.fixture
def bill(db: SQLAlchemy, redis: object) -> Invoice:
    """The current invoice of an organization."""
    return bill_of(make_bill("acme", name="Acme Freight"))


def hold(bill: Invoice) -> None:
    """Park it."""
    put_on_hold(bill, "differs", "The totals differ. Look.", now=NOW)


def issue(bill: Invoice, **facts: object) -> None:
    """Let it be issued, and not paid."""
    seal_now(bill, now=NOW)
    bill.status, bill.finalized_at, bill.amount_remaining_cents = "open", NOW, 2500
    for name, value in facts.items():
        setattr(bill, name, value)


def add_line(bill: Invoice, decision: str | None) -> AddedLine:
    """Note a line added at Stripe."""
    line = AddedLine(
        organization_id=bill.organization_id, invoice_id=bill.id, stripe_line_id="il_1",
        description="Workshop", amount_cents=-25000, found_at=NOW, decision=decision,
    )  # fmt: skip
    database.session.add(line)
    database.session.flush()
    return line


def fail(bill: Invoice) -> None:
    """Let its syncs fail."""
    bill.sync_failures = 6
    database.session.add(
        SyncRun(
            organization_id=bill.organization_id, invoice_id=bill.id, trigger="scheduled",
            state="failed", actor_kind="system", actor_label="System", created_at=NOW,
            error="Stripe says the customer was deleted.",
        )
    )  # fmt: skip


def void(bill: Invoice) -> None:
    """Let it be voided at Stripe."""
    seal_now(bill, now=NOW)
    bill.status = "void"
    open_case(bill, now=NOW)


def refuse_a_note(bill: Invoice) -> None:
    """Let Stripe refuse a credit note of it."""
    database.session.add(
        CreditNote(
            organization_id=bill.organization_id, invoice_id=bill.id, state="refused",
            amount_cents=300, refund_cents=0, balance_cents=0, outside_cents=0, memo="",
            reason="Asked", idempotency_key="n", actor_kind="system", actor_label="System",
            created_at=NOW, ended_at=NOW, error="A payment is in progress.",
        )
    )  # fmt: skip


def give_up(bill: Invoice) -> None:
    """Let an event about it be given up."""
    bill.stripe_invoice_id = "in_1"
    database.session.add(
        WebhookEvent(
            stripe_event_id="evt_1", type="invoice.paid", object_id="in_1", payload={},
            created_at=NOW, received_at=NOW, state="dead", attempts=8, error="It is odd.",
        )
    )  # fmt: skip


def test_a_dead_event_about_a_customer_names_whose_it_is(bill: Invoice) -> None:
    with transaction():
        bill.organization.stripe_customer_id = "cus_acme"
        database.session.add(
            WebhookEvent(
                stripe_event_id="evt_2", type="customer.updated", object_id="cus_acme",
                about="cus_acme", payload={}, created_at=NOW, received_at=NOW, state="dead",
                attempts=8,
            )
        )  # fmt: skip
    look_now()
    [need] = database.session.scalars(select(Need)).all()
    assert need.organization_id == bill.organization_id


DUE = NOW - timedelta(days=2)
CASES = {
    "On hold: The totals differ.": hold,
    f"Past due: Due {DUE:%-d %b} and not paid.": lambda bill: issue(bill, due_at=DUE),
    "Declined: No funds. Stripe has not announced another attempt.": lambda bill: issue(
        bill, payment_failure="No funds."
    ),
    "Failing: Stripe says the customer was deleted. 6 syncs failed.": fail,
    "Differs: A line we did not send: “Workshop”.": lambda bill: add_line(bill, None),
    "Line left: A line added at Stripe was left there. The invoice is on hold until it goes.": (
        lambda bill: add_line(bill, "leave")
    ),
    "Void: Invoice 1 is void and billed nothing. Bill it again, or write it off.": void,
    "Credit note: Stripe refused a credit note of invoice 1: A payment is in progress.": (
        refuse_a_note
    ),
    "Dead event: invoice.paid failed 8 times: It is odd.": give_up,
}


@pytest.mark.parametrize("sentence", CASES)
def test_each_kind_is_found_with_its_sentence(bill: Invoice, sentence: str) -> None:
    assert sentences() == []
    with transaction():
        CASES[sentence](bill)
    assert sentences() == [sentence]
    [need] = look_now()
    assert need.organization_id == bill.organization_id
    assert need.currency == "usd"


@pytest.mark.parametrize(
    ("make", "stake"),
    [
        (hold, None),
        (lambda bill: issue(bill, payment_failure="No."), 2500),
        (lambda bill: add_line(bill, None), 25000),
    ],
)
def test_what_is_at_stake_is_never_below_zero(
    bill: Invoice, make: Callable[[Invoice], None], stake: int | None
) -> None:
    with transaction():
        make(bill)
        total = bill.total_cents
    [need] = look_now()
    assert need.stake_cents == (total if stake is None else stake)


def test_what_is_settled_leaves_by_itself_and_is_kept(bill: Invoice) -> None:
    with transaction():
        hold(bill)
    [need] = look_now()
    with transaction():
        bill.parked_at = bill.parked_code = bill.parked_reason = None
    assert look_now() == []
    database.session.refresh(need)
    assert need.settled_at is not None
    assert need.settled_by is None


def test_who_settled_it_is_known_by_what_they_did_since_it_was_found(bill: Invoice) -> None:
    with transaction():
        write_entry("foreign_line.decided", bill, SUPPORT, now=NOW - timedelta(days=1))
        line = add_line(bill, None)
    [need] = look_now(now=NOW)
    with transaction():
        line.decision = "take_ours"
        write_entry("foreign_line.decided", bill, SUPPORT, now=NOW + timedelta(seconds=1))
    assert look_now(now=NOW + timedelta(seconds=2)) == []
    database.session.refresh(need)
    assert need.settled_by == SUPPORT.label


def test_what_happened_before_it_was_found_settled_nothing(bill: Invoice) -> None:
    with transaction():
        write_entry("foreign_line.decided", bill, SUPPORT, now=NOW - timedelta(days=1))
        line = add_line(bill, None)
    [need] = look_now(now=NOW)
    with transaction():
        database.session.delete(line)
    look_now(now=NOW + timedelta(seconds=2))
    database.session.refresh(need)
    assert (need.settled_at is not None, need.settled_by) == (True, None)


def test_what_comes_again_is_something_new(bill: Invoice) -> None:
    for _ in range(2):
        with transaction():
            hold(bill)
        assert len(look_now()) == 1
        with transaction():
            bill.parked_at = bill.parked_code = bill.parked_reason = None
        look_now()
    assert len(database.session.scalars(select(Need)).all()) == 2


def test_what_people_said_stays_while_the_reason_changes(bill: Invoice) -> None:
    with transaction():
        hold(bill)
        agent = UserFactory(role="support", email="support@example.com")
    [need] = look_now()
    with transaction():
        actor = SUPPORT.__class__("user", agent.id, agent.email)
        take(need, seen=None, actor=actor, now=NOW)
        note(need, "Waits for the bank", actor=actor, now=NOW)
        snooze(need, NOW + timedelta(hours=1), actor=actor, now=NOW)
        bill.parked_reason = "Another reason."
    [need] = look_now(now=NOW + timedelta(minutes=1))
    assert (need.owner_id, need.note) == (agent.id, "Waits for the bank")
    assert need.facts["reason"] == "Another reason."
    assert need.snoozed_until == NOW + timedelta(hours=1)


def test_what_was_put_off_is_back_when_its_time_has_come(bill: Invoice) -> None:
    with transaction():
        hold(bill)
    [need] = look_now(now=NOW)
    with transaction():
        snooze(need, NOW + timedelta(hours=1), actor=SUPPORT, now=NOW)
    [need] = look_now(now=NOW + timedelta(minutes=59))
    assert need.snoozed_until is not None
    [need] = look_now(now=NOW + timedelta(minutes=61))
    assert need.snoozed_until is None


def test_what_nobody_can_tell_stays_and_keeps_since_when_it_is_so(
    db: SQLAlchemy, redis: object
) -> None:
    workers = Found("workers", None, {"why": "No worker is running."})
    [need] = look_now(now=NOW, told={"late": [workers]})
    assert need.since == NOW
    later = NOW + timedelta(minutes=5)
    assert look_now(now=later, told={"late": None}) == [need]
    [need] = look_now(now=later, told={"late": [workers]})
    assert (need.since, need.changed_at) == (NOW, NOW)
    assert look_now(now=later, told={"late": []}) == []


def test_a_look_is_as_many_statements_whatever_there_is(bill: Invoice) -> None:
    with count_queries(database.engine) as none:
        look_now()
    with transaction():
        for number in range(3):
            hold(bill_of(make_bill(f"more-{number}")))
    look_now()
    with count_queries(database.engine) as some:
        look_now()
    assert some.count == none.count


def test_a_refused_note_is_settled_by_the_next_and_forgotten_in_a_week(bill: Invoice) -> None:
    with transaction():
        refuse_a_note(bill)
    assert [one.kind for one in look_now(now=NOW)] == ["credit_note"]
    assert look_now(now=NOW + timedelta(days=8)) == []
    assert [one.kind for one in look_now(now=NOW)] == ["credit_note"]
    with transaction():
        refused = database.session.scalars(select(CreditNote)).one()
        again = {
            column.name: getattr(refused, column.name)
            for column in CreditNote.__table__.columns
            if column.name != "id"
        }
        again |= {"idempotency_key": "again", "state": "planned", "ended_at": None, "error": None}
        database.session.add(CreditNote(**again))
    assert look_now(now=NOW) == []
    assert [one.kind for one in look_now(now=NOW + timedelta(minutes=16))] == ["credit_note"]


def test_a_dispute_needs_a_person_until_the_bank_has_its_answer(bill: Invoice) -> None:
    by = NOW + timedelta(days=5)
    with transaction():
        issue(bill, status="paid", paid_at=NOW, disputed_cents=2500, dispute_answer_by_at=by)
    look_now()
    [said] = sentences()
    assert said.startswith("Disputed: The bank asks the payment of invoice 1 back. Answer at")
    with transaction():
        bill.dispute_answer_by_at = None
    look_now()
    assert sentences() == []
