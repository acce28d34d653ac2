"""What becomes of an issued bill at Stripe is noticed, kept and shown, and changes no total."""

from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.billing.notes import corrections_of
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.support.events import event
from tests.support.inbox import deliver
from tests.support.money import client_of, happened, pay, tell
from tests.support.paid_elsewhere import other_bill_paid_by
from tests.support.syncing import Syncer


def reads(syncer: Syncer) -> list[str]:
    """Return the reads since the log was emptied, without those of the event list."""
    calls = syncer.operations()
    return [call for call in calls if call.startswith("GET") and "/events" not in call]


def test_a_credit_note_lowers_what_is_due(open_bill: Invoice, syncer: Syncer) -> None:
    notes = client_of(syncer).credit_notes
    note = notes.create({"invoice": str(open_bill.stripe_invoice_id), "amount": 500})
    tell(syncer, happened(syncer))
    assert (open_bill.amount_due_cents, open_bill.amount_remaining_cents) == (3500, 3500)
    assert open_bill.pre_payment_credit_notes_cents == 500
    assert (open_bill.total_cents, open_bill.stripe_total_cents) == (4000, 4000)
    [kept] = corrections_of(open_bill)
    assert (kept.stripe_id, kept.number, kept.status) == (note.id, note.number, "issued")


def test_a_credit_note_is_noticed_though_no_event_of_the_invoice_comes(
    open_bill: Invoice, syncer: Syncer
) -> None:
    notes = client_of(syncer).credit_notes
    notes.create({"invoice": str(open_bill.stripe_invoice_id), "amount": 500})
    tell(syncer, [one for one in happened(syncer) if one["type"] == "credit_note.created"])
    assert open_bill.amount_due_cents == 3500


def test_a_voided_credit_note_is_due_again(open_bill: Invoice, syncer: Syncer) -> None:
    notes = client_of(syncer).credit_notes
    note = notes.create({"invoice": str(open_bill.stripe_invoice_id), "amount": 500})
    notes.void_credit_note(note.id)
    tell(syncer, reversed(happened(syncer)))
    assert (open_bill.amount_due_cents, open_bill.pre_payment_credit_notes_cents) == (4000, 0)
    assert [kept.status for kept in corrections_of(open_bill)] == ["void"]


def test_a_refund_is_noticed_without_a_read(open_bill: Invoice, syncer: Syncer) -> None:
    intent = pay(syncer, open_bill)
    client_of(syncer).refunds.create({"payment_intent": intent, "amount": 1200})
    told = happened(syncer)
    syncer.operations()
    tell(syncer, told)
    assert (open_bill.status, open_bill.refunded_cents, reads(syncer)) == ("paid", 1200, [])
    entry = db.session.scalars(select(AuditEntry).filter_by(action="refund.told")).one()
    assert entry.facts["amount_cents"] == 1200


def test_the_refund_of_a_payment_never_seen_is_led_to_its_invoice(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    with transaction():
        db.session.query(InvoicePayment).delete()
    client_of(syncer).refunds.create({"payment_intent": intent, "amount": 1200})
    told = [one for one in happened(syncer) if one["type"] == "refund.created"]
    syncer.operations()
    tell(syncer, told)
    assert (open_bill.refunded_cents, reads(syncer)) == (1200, ["GET GET /v1/invoice_payments"])


def test_a_refund_of_somebody_elses_payment_is_nothing_of_ours(
    open_bill: Invoice, syncer: Syncer
) -> None:
    refund = {"object": "refund", "id": "re_1", "amount": 5, "created": 1_900_000_000}
    stranger = refund | {"payment_intent": "pi_somebody", "status": "succeeded"}
    done = deliver(syncer, event("refund.created", stranger))
    assert (done.state, open_bill.refunded_cents) == ("ignored", 0)


def test_a_refund_that_failed_is_not_counted(open_bill: Invoice, syncer: Syncer) -> None:
    intent = pay(syncer, open_bill)
    refund = client_of(syncer).refunds.create({"payment_intent": intent, "amount": 1200})
    syncer.simulator.post(f"refunds/{refund.id}/fail")
    tell(syncer, reversed(happened(syncer)))
    assert open_bill.refunded_cents == 0
    assert [kept.status for kept in corrections_of(open_bill)] == ["failed"]


def test_a_dispute_is_noticed_with_the_time_for_an_answer(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    opened = syncer.simulator.post("disputes", payment_intent=intent)
    tell(syncer, happened(syncer))
    assert (open_bill.status, open_bill.disputed_cents) == ("paid", 4000)
    assert open_bill.dispute_status == "needs_response"
    due_by = opened["evidence_details"]["due_by"]
    assert open_bill.dispute_answer_by_at is not None
    assert int(open_bill.dispute_answer_by_at.timestamp()) == due_by


def test_a_dispute_that_is_won_is_over_and_can_be_appealed(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    dispute = syncer.simulator.post("disputes", payment_intent=intent)
    syncer.simulator.advance(60)
    syncer.simulator.post(f"disputes/{dispute['id']}", status="lost")
    tell(syncer, reversed(happened(syncer)))
    assert (open_bill.dispute_status, open_bill.disputed_cents) == ("lost", 0)
    assert open_bill.charged_back_cents == 4000
    syncer.simulator.advance(60)
    syncer.simulator.post(f"disputes/{dispute['id']}", status="appeal_under_review")
    tell(syncer, happened(syncer)[-1:])
    assert (open_bill.dispute_status, open_bill.disputed_cents) == ("appeal_under_review", 4000)
    assert open_bill.charged_back_cents == 0


def test_of_two_states_of_a_dispute_in_one_second_it_is_read(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    dispute = syncer.simulator.post("disputes", payment_intent=intent)
    syncer.simulator.post(f"disputes/{dispute['id']}", status="won")
    told = happened(syncer)
    for body in told:
        body["created"] = 1_900_000_000
    tell(syncer, reversed(told))
    assert (open_bill.dispute_status, open_bill.disputed_cents) == ("won", 0)


def test_what_was_paid_by_other_means_is_told_apart(open_bill: Invoice, syncer: Syncer) -> None:
    stripe_id = str(open_bill.stripe_invoice_id)
    syncer.simulator.post(f"invoices/{stripe_id}/paid-elsewhere", amount=1500)
    tell(syncer, happened(syncer))
    assert (open_bill.status, open_bill.amount_remaining_cents) == ("open", 2500)
    assert (open_bill.amount_paid_cents, open_bill.paid_off_stripe_cents) == (1500, 1500)
    client_of(syncer).invoices.pay(stripe_id, {"paid_out_of_band": True})
    tell(syncer, happened(syncer))
    assert (open_bill.status, open_bill.paid_off_stripe_cents) == ("paid", 4000)


def test_a_payment_taken_off_a_paid_invoice_holds_it_for_a_person(
    open_bill: Invoice, syncer: Syncer
) -> None:
    pay(syncer, open_bill)
    syncer.simulator.advance(60)
    syncer.simulator.post(f"invoices/{open_bill.stripe_invoice_id}/detach-payment")
    tell(syncer, happened(syncer))
    assert (open_bill.status, open_bill.parked_code) == ("paid", "status_went_back")
    assert open_bill.amount_remaining_cents == 4000


def test_a_refund_of_a_payment_of_two_invoices_waits_for_a_person(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    tell(syncer, happened(syncer))
    other = other_bill_paid_by(open_bill, intent)
    client_of(syncer).refunds.create({"payment_intent": intent, "amount": 1200})
    tell(syncer, [one for one in happened(syncer) if one["type"] == "refund.created"])
    assert open_bill.parked_code == other.parked_code == "money_back_of_several"
    assert (open_bill.refunded_cents, other.refunded_cents) == (0, 0)
